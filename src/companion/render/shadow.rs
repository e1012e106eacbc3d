//! What copies of requests need: a listener within Envoy, the cluster that leads there, and the
//! clusters of the operator's collectors. Nothing of it is there where a policy copies nothing.
use serde_json::{Value, json};

use super::{Checked, Place, Secret, any, cluster, endpoint, extension, listener};
use crate::exchange::{SHADOW_CLUSTER, SHADOW_LISTENER};
use crate::policy::{Collector, Policy};

/// Whether a policy copies requests.
fn copies(policy: &Policy) -> bool {
    !policy.shadows().is_empty()
}

/// What lets listeners have no address: Envoy reads it once.
pub(super) fn extensions(policy: &Policy) -> Option<Value> {
    copies(policy).then(|| {
        json!([extension(
            "envoy.bootstrap.internal_listener",
            "envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
            json!({}),
        )])
    })
}

/// The listener that copies come to. It has no address: nobody but this Envoy can call it. The
/// module knows it by the name of its filter chain.
pub(super) fn listener(checked: Checked<'_>, place: &Place) -> Option<Value> {
    copies(checked.policy).then(|| {
        json!({
            "name": SHADOW_LISTENER,
            "internal_listener": {},
            "per_connection_buffer_limit_bytes": listener::ONE_READ,
            "filter_chains": [{
                "name": SHADOW_LISTENER,
                "filters": [listener::connections(checked, place, "tradewind_shadow")],
            }],
        })
    })
}

/// The cluster that leads there, and those of the collectors.
pub(super) fn clusters(policy: &Policy, place: &Place, secrets: &[Secret]) -> Vec<Value> {
    if !copies(policy) {
        return Vec::new();
    }
    let collectors = policy.shadows().iter().filter_map(|shadow| shadow.collector.as_deref());
    let collectors = collectors.map(|own| collector(own, place, secrets));
    core::iter::once(inward()).chain(collectors).collect()
}

fn inward() -> Value {
    json!({
        "name": SHADOW_CLUSTER,
        "alt_stat_name": "tradewind_shadow",
        "type": "STATIC",
        "connect_timeout": "3s",
        "load_assignment": {
            "cluster_name": SHADOW_CLUSTER,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {
                "envoy_internal_address": {"server_listener_name": SHADOW_LISTENER},
            }}}]}],
        },
        "circuit_breakers": endpoint::breakers(),
        "transport_socket": extension(
            "envoy.transport_sockets.internal_upstream",
            "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
            json!({"transport_socket": extension(
                "envoy.transport_sockets.raw_buffer",
                "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
                json!({}),
            )}),
        ),
        "typed_extension_protocol_options": {
            endpoint::HTTP_OPTIONS: any(endpoint::HTTP_OPTIONS, json!({
                "common_http_protocol_options": {"idle_timeout": "30s"},
                "explicit_http_config": {"http_protocol_options": {}},
            })),
        },
    })
}

fn collector(own: &Collector, place: &Place, secrets: &[Secret]) -> Value {
    let mut options = endpoint::options_of(&own.endpoint);
    if let (Some(name), Value::Object(fields)) = (&own.secret, &mut options) {
        let token = cluster::injector(name, ("authorization", "Bearer "), secrets);
        fields.insert("http_filters".into(), json!([token, cluster::codec()]));
    }
    endpoint::reached(&own.cluster, &own.endpoint, &place.authorities, options)
}
