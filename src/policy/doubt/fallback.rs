//! What is to stand in for answers and never can.
use super::super::chain::Chain;
use super::super::{Fallback, Policy};

/// Doubts about `resilience.fallback`.
pub(super) fn of_fallback(policy: &Policy, doubts: &mut Vec<String>) {
    doubts.extend(policy.chains.iter().filter_map(|chain| never_follows(policy, chain)));
    let is_stale = |own: &Fallback| *own == Fallback::StaleCache;
    if let Some(at) = policy.fallback().iter().position(is_stale)
        && policy.cache().is_none_or(|cache| cache.stale_for_ms == 0)
    {
        doubts.push(format!(
            "resilience.fallback[{at}]: no answer is kept for that: the policy has no \
             `cache.stale_for`"
        ));
    }
    of_chain(policy, doubts);
}

/// Chains that leave no attempt for the models of the one that is to stand in.
fn of_chain(policy: &Policy, doubts: &mut Vec<String>) {
    let found = policy.fallback().iter().enumerate().find_map(|(at, own)| match own {
        Fallback::Chain(chain) => Some((at, policy.chains.get(*chain)?)),
        _ => None,
    });
    let Some((at, spare)) = found else { return };
    let most = policy.resilience().attempts;
    let is_full = |models: &[usize]| u32::try_from(models.len()).is_ok_and(|own| own >= most);
    for chain in policy.chains.iter().filter(|own| own.cascade.is_none() && is_full(&own.models)) {
        if spare.models.iter().any(|model| !chain.models.contains(model)) {
            doubts.push(format!(
                "resilience.fallback[{at}]: no model of `{}` is asked after those of `{}`, which \
                 has as many as `resilience.attempts`",
                spare.name, chain.name
            ));
        }
    }
}

/// That no model of the chain that stands in is ever asked after those of another one.
fn never_follows(policy: &Policy, chain: &Chain) -> Option<String> {
    let is_chain = |own: &Fallback| matches!(own, Fallback::Chain(_));
    let at = policy.fallback().iter().position(is_chain)?;
    let spare = policy.fallback_chain()?;
    let attempts = policy.resilience().attempts;
    let full = u32::try_from(chain.models.len()).is_ok_and(|models| models >= attempts);
    let own = |name: &str| {
        let mut models = chain.models.iter().filter_map(|index| policy.models.get(*index));
        models.any(|model| model.name == name)
    };
    let brings = spare.models().any(|model| !own(&model.name));
    (full && brings && chain.cascade.is_none() && chain.name != spare.name()).then(|| {
        format!(
            "resilience.fallback[{at}]: no model of `{}` is asked after those of `{}`, which has \
             as many as a request has attempts ({attempts}): raise `resilience.attempts`",
            spare.name(),
            chain.name
        )
    })
}
