//! From the model that a request is to try next to its provider's cluster, attempt by attempt.
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::{any, bounds, duration, extension, hop};
use crate::exchange::filter_state::NEXT;
use crate::exchange::hop::of_streams;
use crate::exchange::{RETRIED_4XX, retries};
use crate::policy::{Model, Policy, Provider};

pub(super) fn table(policy: &Policy) -> Value {
    json!({
        "name": "tradewind",
        "virtual_hosts": [{
            "name": "tradewind",
            "domains": ["*"],
            // On the virtual host, not the route: it must hold before the route is chosen anew.
            "request_body_buffer_limit": bounds::buffer(policy),
            "routes": [decided(policy), undecided()],
        }],
        // There is no cluster for what has not been decided.
        "validate_clusters": false,
    })
}

/// What the edge role has decided goes to the models.
fn decided(policy: &Policy) -> Value {
    json!({
        "name": "models",
        // Every path: what no app may ask for, the edge role answers itself.
        "match": {"prefix": "/", "filter_state": [{
            "key": next_model(), "string_match": {"safe_regex": {"regex": ".+"}},
        }]},
        "route": {
            // Silence ends an attempt, length does not: answers may be long.
            "timeout": "0s",
            "idle_timeout": duration(bounds::longest_silence(policy)),
            "inline_cluster_specifier_plugin": {"extension": by_next_model(policy, named_alike)},
            "retry_policy": retry(policy),
        },
    })
}

/// What it has not: the app is still sending, or the ledger is asked. If the edge role's VM fails
/// meanwhile, nobody will ever decide: only silence ends such a request.
fn undecided() -> Value {
    json!({
        "name": "undecided",
        "match": {"prefix": "/"},
        "route": {"cluster": NOWHERE, "timeout": "0s", "idle_timeout": UNDECIDED},
    })
}

/// A cluster that is not there: no provider has a name that begins so.
const NOWHERE: &str = "-nowhere";

/// Longer than an app pauses while it sends a body, and than the ledger takes to answer.
const UNDECIDED: &str = "30s";

/// Filter state: Envoy keeps what a module writes apart from its own.
fn next_model() -> String {
    format!("wasm.{NEXT}")
}

/// Outside of a mesh a provider's cluster is called like it.
fn named_alike(provider: &Provider) -> String {
    provider.name.clone()
}

/// The cluster of the model that is next; `cluster_of` names that of a provider.
pub(super) fn by_next_model(policy: &Policy, cluster_of: fn(&Provider) -> String) -> Value {
    let place = |model: &Rc<Model>| (model.name.clone(), cluster(&cluster_of(&model.provider)));
    let own = |model: &Rc<Model>| {
        (of_streams(&model.name), cluster(&of_streams(&cluster_of(&model.provider))))
    };
    let streams = policy.asked().filter(|_| policy.resilience().finish_cut_streams).map(own);
    let clusters: Map<String, Value> = policy.asked().map(place).chain(streams).collect();
    extension(
        "envoy.router.cluster_specifier_plugin.matcher",
        "envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier",
        // A retry that nothing here chooses a cluster for would go to the one before it.
        json!({"cluster_matcher": {"matcher_tree": {
            "input": extension(
                "next-model",
                "envoy.extensions.matching.common_inputs.network.v3.FilterStateInput",
                json!({"key": next_model()}),
            ),
            "exact_match_map": {"map": clusters},
        }, "on_no_match": cluster(NOWHERE)}}),
    )
}

fn cluster(name: &str) -> Value {
    json!({"action": {
        "name": "cluster",
        "typed_config": any(
            "envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction",
            json!({"cluster": name}),
        ),
    }})
}

pub(super) fn retry(policy: &Policy) -> Value {
    let resilience = policy.resilience();
    json!({
        "retry_on": "5xx,reset,connect-failure,refused-stream,retriable-status-codes",
        "retriable_status_codes": RETRIED_4XX,
        // The edge role lowers it to what the chain may need.
        "num_retries": retries(resilience.attempts as usize),
        "refresh_cluster_on_retry": true,
        "per_try_idle_timeout": duration(hop::silence(policy)),
        // The next attempt goes to another model: nothing to wait for.
        "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.010s"},
    })
}
