//! Listeners within Envoy, which have no address and are nobody's but this Envoy's, and the
//! clusters that lead to them.
use serde_json::{Value, json};

use super::{any, endpoint, extension};

/// What lets listeners have no address. Envoy reads it once, so it is there whatever the policy
/// says: a later one may need it.
pub(super) fn extensions() -> Value {
    json!([extension(
        "envoy.bootstrap.internal_listener",
        "envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
        json!({}),
    )])
}

/// The name of the listener that a cluster leads to, where that is within Envoy.
pub(super) fn led_to(cluster: &Value) -> Option<&Value> {
    cluster.pointer(
        "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/envoy_internal_address\
         /server_listener_name",
    )
}

/// A cluster that leads to a listener; its metrics have that name, and what is asked of it passes
/// these filters, where there are any.
pub(super) fn cluster(name: &str, metrics: &str, listener: &str, filters: &[Value]) -> Value {
    let mut options = json!({
        "common_http_protocol_options": {"idle_timeout": "30s"},
        "explicit_http_config": {"http_protocol_options": {}},
    });
    if let Value::Object(fields) = &mut options
        && !filters.is_empty()
    {
        fields.insert("http_filters".into(), filters.into());
    }
    json!({
        "name": name,
        "alt_stat_name": metrics,
        "type": "STATIC",
        "connect_timeout": "3s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {
                "envoy_internal_address": {"server_listener_name": listener},
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
            endpoint::HTTP_OPTIONS: any(endpoint::HTTP_OPTIONS, options),
        },
    })
}
