//! Step `account`: a model whose provider has accounts is asked at each of them, in their order.
//!
//! It comes last: what fits a model, what it is sent and what it costs is the same at all of them,
//! and decided once. Which of them are left alone has been said before (`breaker.rs`).
use std::rc::Rc;

use super::{Candidate, Decision, Leg, Request, Step};
use crate::dialect::Fault;
use crate::policy::{Policy, parted};

const NAME: &str = "account";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(_: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    decision.quote.candidates_mut().for_each(by_account);
    Ok(())
}

/// Gives each account of a model a leg of its own.
pub(super) fn by_account(candidate: &mut Candidate) {
    if candidate.legs.iter().all(|leg| leg.accounts.is_empty()) {
        return;
    }
    let mut legs = Vec::with_capacity(candidate.attempts(|_| true));
    for mut leg in core::mem::take(&mut candidate.legs) {
        let accounts = core::mem::take(&mut leg.accounts);
        if accounts.is_empty() {
            legs.push(leg);
            continue;
        }
        legs.extend(accounts.iter().map(|model| Leg { model: Rc::clone(model), ..leg.clone() }));
    }
    candidate.legs = legs;
}

/// Makes one leg of those of a model's accounts that stand together.
pub(super) fn by_model(candidate: &mut Candidate, policy: &Policy) {
    if candidate.legs.iter().all(|leg| own(leg).1.is_none()) {
        return;
    }
    let mut legs: Vec<Leg> = Vec::with_capacity(candidate.legs.len());
    for mut leg in core::mem::take(&mut candidate.legs) {
        let (name, account) = own(&leg);
        let Some(model) = account.and_then(|_| policy.model(name)) else {
            legs.push(leg);
            continue;
        };
        let stands_with = |last: &&mut Leg| {
            last.model.name == model.name && last.is_last_resort == leg.is_last_resort
        };
        match legs.last_mut().filter(stands_with) {
            Some(last) => last.accounts.push(leg.model),
            None => {
                let account = core::mem::replace(&mut leg.model, Rc::clone(model));
                leg.accounts.push(account);
                legs.push(leg);
            }
        }
    }
    candidate.legs = legs;
}

/// How many legs at the end of a chain are of its last model.
pub(super) fn accounts_of_last(candidate: &Candidate) -> usize {
    let model = |leg| own(leg).0;
    let last = candidate.legs.last().map(model);
    candidate.legs.iter().rev().take_while(|leg| Some(model(leg)) == last).count()
}

/// Whether two legs are of one model.
pub(super) fn is_of_one(leg: &Leg, other: &Leg) -> bool {
    own(leg).0 == own(other).0
}

/// The names of a leg's model and account.
fn own(leg: &Leg) -> (&str, Option<&str>) {
    parted(&leg.model.name)
}
