//! How an endpoint is reached: its cluster, without what requests pass on the way.
use serde_json::{Value, json};

use super::{address, any, extension};
use crate::policy::{Endpoint, metric_label};

/// Higher than any load.
const UNBOUNDED: u32 = 1 << 20;

/// The most that Envoy can count. How many requests may have gone on from a model that failed is
/// `resilience.retry_budget`, and the module sees to that, worker by worker, and says so where it
/// is met. Envoy counts those of all workers, the same model asked once more among them, and ends a
/// chain in silence: its bound must never be the one that is met first (three are its default).
const RETRIES: u32 = u32::MAX;

pub(super) const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// Bounds that no load reaches.
pub(super) fn breakers() -> Value {
    json!({"thresholds": [{
        "max_connections": UNBOUNDED,
        "max_pending_requests": UNBOUNDED,
        "max_requests": UNBOUNDED,
        "max_retries": RETRIES,
    }]})
}

/// A cluster of one endpoint.
pub(super) fn reached(
    name: &str,
    endpoint: &Endpoint,
    authorities: &str,
    http_options: Value,
) -> Value {
    let mut cluster = json!({
        "name": name,
        // A dot would end the name in the names of its metrics.
        "alt_stat_name": metric_label(name),
        "connect_timeout": "3s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{
                "endpoint": {"address": address(&endpoint.host, endpoint.port)},
            }]}],
        },
        "circuit_breakers": breakers(),
        // A model may think for minutes: the way there must not be forgotten meanwhile.
        "upstream_connection_options": {"tcp_keepalive": {
            "keepalive_time": 30, "keepalive_interval": 10, "keepalive_probes": 3,
        }},
        "typed_extension_protocol_options": {
            HTTP_OPTIONS: any(HTTP_OPTIONS, http_options),
        },
    });
    if let Value::Object(fields) = &mut cluster {
        discovery(endpoint, fields);
        if endpoint.tls {
            fields.insert("transport_socket".into(), tls(endpoint, authorities));
        }
    }
    cluster
}

/// How the host's addresses are found.
fn discovery(endpoint: &Endpoint, fields: &mut serde_json::Map<String, Value>) {
    if endpoint.is_ip() {
        fields.insert("type".into(), "STATIC".into());
    } else {
        // One host, whatever name service answers from one minute to the next.
        fields.insert("type".into(), "LOGICAL_DNS".into());
        fields.insert("dns_lookup_family".into(), "ALL".into());
    }
}

/// The name is stated here and not taken from the request, whose `host` is still the one that
/// the first attempt had.
fn tls(endpoint: &Endpoint, authorities: &str) -> Value {
    let san = if endpoint.is_ip() { "IP_ADDRESS" } else { "DNS" };
    let mut context = json!({
        "common_tls_context": {"validation_context": {
            "trusted_ca": {"filename": authorities},
            "match_typed_subject_alt_names": [
                {"san_type": san, "matcher": {"exact": endpoint.host}},
            ],
        }},
    });
    if let Value::Object(fields) = &mut context
        && !endpoint.is_ip()
    {
        fields.insert("sni".into(), endpoint.host.clone().into());
    }
    extension(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        context,
    )
}

/// How HTTP is spoken with an endpoint.
pub(super) fn options_of(endpoint: &Endpoint) -> Value {
    let http2 = json!({
        "initial_stream_window_size": 1 << 18,
        "initial_connection_window_size": 1 << 24,
        "connection_keepalive": {"interval": "30s", "timeout": "10s"},
    });
    let (key, protocol) = if endpoint.tls {
        // What the provider offers in the handshake.
        ("auto_config", json!({"http_protocol_options": {}, "http2_protocol_options": http2}))
    } else {
        ("explicit_http_config", json!({"http_protocol_options": {}}))
    };
    // Sooner than the other side closes an idle connection: a request that meets the close has to
    // be sent again. Vendors keep theirs for a minute and more; servers of one's own, which seldom
    // have TLS, for five seconds (Node, uvicorn), and a connection to them costs little.
    let idle = if endpoint.tls { "30s" } else { "4s" };
    json!({"common_http_protocol_options": {"idle_timeout": idle}, key: protocol})
}
