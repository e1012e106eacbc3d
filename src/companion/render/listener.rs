//! Where apps connect to, and what a request passes before it is routed.
use serde_json::{Value, json};

use super::bounds::longest_silence;
use super::{
    Checked, Place, Tls, address, duration, extension, global, jwt, local_reply, log, plugin, route,
};
use crate::policy::Policy;

/// What is read of one connection before the others have their turn, and before Envoy frees what
/// it has refused. What a stream may buffer stands on the virtual host, which is the larger.
const ONE_READ: u32 = 64 << 10;

/// Requests at once on one HTTP/2 connection. Apps and proxies that speak it open another then.
const MAX_STREAMS: u32 = 100;

/// All headers of one request: keys, tokens and traces, with much to spare.
const MAX_HEADERS_KIB: u32 = 32;

/// Longer than any answer takes, in milliseconds: an hour. A provider may send for ever what the
/// app gets nothing of, and that is no silence; what was held for the request would stay held.
pub(super) const WHOLE_MS: u64 = 3_600_000;

pub(super) fn listener(checked: Checked<'_>, place: &Place) -> Value {
    let mut chain = json!({"filters": [connections(checked, place, "tradewind")]});
    if let (Some(own), Value::Object(fields)) = (&place.tls, &mut chain) {
        fields.insert("transport_socket".into(), tls(own));
    }
    json!({
        "name": "tradewind",
        "address": address(&place.listen.ip().to_string(), place.listen.port()),
        "per_connection_buffer_limit_bytes": ONE_READ,
        "filter_chains": [chain],
    })
}

/// A listener that has no address: nobody but this Envoy can call it. The module knows it by the
/// name of its filter chain; its metrics have that prefix.
pub(super) fn within(checked: Checked<'_>, place: &Place, (name, prefix): (&str, &str)) -> Value {
    json!({
        "name": name,
        "internal_listener": {},
        "per_connection_buffer_limit_bytes": ONE_READ,
        "filter_chains": [{
            "name": name,
            "filters": [connections(checked, place, prefix)],
        }],
    })
}

/// How apps are met by TLS. One without a certificate is met as well: the policy says whether it is
/// known by something else. A certificate that is there is verified, or the connection ends.
fn tls(own: &Tls) -> Value {
    let pem = |path: &str| json!({"filename": path});
    let mut common = json!({
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_certificates": [{
            "certificate_chain": pem(&own.certificate), "private_key": pem(&own.key),
        }],
    });
    if let (Some(authorities), Value::Object(fields)) = (&own.client_authorities, &mut common) {
        fields.insert("validation_context".into(), json!({"trusted_ca": pem(authorities)}));
    }
    extension(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        json!({"common_tls_context": common}),
    )
}

/// What reads requests off connections, and all that they pass; its metrics have that prefix.
fn connections(checked: Checked<'_>, place: &Place, prefix: &str) -> Value {
    extension(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        connection(checked, place, prefix),
    )
}

fn connection(checked: Checked<'_>, place: &Place, prefix: &str) -> Value {
    let silence = longest_silence(checked.policy);
    let mut connection = json!({
        "stat_prefix": prefix,
        "codec_type": "AUTO",
        // The app's own address counts, and headers that steer Envoy are not taken from it.
        "use_remote_address": true,
        "generate_request_id": true,
        "always_set_request_id_in_response": true,
        "normalize_path": true,
        "merge_slashes": true,
        // `%2F` is not a `/`: such a path is unknown, and the module says so.
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        // Otherwise every 400 closes its connection, though only its body was wrong. A request
        // that cannot be told from the next one closes it all the same.
        "stream_error_on_invalid_http_message": true,
        // What a refused app still sends is kept no longer than it takes to read the answer: a
        // second of it, the default, fills the memory that the refusal was to save.
        "delayed_close_timeout": "0.100s",
        "max_request_headers_kb": MAX_HEADERS_KIB,
        "common_http_protocol_options": {
            "headers_with_underscores_action": "DROP_HEADER",
            "max_headers_count": 100,
            "idle_timeout": "300s",
            "max_stream_duration": duration(WHOLE_MS.max(silence)),
        },
        "http2_protocol_options": {
            "max_concurrent_streams": MAX_STREAMS,
            "initial_stream_window_size": 1 << 18,
            "initial_connection_window_size": 1 << 22,
        },
        "server_name": "tradewind",
        "request_headers_timeout": "15s",
        "request_timeout": "300s",
        "stream_idle_timeout": duration(silence),
        "access_log": log::access_log(),
        "local_reply_config": local_reply::config(),
        "route_config": route::table(checked.policy),
        "http_filters": filters(checked, place),
    });
    if let (Some(how), Value::Object(fields)) = (forwarded(checked.policy), &mut connection) {
        fields.insert("forward_client_cert_details".into(), how.into());
    }
    connection
}

/// What a request passes.
fn filters(checked: Checked<'_>, place: &Place) -> Vec<Value> {
    let router = extension(
        "envoy.filters.http.router",
        "envoy.extensions.filters.http.router.v3.Router",
        // Timeouts and attempt counts are nobody's business upstream.
        json!({"suppress_envoy_headers": true}),
    );
    let verifier = jwt::filter(checked.policy, jwt::cluster);
    let limits = global::filter(checked.policy, global::CLUSTER);
    let own = verifier.into_iter().chain([plugin::edge(&place.wasm, checked)]);
    own.chain(limits).chain([router]).collect()
}

/// What becomes of `x-forwarded-client-cert`, which Envoy removes by itself. Where it counts it is
/// left as the hop in front has written it: the module knows whose connection that was.
fn forwarded(policy: &Policy) -> Option<&'static str> {
    let always = policy.trusts_hops()?;
    Some(if always { "ALWAYS_FORWARD_ONLY" } else { "FORWARD_ONLY" })
}
