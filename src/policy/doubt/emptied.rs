//! Chains of which nothing is left once their models are retired.
use std::rc::Rc;

use super::super::{Model, Policy};
use super::reach;
use crate::credit::Moment;

/// Doubts about chains whose last model is retired with nothing in its place: from when on, and
/// which requests are refused then. `now` is in seconds since 1970.
pub(super) fn of_chains(policy: &Policy, now: u64, doubts: &mut Vec<String>) {
    let now = Moment::of_millis(now.saturating_mul(1_000));
    let stays = |own: &Rc<Model>| own.retires.is_none();
    let stands_in = policy.fallback_chain().is_some_and(|own| own.models().any(stays));
    for (index, chain) in policy.chains.iter().enumerate() {
        let models = policy.chain_at(index).models();
        let gone: Option<Vec<(Moment, String)>> =
            models.map(|own| Some((own.retires.as_ref()?.after, day(own)?))).collect();
        let Some((last, day)) = gone.and_then(|gone| gone.into_iter().max()) else { continue };
        let mut models = policy.chain_at(index).models();
        if models.any(|own| policy.successor(own, last).is_some()) {
            continue;
        }
        let since = if last <= now { "since" } else { "from" };
        let on = if last <= now { "" } else { " on" };
        let routes = reach::routes(policy, index, |_| true);
        let refused = match routes.as_str() {
            "" => String::new(),
            routes if stands_in && policy.chain_at(index).cascade().is_none() => {
                format!(", and `resilience.fallback` serves {routes} alone")
            }
            routes => format!(", and requests for {routes} are refused"),
        };
        doubts.push(format!(
            "chains.{}: {since} {day}{on} no model of it is left{refused}: add one that stays, or \
             say what stands for the last one (`deprecated.replacement`)",
            chain.name
        ));
    }
}

fn day(model: &Model) -> Option<String> {
    model.retires.as_ref().map(|own| own.day())
}
