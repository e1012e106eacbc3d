//! What is to stand in for answers and never can.
use super::super::chain::Chain;
use super::super::{Fallback, Model, Policy, shown};

/// Doubts about `resilience.fallback`.
pub(super) fn of_fallback(policy: &Policy, doubts: &mut Vec<String>) {
    doubts.extend(policy.chains.iter().filter_map(|chain| never_follows(policy, chain)));
    doubts.extend(policy.fallback().iter().enumerate().filter_map(|(at, own)| {
        let Fallback::Reply(text) = own else { return None };
        let (_, behind) = text.split_once("{{")?;
        let (name, _) = behind.split_once("}}")?;
        Some(format!(
            "resilience.fallback[{at}].reply: apps are told `{{{{{}}}}}` as it stands there: a \
             reply has no variables",
            shown(name)
        ))
    }));
    let is_stale = |own: &Fallback| *own == Fallback::StaleCache;
    if let Some(at) = policy.fallback().iter().position(is_stale)
        && policy.cache().is_none_or(|cache| cache.stale_for_ms == 0)
    {
        doubts.push(format!(
            "resilience.fallback[{at}]: no answer is kept for that: the policy has no \
             `cache.stale_for`"
        ));
    }
}

/// That no model of the chain that stands in is ever asked after those of another one.
fn never_follows(policy: &Policy, chain: &Chain) -> Option<String> {
    let is_chain = |own: &Fallback| matches!(own, Fallback::Chain(_));
    let at = policy.fallback().iter().position(is_chain)?;
    let spare = policy.fallback_chain()?;
    let attempts = policy.resilience().attempts;
    let models = || chain.models.iter().filter_map(|index| policy.models.get(*index));
    let asked = models().flat_map(Model::asked).count();
    let own = |name: &str| models().any(|model| model.name == name);
    let mut brings = spare.models().filter(|model| !own(&model.name)).peekable();
    let attempts = usize::try_from(attempts).unwrap_or(usize::MAX);
    let room = attempts.saturating_sub(asked);
    let full = brings.peek().is_some() && brings.all(|model| Model::asked(model).len() > room);
    (full && chain.cascade.is_none() && chain.name != spare.name()).then(|| {
        format!(
            "resilience.fallback[{at}]: no model of `{}` is asked after those of `{}`, which take \
             {asked} of a request's {attempts} attempts: raise `resilience.attempts`",
            spare.name(),
            chain.name
        )
    })
}
