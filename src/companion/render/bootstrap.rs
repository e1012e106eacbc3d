//! The frame: who the node is, where operators look, and what stands inside.
use serde_json::{Value, json};

use super::{Checked, Place, Secret, address, any, cluster, ledger, listener, secret, stats};

/// Connections from apps at once. Without a bound Envoy warns, and runs out of file descriptors
/// before it refuses.
const MAX_CONNECTIONS: u64 = 50_000;

pub(super) fn bootstrap(checked: Checked<'_>, place: &Place, secrets: &[Secret]) -> Value {
    let mut clusters: Vec<Value> = checked
        .policy
        .models()
        .iter()
        .map(|model| cluster::cluster(checked.policy, model, place, secrets))
        .collect();
    let credits = checked.policy.credits();
    clusters.extend(credits.and_then(|credits| ledger::cluster(credits, place, secrets)));
    json!({
        // Secrets that rotate are asked for in the node's name, so it must have one.
        "node": {"id": "tradewind", "cluster": "tradewind"},
        "admin": {"address": address(&place.admin.ip().to_string(), place.admin.port())},
        "stats_config": stats::config(),
        "overload_manager": {
            "resource_monitors": [{
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": any(
                    "envoy.extensions.resource_monitors.downstream_connections.v3\
                     .DownstreamConnectionsConfig",
                    json!({"max_active_downstream_connections": MAX_CONNECTIONS}),
                ),
            }],
        },
        "static_resources": {
            "listeners": [listener::listener(checked, place)],
            "clusters": clusters,
            "secrets": secret::fixed(secrets),
        },
    })
}
