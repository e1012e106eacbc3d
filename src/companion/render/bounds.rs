//! How much and how long: what the listener and its route agree on.
use super::hop;
use crate::exchange::StreamBuffer;
use crate::policy::Policy;

/// Longer than any silence that the rest allows, in milliseconds.
const GRACE_MS: u64 = 30_000;

/// The bytes that one stream may hold, either way.
pub(super) fn buffer(policy: &Policy) -> u64 {
    StreamBuffer::rendered(policy.limits()).bytes()
}

/// What an app may have to wait without a byte: every attempt silent to its end. Where a request
/// may have other chains, a model of one of these may come on top of those of its own.
pub(super) fn longest_silence(policy: &Policy) -> u64 {
    let resilience = policy.resilience();
    let others = policy.routes().iter().any(|route| policy.chains_differ(route));
    hop::silence(policy)
        .saturating_mul(u64::from(resilience.attempts).saturating_add(others.into()))
        .saturating_add(GRACE_MS)
}
