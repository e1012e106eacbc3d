//! The hop that streams take where they are finished when they are cut (`exchange/hop.rs`): for
//! each provider a listener within Envoy, and the cluster that leads there. Nothing of it is there
//! where the policy does not finish them.
//!
//! The cluster has the provider role and adds the key, as the provider's own does: Envoy keeps one
//! header map for all attempts, and that role makes it new each time. Behind it nothing is decided.
use serde_json::{Value, json};

use super::{Place, Secret, cluster, duration, extension, internal, named, plugin};
use crate::exchange::hop::{ANSWERED, LOST, TELLS, of_streams};
use crate::policy::{Policy, Provider, metric_label};

/// The clusters that lead to the hop.
pub(super) fn clusters<'p>(
    policy: &'p Policy,
    place: &'p Place,
    secrets: &'p [Secret],
) -> impl Iterator<Item = Value> + 'p {
    finished(policy).map(|provider| {
        let name = of_streams(&provider.name);
        let metrics = format!("{}_streams", metric_label(&provider.name));
        let filters = cluster::filters(policy, provider, (place, secrets), true);
        internal::cluster(&name, &metrics, &name, &filters)
    })
}

/// The hop's listeners.
pub(super) fn listeners<'p>(
    policy: &'p Policy,
    place: &'p Place,
) -> impl Iterator<Item = Value> + 'p {
    finished(policy).map(|provider| {
        json!({
            "name": of_streams(&provider.name),
            "internal_listener": {},
            // What comes here was let in before: refused now it would look like the provider's.
            "bypass_overload_manager": true,
            "filter_chains": [{"filters": [plugin::hop(&place.wasm), requests(policy, provider)]}],
        })
    })
}

/// The providers whose streams are finished.
fn finished(policy: &Policy) -> impl Iterator<Item = &Provider> {
    policy.providers().filter(|_| policy.resilience().finish_cut_streams)
}

/// What reads requests of the hop's connections, and hands them on to the provider.
fn requests(policy: &Policy, provider: &Provider) -> Value {
    let scheme = if provider.endpoint.tls { "https" } else { "http" };
    extension(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        json!({
            "stat_prefix": "tradewind_hop",
            "codec_type": "HTTP1",
            // Every request names its host; Envoy takes none of HTTP/1.0 without this.
            "http_protocol_options": {"accept_http_10": true, "default_host_for_http_10": "hop"},
            "scheme_header_transformation": {"scheme_to_overwrite": scheme},
            "server_header_transformation": "PASS_THROUGH",
            "generate_request_id": false,
            "skip_xff_append": true,
            // An answer ends when its connection closes: at once.
            "delayed_close_timeout": "0s",
            // The route's counts, and nothing else.
            "stream_idle_timeout": "0s",
            "local_reply_config": {"mappers": [{
                "filter": {"status_code_filter": {"comparison": {
                    "op": "GE", "value": {"default_value": 0, "runtime_key": "tradewind.unused"},
                }}},
                "headers_to_add": [tells(LOST)],
            }]},
            "route_config": {
                "name": "tradewind_hop",
                // Files that change together are taken over in no order of Envoy's: a listener that
                // names a cluster too soon would be refused, and never looked at again.
                "validate_clusters": false,
                "virtual_hosts": [{
                    "name": "tradewind_hop",
                    "domains": ["*"],
                    // What Envoy adds to a request of its own.
                    "request_headers_to_remove": ["x-forwarded-proto", "x-envoy-internal"],
                    // An answer of a known length that is cut would be reset all the same.
                    "response_headers_to_remove": ["content-length"],
                    "response_headers_to_add": [tells(ANSWERED)],
                    "routes": [{
                        "match": {"prefix": "/"},
                        "route": {
                            "cluster": named::endpoint(provider),
                            "timeout": "0s",
                            // Sooner than the attempt in front of it is ended, whose end nobody
                            // could finish.
                            "idle_timeout": duration(policy.resilience().idle_timeout_ms),
                        },
                    }],
                }],
            },
            "http_filters": [extension(
                "envoy.filters.http.router",
                "envoy.extensions.filters.http.router.v3.Router",
                json!({"suppress_envoy_headers": true}),
            )],
        }),
    )
}

/// The header in which the hop tells what the provider role has to know.
fn tells(value: &str) -> Value {
    json!({
        "header": {"key": TELLS, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    })
}

/// How much later than the hop Envoy ends a stream's attempt that is silent, in milliseconds.
const LATER_MS: u64 = 500;

/// The longest silence of an attempt, in milliseconds.
pub(super) fn silence(policy: &Policy) -> u64 {
    let own = policy.resilience();
    let later = if own.finish_cut_streams { LATER_MS } else { 0 };
    // What is held back until another model has said the rest counts as silence, too.
    let rest = if own.resumes { own.idle_timeout_ms } else { 0 };
    own.idle_timeout_ms.saturating_add(rest).saturating_add(later)
}
