//! A provider that is known by a name: the name may not resolve, and its chain must go on.
//!
//! A cluster without an address answers 503 itself, and no other model is tried. So the provider's
//! cluster, with its filters, is an aggregate of two: its endpoint's, which has the name, the TLS
//! and the connections, and one that refuses every connection. While there is no address, an
//! attempt goes to the second and fails as any refused connection does.
use serde_json::{Value, json};

use super::endpoint::{HTTP_OPTIONS, breakers, options_of, reached};
use super::{Place, any, extension};
use crate::policy::{Policy, Provider, metric_label};

/// The cluster that refuses every connection. No provider is called so: names have no `/`.
const NOBODY: &str = "unresolved/";

/// The cluster of a provider that is known by a name.
pub(super) fn cluster(provider: &Provider, http_filters: &[Value]) -> Value {
    let options = json!({
        // Never used: a connection is made as the endpoint's cluster says.
        "explicit_http_config": {"http_protocol_options": {}},
        "http_filters": http_filters,
    });
    json!({
        "name": provider.name,
        "alt_stat_name": metric_label(&provider.name),
        "connect_timeout": "3s",
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": extension(
            "envoy.clusters.aggregate",
            "envoy.extensions.clusters.aggregate.v3.ClusterConfig",
            json!({"clusters": [endpoint(provider), NOBODY]}),
        ),
        // Retries count here; connections and requests count in the endpoint's.
        "circuit_breakers": breakers(),
        "typed_extension_protocol_options": {HTTP_OPTIONS: any(HTTP_OPTIONS, options)},
    })
}

/// The name of the cluster of a provider's endpoint, where it has one of its own.
pub(super) fn endpoint(provider: &Provider) -> String {
    format!("provider/{}", provider.name)
}

/// The clusters of the endpoints that are known by a name or that the hop leads to, and the one
/// that refuses.
pub(super) fn endpoints(policy: &Policy, place: &Place) -> Vec<Value> {
    let is_named = |provider: &&Provider| !provider.endpoint.is_ip();
    let finishes = policy.resilience().finish_cut_streams;
    let mut clusters: Vec<Value> = policy
        .providers()
        .filter(|provider| finishes || is_named(provider))
        .map(|provider| {
            let options = options_of(&provider.endpoint);
            reached(&endpoint(provider), &provider.endpoint, &place.authorities, options)
        })
        .collect();
    clusters.extend(policy.providers().any(|provider| is_named(&provider)).then(nobody));
    clusters
}

/// Nobody listens on port 1 of the machine itself, and no network is asked.
fn nobody() -> Value {
    json!({
        "name": NOBODY,
        "connect_timeout": "0.200s",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": NOBODY,
            "endpoints": [{"lb_endpoints": [{
                "endpoint": {"address": super::address("127.0.0.1", 1)},
            }]}],
        },
        "circuit_breakers": breakers(),
    })
}
