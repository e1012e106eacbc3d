//! The frame: who the node is, where operators look, and what stands inside.
use serde_json::{Value, json};

use super::{
    Checked, Place, Secret, address, cluster, global, hop, internal, jwt, ledger, listener, named,
    overload, resume, secret, shadow, stats,
};
use crate::policy::Policy;

/// All of it in one file, which Envoy reads once.
pub(super) fn bootstrap(checked: Checked<'_>, place: &Place, secrets: &[Secret]) -> Value {
    let resources = json!({
        "listeners": listeners(checked, place),
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
        "bootstrap_extensions": internal::extensions(),
        kind: resources,
    })
}

/// Every listener: the apps', those for copies and for the rest of answers where there are any, and
/// the hop's.
pub(super) fn listeners(checked: Checked<'_>, place: &Place) -> Vec<Value> {
    let own = core::iter::once(listener::listener(checked, place));
    let own = own.chain(shadow::listener(checked, place));
    let own = own.chain(resume::listener(checked, place));
    own.chain(hop::listeners(checked.policy, place)).collect()
}

/// Every cluster: of the providers, of their streams, of their endpoints, of the ledger, of the
/// keys of tokens, of the service that counts for several proxies, and what copies need.
pub(super) fn clusters(policy: &Policy, place: &Place, secrets: &[Secret]) -> Vec<Value> {
    let providers = policy.providers();
    let mut clusters: Vec<Value> =
        providers.map(|provider| cluster::cluster(policy, provider, place, secrets)).collect();
    clusters.extend(hop::clusters(policy, place, secrets));
    clusters.extend(named::endpoints(policy, place));
    let credits = policy.credits();
    clusters.extend(credits.and_then(|credits| ledger::cluster(credits, place, secrets)));
    clusters.extend(jwt::clusters(policy, place));
    clusters.extend(global::cluster(policy, place));
    clusters.extend(shadow::clusters(policy, place, secrets));
    clusters.extend(resume::cluster(policy));
    clusters
}
