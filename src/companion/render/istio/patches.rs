//! The patches: the edge role before the router of the host that apps call, what verifies tokens
//! before that, what asks about limits of several proxies after it, and the provider role in each
//! provider's cluster. No other host of the proxy is touched.
use serde_json::{Value, json};

use super::super::endpoint::{HTTP_OPTIONS, options_of};
use super::super::{
    Checked, Place, Secret, address, any, bounds, cluster, duration, global, jwt, ledger, log,
    plugin, route,
};
use super::{Mesh, NOWHERE, discovered, host, is_service, object, put, subset, subset_cluster};
use crate::policy::{Endpoint, Jwt, Policy};

pub(super) fn filter(
    checked: Checked<'_>,
    place: &Place,
    secrets: &[Secret],
    mesh: &Mesh,
) -> Value {
    let secrets = discovered(secrets, mesh);
    let policy = checked.policy;
    let json = with_ledger(checked);
    let mut patches: Vec<Value> = verifier(policy, mesh).into_iter().collect();
    patches.push(edge(Checked { policy, json: &json }, place, mesh));
    patches.extend(limits(policy, mesh));
    patches.extend([access_log(mesh), virtual_host(policy, mesh), routes(policy, mesh)]);
    patches.extend(policy.providers().map(|provider| {
        let mut options = options_of(&provider.endpoint);
        let filters = cluster::filters(policy, provider, (place, &secrets), false);
        put(&mut options, "http_filters", filters.into());
        let own = (provider.name.as_str(), &provider.endpoint);
        let mut value = with_options(options);
        if !provider.endpoint.is_ip() && !is_service(&provider.endpoint) {
            put(&mut value, "load_assignment", second(own));
            // After an answer without addresses Istio looks again in a minute.
            put(&mut value, "dns_refresh_rate", duration(5_000).into());
        }
        on_cluster(own, value, mesh)
    }));
    if let (Some(credits), Some(own)) = (policy.credits(), super::ledger(policy)) {
        let value = with_options(ledger::options(credits, own.1, &secrets));
        patches.push(on_cluster(own, value, mesh));
    }
    let service = global::service(policy);
    let reached = |own| on_cluster(own, with_options(global::options()), mesh);
    patches.extend(service.map(reached));
    let (label, value) = &mesh.label;
    let spec = json!({
        "workloadSelector": {"labels": {label: value}},
        "configPatches": patches,
    });
    let mut filter = object("networking.istio.io/v1alpha3", "EnvoyFilter", "tradewind", mesh);
    put(&mut filter, "spec", spec);
    filter
}

/// The policy with the ledger's cluster as istiod names it.
fn with_ledger(checked: Checked<'_>) -> String {
    let own = super::ledger_cluster(checked.policy);
    let policy = serde_json::from_str::<Value>(checked.json).ok().zip(own);
    let Some((mut policy, cluster)) = policy else { return checked.json.to_owned() };
    if let Some(credits) = policy.get_mut("credits") {
        put(credits, "cluster", cluster.into());
    }
    policy.to_string()
}

fn patch(apply_to: &str, found: Value, (operation, value): (&str, Value), mesh: &Mesh) -> Value {
    let mut found = found;
    put(&mut found, "context", mesh.proxy.context().into());
    json!({
        "applyTo": apply_to,
        "match": found,
        "patch": {"operation": operation, "value": value},
    })
}

/// The edge role, switched off: only the virtual host below switches it on.
fn edge(checked: Checked<'_>, place: &Place, mesh: &Mesh) -> Value {
    before_router(plugin::edge(&place.wasm, checked), mesh)
}

/// What verifies tokens, switched off as well. It goes before the edge role.
fn verifier(policy: &Policy, mesh: &Mesh) -> Option<Value> {
    let cluster = |own: &Jwt, at: &Endpoint| subset_cluster(&own.metadata, at);
    jwt::filter(policy, cluster).map(|filter| before_router(filter, mesh))
}

