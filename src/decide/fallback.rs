//! Step `fallback`: the models of another chain that are asked where all of the chain's own fail.
//!
//! It comes after the chain has its order, and before every step that passes over models: those of
//! the other chain are judged, written for and paid like any.
use std::borrow::Cow;

use super::{Candidate, Decision, Entry, Leg, Request, Step, Verdict, retire};
use crate::dialect::Fault;
use crate::policy::Model;

const NAME: &str = "fallback";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let policy = request.policy;
    let Some(chain) = policy.fallback_chain().filter(|_| request.may_have_spares()) else {
        return Ok(());
    };
    let most = usize::try_from(policy.resilience().attempts).unwrap_or(usize::MAX);
    let Decision { quote, trace, .. } = decision;
    for candidate in core::iter::once(&mut quote.primary).chain(&mut quote.near_limit) {
        // Of a cascade all but the last are judged: what stands in could not be.
        if candidate.cascade.is_some() {
            continue;
        }
        let before = candidate.legs.len();
        let own = |name: &str, of: &Candidate| of.legs.iter().any(|leg| leg.model.name == name);
        for model in chain.models().filter_map(|model| retire::standing(request, model)) {
            // One that has answered before, and is none of the chain's, comes on top.
            let room = most.saturating_sub(candidate.attempts(|leg| takes_room(request, leg)));
            if Model::asked(model).len() <= room && !own(&model.name, candidate) {
                candidate.legs.push(Leg { is_spare: true, ..Leg::of(model, policy) });
            }
        }
        if request.world.is_watched() && candidate.legs.len() > before {
            trace.add(Entry {
                step: NAME,
                chain: Some(candidate.chain.clone()),
                verdict: Verdict::Applied,
                subject: chain.name().to_owned(),
                reason: Cow::Borrowed("its models are asked where all others fail"),
            });
        }
    }
    // Those that are retired were left until these have come.
    if policy.retires_models() { retire::leave_out(request, decision) } else { Ok(()) }
}

/// Whether a leg is one of the attempts of its chain.
fn takes_room(request: &Request<'_>, leg: &Leg) -> bool {
    !leg.is_foreign && !retire::is_retired(request, &leg.model)
}
