//! Callers who require what no model of a chain has.
use std::rc::Rc;

use super::super::{Identity, Model, Policy, Route, Tenant, tag};
use super::reach;
use crate::credit::Moment;

/// Most callers that a doubt names.
const NAMED: usize = 3;

/// What no model of a chain has, and for whom.
#[derive(PartialEq, Eq)]
struct Lacking<'p> {
    chain: &'p str,
    missing: String,
    /// The requests that come to the chain, in words.
    routes: String,
}

/// Doubts about what callers require: requests that are refused whoever is well. `now` is in
/// seconds since 1970.
pub(super) fn of_callers(policy: &Policy, now: u64, doubts: &mut Vec<String>) {
    let now = Moment::of_millis(now.saturating_mul(1_000));
    let mut found: Vec<(Lacking<'_>, Vec<String>)> = Vec::new();
    for (who, caller) in policy.identity().iter().flat_map(Identity::rights) {
        for (index, chain) in policy.chains.iter().enumerate() {
            let Some(missing) = missing(caller, &models(policy, index, now)) else { continue };
            let asks = |route: &Route| route.names.iter().any(|name| caller.may_ask_for(name));
            let routes = reach::routes(policy, index, asks);
            if routes.is_empty() {
                continue;
            }
            let what = Lacking { chain: &chain.name, missing, routes };
            match found.iter_mut().find(|(own, _)| *own == what) {
                Some((_, all)) if all.contains(&who) => {}
                Some((_, all)) => all.push(who.clone()),
                None => found.push((what, vec![who.clone()])),
            }
        }
    }
    doubts.extend(found.into_iter().map(|(Lacking { chain, missing, routes }, who)| {
        let others = match who.len().saturating_sub(NAMED) {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        let who = who.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        format!(
            "chains.{chain}: no model of it has all that is required for {who}{others} \
             (`{missing}`), so each of their requests for {routes} is refused with 403: add a \
             model that has it, or say in `models` of these callers what they may ask for"
        )
    }));
}

/// What a caller requires and the first model lacks, where no model has all that is required.
fn missing(caller: &Tenant, models: &[Rc<Model>]) -> Option<String> {
    let (name, value) = caller.require.missing_in(&models.first()?.tags)?;
    let fits = models.iter().any(|own| caller.require.missing_in(&own.tags).is_none());
    (!fits).then(|| tag(name, value))
}

/// The models that may serve a request of a chain: its own, what stands for them, and those that
/// are asked where all of these fail.
fn models(policy: &Policy, chain: usize, now: Moment) -> Vec<Rc<Model>> {
    let view = policy.chain_at(chain);
    let mut found: Vec<Rc<Model>> = Vec::new();
    let mut add = |model: &Rc<Model>| {
        let is_gone = model.retires.as_ref().is_some_and(|own| own.after <= now);
        found.extend((!is_gone).then(|| Rc::clone(model)));
        found.extend(policy.successor(model, now).map(Rc::clone));
    };
    view.models().for_each(&mut add);
    let most = usize::try_from(policy.resilience().attempts).unwrap_or(usize::MAX);
    if view.cascade().is_none() && view.models().count() < most {
        policy.fallback_chain().into_iter().flat_map(|own| own.models()).for_each(&mut add);
    }
    found
}
