//! Step `retire`: from its day on a model that its provider retires is asked no more, and its
//! replacement has its place. Until then the replacement stands behind it, where it has room.
use std::borrow::Cow;
use std::rc::Rc;

use super::{Candidate, Decision, Entry, Leg, Request, Step, Trace, Verdict};
use crate::credit::Moment;
use crate::dialect::{Fault, FaultKind};
use crate::policy::{Model, Retirement};

const NAME: &str = "retire";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    if !request.policy.retires_models() {
        return Ok(());
    }
    let now = now(request);
    let Decision { quote, trace, .. } = decision;
    for candidate in [Some(&mut quote.primary), quote.near_limit.as_mut()].into_iter().flatten() {
        replace(request, candidate, now, trace);
    }
    let legs = &decision.quote.primary.legs;
    let is_empty = legs.iter().all(|leg| retired(&leg.model, now).is_some());
    // What stands in may have models that are left: they come first.
    let waits = request.may_have_spares() && decision.quote.primary.cascade.is_none();
    if is_empty && waits {
        return Ok(());
    }
    leave_out(request, decision)
}

/// Leaves out what is retired without a replacement, or with one that stands in the chain anyway.
pub(super) fn leave_out(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let now = now(request);
    let left = decision.pass_over(request, NAME, |leg| {
        let own = retired(&leg.model, now)?;
        let instead = request.policy.successor(&leg.model, now);
        Some(Cow::Owned(reason(own, instead.map(|next| &*next.name))))
    });
    left.map_err(|message| Fault::new(FaultKind::ModelNotFound, message))
}

fn now(request: &Request<'_>) -> Moment {
    Moment::of_millis(request.world.unix_seconds().saturating_mul(1_000))
}

/// A model, or the one that stands for it where it is retired; `None` where none does.
pub(super) fn standing<'p>(request: &Request<'p>, model: &'p Rc<Model>) -> Option<&'p Rc<Model>> {
    if model.retires.is_none() {
        return Some(model);
    }
    let now = now(request);
    retired(model, now).map_or(Some(model), |_| request.policy.successor(model, now))
}

/// Whether its provider has retired a model.
pub(super) fn is_retired(request: &Request<'_>, model: &Model) -> bool {
    model.retires.is_some() && retired(model, now(request)).is_some()
}

/// When its provider has retired a model.
fn retired(model: &Model, now: Moment) -> Option<&Retirement> {
    model.retires.as_ref().filter(|own| own.after <= now)
}

fn reason(own: &Retirement, instead: Option<&str>) -> String {
    let day = own.day();
    instead.map_or_else(
        || format!("its provider has retired it on {day}"),
        |next| format!("its provider has retired it on {day}: `{next}` is asked instead"),
    )
}

/// Has replacements that stand later in a chain take the places of those that they stand for. In a
/// cascade each stays where it is: whose answers are judged is what the policy says.
fn move_up(request: &Request<'_>, candidate: &mut Candidate, now: Moment) {
    for place in 0..candidate.legs.len() {
        let own = candidate.legs.get(place).filter(|leg| retired(&leg.model, now).is_some());
        let next = own.and_then(|leg| request.policy.successor(&leg.model, now));
        let Some(next) = next else { continue };
        let mut legs = candidate.legs.iter();
        let later = legs.rposition(|leg| leg.model.name == next.name).filter(|at| *at > place);
        if let Some(legs) = later.and_then(|later| candidate.legs.get_mut(place..=later)) {
            legs.rotate_right(1);
        }
    }
}

/// Puts replacements into a chain where they do not stand in it yet.
fn replace(request: &Request<'_>, candidate: &mut Candidate, now: Moment, trace: &mut Trace) {
    let most = usize::try_from(request.policy.resilience().attempts).unwrap_or(usize::MAX);
    if candidate.cascade.is_none() {
        move_up(request, candidate, now);
    }
    let mut attempts = candidate.attempts(|_| true);
    let mut legs = Vec::with_capacity(candidate.legs.len());
    let mut names: Vec<String> = candidate.legs.iter().map(|leg| leg.model.name.clone()).collect();
    for leg in core::mem::take(&mut candidate.legs) {
        let next = request.policy.successor(&leg.model, now);
        let next = next.filter(|next| leg.model.retires.is_some() && !names.contains(&next.name));
        let Some(next) = next else {
            legs.push(leg);
            continue;
        };
        let entry = |verdict, subject: String, reason| Entry {
            step: NAME,
            chain: Some(candidate.chain.clone()),
            verdict,
            subject,
            reason: Cow::Owned(reason),
        };
        if let Some(own) = retired(&leg.model, now) {
            let said = reason(own, Some(&next.name));
            trace.add(entry(Verdict::Skipped, leg.model.name.clone(), said));
            candidate.renamed(&leg.model.name, next);
            let others = attempts.saturating_sub(leg.asked().len());
            let mut leg = Leg::of(next, request.policy);
            // What has no room among the attempts is left out, but for the first of its accounts.
            leg.accounts.truncate(most.saturating_sub(others).max(1));
            attempts = others.saturating_add(leg.asked().len());
            legs.push(leg);
        } else {
            // Whose answers are judged, and in which order, stays as the policy says.
            let more = attempts.saturating_add(Model::asked(next).len());
            let room = candidate.cascade.is_none() && more <= most;
            legs.push(leg);
            if !room {
                continue;
            }
            attempts = more;
            legs.push(Leg::of(next, request.policy));
        }
        names.push(next.name.clone());
    }
    candidate.legs = legs;
}
