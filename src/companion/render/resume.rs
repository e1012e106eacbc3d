//! What the rest of an answer needs that broke in mid-stream: a listener within Envoy, which asks
//! other models for it, and the cluster that leads there. Nothing of it is there where the policy
//! resumes nothing.
use serde_json::Value;

use super::{Checked, Place, internal, listener};
use crate::exchange::{RESUME_CLUSTER, RESUME_LISTENER};
use crate::policy::Policy;

const METRICS: &str = "tradewind_resume";

/// The listener.
pub(super) fn listener(checked: Checked<'_>, place: &Place) -> Option<Value> {
    let own = || listener::within(checked, place, (RESUME_LISTENER, METRICS));
    checked.policy.resilience().resumes.then(own)
}

/// The cluster that leads there.
pub(super) fn cluster(policy: &Policy) -> Option<Value> {
    let own = || internal::cluster(RESUME_CLUSTER, METRICS, RESUME_LISTENER, &[]);
    policy.resilience().resumes.then(own)
}