/// What asks about limits of several proxies, switched off as well. It goes after the edge role.
fn limits(policy: &Policy, mesh: &Mesh) -> Option<Value> {
    let (name, at) = global::service(policy)?;
    let filter = global::filter(policy, &subset_cluster(name, at))?;
    Some(before_router(filter, mesh))
}

fn before_router(mut filter: Value, mesh: &Mesh) -> Value {
    put(&mut filter, "disabled", true.into());
    let found = json!({"listener": {
        "portNumber": mesh.proxy.port(),
        "filterChain": {"filter": {
            "name": MANAGER,
            "subFilter": {"name": "envoy.filters.http.router"},
        }},
    }});
    patch("HTTP_FILTER", found, ("INSERT_BEFORE", filter), mesh)
}

/// A line for each request that the module has seen, beside the mesh's own log.
fn access_log(mesh: &Mesh) -> Value {
    let found = json!({"listener": {
        "portNumber": mesh.proxy.port(), "filterChain": {"filter": {"name": MANAGER}},
    }});
    let log = json!({"access_log": [log::of_seen()]});
    let value = json!({"name": MANAGER, "typed_config": any(MANAGER_MESSAGE, log)});
    patch("NETWORK_FILTER", found, ("MERGE", value), mesh)
}

const MANAGER: &str = "envoy.filters.network.http_connection_manager";
const MANAGER_MESSAGE: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

fn virtual_host(policy: &Policy, mesh: &Mesh) -> Value {
    let on = || any("envoy.config.route.v3.FilterConfig", json!({"config": {}}));
    let mut switched = json!({plugin::EDGE: on()});
    if policy.tokens().any(|own| own.keys.is_some()) {
        put(&mut switched, jwt::FILTER, on());
    }
    if policy.global_limits().is_some() {
        put(&mut switched, global::FILTER, on());
    }
    let value = json!({
        // A proxy of Istio's buffers 1 MiB, a gateway's may buffer 32 KiB.
        "request_body_buffer_limit": bounds::buffer(policy),
        "typed_per_filter_config": switched,
    });
    let name = format!("{}:{}", mesh.host, mesh.proxy.port());
    let found = json!({"routeConfiguration": {
        "portNumber": mesh.proxy.port(), "vhost": {"name": name},
    }});
    patch("VIRTUAL_HOST", found, ("MERGE", value), mesh)
}

fn routes(policy: &Policy, mesh: &Mesh) -> Value {
    let name = format!("{}:{}", mesh.host, mesh.proxy.port());
    let found = json!({"routeConfiguration": {
        "portNumber": mesh.proxy.port(),
        "vhost": {"name": name, "route": {"action": "ROUTE"}},
    }});
    let value = json!({"route": {
        "idle_timeout": duration(bounds::longest_silence(policy)),
        "inline_cluster_specifier_plugin":
            {"extension": route::by_next_model(policy, super::cluster)},
        "retry_policy": route::retry(policy),
    }});
    patch("HTTP_ROUTE", found, ("MERGE", value), mesh)
}

fn with_options(options: Value) -> Value {
    json!({"typed_extension_protocol_options": {HTTP_OPTIONS: any(HTTP_OPTIONS, options)}})
}

/// Where attempts go while a name does not resolve: they are refused there and the chain goes on. A
/// cluster without an address would answer 503 itself, and no other model be tried.
fn second((name, endpoint): (&str, &Endpoint)) -> Value {
    json!({
        "cluster_name": subset_cluster(name, endpoint),
        "endpoints": [{
            "priority": 1,
            "lb_endpoints": [{"endpoint": {"address": address(NOWHERE.0, NOWHERE.1)}}],
        }],
    })
}

/// What a cluster that istiod made of a subset gets.
fn on_cluster((name, endpoint): (&str, &Endpoint), value: Value, mesh: &Mesh) -> Value {
    let found = json!({"cluster": {
        "service": host(endpoint), "portNumber": endpoint.port, "subset": subset(name),
    }});
    patch("CLUSTER", found, ("MERGE", value), mesh)
}
