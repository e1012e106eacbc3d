//! Limits that several proxies share: Envoy's filter that asks the service, and its cluster.
//!
//! The filter stands behind the edge role, which tells it by filter state whose request it is. What
//! it is not told it does not ask about: so copies, which have nobody's limits, pass. Its own
//! `rate_limits` are used and not the route's, which count every request as one.
use serde_json::{Value, json};

use super::{Place, duration, endpoint, extension};
use crate::exchange::filter_state::{LIMIT_TOKENS, limit};
use crate::policy::{Counts, Descriptor, Endpoint, GlobalLimits, OnUncounted, Policy, RateBy};

/// The filter's name.
pub(super) const FILTER: &str = "tradewind-limits";

/// The service's cluster. No name of a policy's begins like it.
pub(super) const CLUSTER: &str = "-ratelimit";

/// The filter, for a service that is reached by that cluster; `None` where the policy shares no
/// limits.
pub(super) fn filter(policy: &Policy, cluster: &str) -> Option<Value> {
    let own = policy.global_limits()?;
    let limits = own.descriptors.iter().flat_map(limits);
    Some(extension(
        FILTER,
        "envoy.extensions.filters.http.ratelimit.v3.RateLimit",
        json!({
            "domain": own.domain,
            "timeout": duration(own.timeout_ms),
            "failure_mode_deny": own.on_unavailable == OnUncounted::Deny,
            "status_on_error": {"code": "ServiceUnavailable"},
            // What is left, and when it is worth coming again: the edge role says it in the words
            // of the app's API, and takes these out.
            "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
            "disable_x_envoy_ratelimited_header": true,
            "rate_limit_service": {
                "transport_api_version": "V3",
                "grpc_service": {"envoy_grpc": {
                    "cluster_name": cluster, "authority": own.endpoint.authority(),
                }},
            },
            "rate_limits": limits.collect::<Vec<_>>(),
        }),
    ))
}

/// What is asked by one descriptor. Tokens are asked about before they are used, and told after.
fn limits(own: &Descriptor) -> Vec<Value> {
    let kind = json!({"generic_key": {
        "descriptor_key": "counts", "descriptor_value": own.counts.word(),
    }});
    let actions: Vec<Value> =
        core::iter::once(kind).chain(own.by.iter().map(|by| action(*by))).collect();
    match own.counts {
        Counts::Requests => vec![json!({"actions": actions})],
        Counts::Tokens => {
            let used = format!("%FILTER_STATE(wasm.{LIMIT_TOKENS}:PLAIN)%");
            vec![
                json!({"actions": actions, "hits_addend": {"number": 0}}),
                json!({
                    "actions": actions,
                    "apply_on_stream_done": true,
                    "hits_addend": {"format": used},
                }),
            ]
        }
    }
}

/// What a request is called as one of that kind of subject. Without it nothing is asked.
fn action(by: RateBy) -> Value {
    json!({"extension": extension(
        "envoy.rate_limit_descriptors.expr",
        "envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor",
        json!({
            "descriptor_key": by.word(),
            "text": format!("filter_state['wasm.{}']", limit(&by)),
        }),
    )})
}

/// The service's cluster.
pub(super) fn cluster(policy: &Policy, place: &Place) -> Option<Value> {
    let own = policy.global_limits()?;
    Some(endpoint::reached(CLUSTER, &own.endpoint, &place.authorities, options()))
}

/// How it is spoken to: gRPC is HTTP/2, with TLS and without.
pub(super) fn options() -> Value {
    json!({
        "common_http_protocol_options": {"idle_timeout": "300s"},
        "explicit_http_config": {"http2_protocol_options": {
            // A connection that has died in silence would make every request wait in vain.
            "connection_keepalive": {"interval": "30s", "timeout": "5s"},
        }},
    })
}

/// Where the service is.
pub(super) fn service(policy: &Policy) -> Option<(&'static str, &Endpoint)> {
    policy.global_limits().map(|own: &GlobalLimits| (SUBSET, &own.endpoint))
}

/// What the service is called among those that are reached at one host of a mesh.
const SUBSET: &str = "ratelimit";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{CLUSTER, filter};
    use crate::policy::Policy;

    const POLICY: &str = r#"{"version": "tradewind/v1",
        "identity": [{"anonymous": {"tenant": "public"}}],
        "limits": {"global": {"endpoint": "https://limits.test:8081", "on_unavailable": "deny",
            "descriptors": [{"by": ["tenant", "model"]}, {"by": ["tenant"], "counts": "tokens"}]}},
        "providers": {"p": {"dialect": "openai", "endpoint": "http://p.test"}},
        "models": {"m": {"provider": "p", "name": "m", "context_window": 9,
            "max_output_tokens": 9}},
        "chains": {"c": ["m"]}, "routes": [{"models": ["auto"], "chain": "c"}]}"#;

    /// The keys of a descriptor, and where each comes from.
    fn told(limit: &Value) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let told = |action: &Value| match &action["generic_key"] {
            Value::Null => {
                let own = &action["extension"]["typed_config"];
                (text(&own["descriptor_key"]), text(&own["text"]))
            }
            own => (text(&own["descriptor_key"]), text(&own["descriptor_value"])),
        };
        limit["actions"].as_array().unwrap().iter().map(told).collect()
    }

    #[test]
    fn the_service_is_asked_by_what_the_module_leaves_and_by_no_header() {
        let policy = Policy::from_json(POLICY.as_bytes()).unwrap();
        let filter = filter(&policy, CLUSTER).unwrap();
        let own = &filter["typed_config"];
        assert_eq!((&own["failure_mode_deny"], &own["timeout"]), (&json!(true), &json!("0.100s")));
        let [requests, before, after] = own["rate_limits"].as_array().unwrap().as_slice() else {
            panic!("{filter:#}");
        };
        let pair = |key: &str, from: &str| (key.to_owned(), from.to_owned());
        let tenant = pair("tenant", "filter_state['wasm.tw.limit.tenant']");
        let model = pair("model", "filter_state['wasm.tw.limit.model']");
        assert_eq!(told(requests), [pair("counts", "requests"), tenant.clone(), model]);
        assert_eq!(told(before), [pair("counts", "tokens"), tenant]);
        assert_eq!(told(after), told(before));
        assert_eq!(requests.get("hits_addend"), None);
        assert_eq!(before["hits_addend"], json!({"number": 0}), "it asks, and takes nothing");
        assert_eq!(
            after["hits_addend"],
            json!({"format": "%FILTER_STATE(wasm.tw.limit.tokens:PLAIN)%"})
        );
        assert_eq!(after["apply_on_stream_done"], true);
        assert!(!own.to_string().contains("request_headers"), "{own:#}");
    }
}
