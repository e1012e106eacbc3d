//! The frame: who the node is, where operators look, and what stands inside.
use serde_json::{Value, json};

use super::{
    Checked, Place, Secret, address, cluster, ledger, listener, named, overload, secret, stats,
};
use crate::policy::Policy;

/// All of it in one file, which Envoy reads once.
pub(super) fn bootstrap(checked: Checked<'_>, place: &Place, secrets: &[Secret]) -> Value {
    let resources = json!({
        "listeners": [listener::listener(checked, place)],
        "clusters": clusters(checked.policy, place, secrets),
        "secrets": secret::fixed(secrets),
    });
    frame(place, "static_resources", resources)
}

/// What Envoy reads once, around resources of that kind.
pub(super) fn frame(place: &Place, kind: &str, resources: Value) -> Value {
    json!({
        // Secrets that rotate are asked for in the node's name, so it must have one.
        "node": {"id": "tradewind", "cluster": "tradewind"},
        "admin": {"address": address(&place.admin.ip().to_string(), place.admin.port())},
        "stats_config": stats::config(),
        "overload_manager": overload::manager(place.max_heap),
        kind: resources,
    })
}

/// Every cluster: of the providers, of their endpoints, of the ledger.
pub(super) fn clusters(policy: &Policy, place: &Place, secrets: &[Secret]) -> Vec<Value> {
    let providers = policy.providers();
    let mut clusters: Vec<Value> =
        providers.map(|provider| cluster::cluster(policy, provider, place, secrets)).collect();
    clusters.extend(named::endpoints(policy, place));
    let credits = policy.credits();
    clusters.extend(credits.and_then(|credits| ledger::cluster(credits, place, secrets)));
    clusters
}
