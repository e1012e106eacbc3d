//! What is to stand in for answers and never can.
use super::super::{Fallback, Policy};

/// Doubts about `resilience.fallback`.
pub(super) fn of_fallback(policy: &Policy, doubts: &mut Vec<String>) {
    let is_stale = |own: &Fallback| *own == Fallback::StaleCache;
    let Some(at) = policy.fallback().iter().position(is_stale) else { return };
    if policy.cache().is_none_or(|cache| cache.stale_for_ms == 0) {
        doubts.push(format!(
            "resilience.fallback[{at}]: no answer is kept for that: the policy has no \
             `cache.stale_for`"
        ));
    }
}
