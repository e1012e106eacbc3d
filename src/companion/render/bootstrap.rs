//! The frame: who the node is, where operators look, and what stands inside.
use serde_json::{Value, json};

use super::{
    Checked, Place, Secret, address, cluster, ledger, listener, named, overload, secret, stats,
};

pub(super) fn bootstrap(checked: Checked<'_>, place: &Place, secrets: &[Secret]) -> Value {
    let mut clusters: Vec<Value> = checked
        .policy
        .providers()
        .map(|provider| cluster::cluster(checked.policy, provider, place, secrets))
        .collect();
    clusters.extend(named::endpoints(checked.policy, place));
    let credits = checked.policy.credits();
    clusters.extend(credits.and_then(|credits| ledger::cluster(credits, place, secrets)));
    json!({
        // Secrets that rotate are asked for in the node's name, so it must have one.
        "node": {"id": "tradewind", "cluster": "tradewind"},
        "admin": {"address": address(&place.admin.ip().to_string(), place.admin.port())},
        "stats_config": stats::config(),
        "overload_manager": overload::manager(place.max_heap),
        "static_resources": {
            "listeners": [listener::listener(checked, place)],
            "clusters": clusters,
            "secrets": secret::fixed(secrets),
        },
    })
}
