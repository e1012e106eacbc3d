//! Step `account`: a model whose provider has accounts is asked at each of them, in their order.
//!
//! It comes last: what fits a model, what it is sent and what it costs is the same at all of them,
//! and decided once. Which of them are left alone has been said before (`breaker.rs`).
use std::rc::Rc;

use super::{Candidate, Decision, Leg, Request, Step};
use crate::dialect::Fault;

const NAME: &str = "account";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(_: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let quote = &mut decision.quote;
    core::iter::once(&mut quote.primary).chain(&mut quote.near_limit).for_each(expand);
    Ok(())
}

fn expand(candidate: &mut Candidate) {
    if candidate.legs.iter().all(|leg| leg.accounts.is_empty()) {
        return;
    }
    let mut legs = Vec::with_capacity(candidate.attempts());
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
