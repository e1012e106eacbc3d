//! What copies of requests need: a listener within Envoy, the cluster that leads there, and the
//! clusters of the operator's collectors. Nothing of it is there where a policy copies nothing.
use serde_json::{Value, json};

use super::{Checked, Place, Secret, cluster, endpoint, internal, listener};
use crate::exchange::{SHADOW_CLUSTER, SHADOW_LISTENER};
use crate::policy::{Collector, Policy};

/// Whether a policy copies requests.
fn copies(policy: &Policy) -> bool {
    !policy.shadows().is_empty()
}

/// The listener that copies come to.
pub(super) fn listener(checked: Checked<'_>, place: &Place) -> Option<Value> {
    let own = || listener::within(checked, place, (SHADOW_LISTENER, "tradewind_shadow"));
    copies(checked.policy).then(own)
}

/// The cluster that leads there, and those of the collectors.
pub(super) fn clusters(policy: &Policy, place: &Place, secrets: &[Secret]) -> Vec<Value> {
    if !copies(policy) {
        return Vec::new();
    }
    let collectors = policy.shadows().iter().filter_map(|shadow| shadow.collector.as_deref());
    let collectors = collectors.map(|own| collector(own, place, secrets));
    let inward = internal::cluster(SHADOW_CLUSTER, "tradewind_shadow", SHADOW_LISTENER, &[]);
    core::iter::once(inward).chain(collectors).collect()
}

fn collector(own: &Collector, place: &Place, secrets: &[Secret]) -> Value {
    let mut options = endpoint::options_of(&own.endpoint);
    if let (Some(name), Value::Object(fields)) = (&own.secret, &mut options) {
        let token = cluster::injector(name, ("authorization", "Bearer "), secrets);
        fields.insert("http_filters".into(), json!([token, cluster::codec()]));
    }
    endpoint::reached(&own.cluster, &own.endpoint, &place.authorities, options)
}
