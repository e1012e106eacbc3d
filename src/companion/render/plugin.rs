//! The module in each of its two roles.
//!
//! A worker runs two VMs: one for the edge role, one for the roles of all providers. Should a
//! provider's answer trap the one, the other still answers its apps and settles what they used. The
//! second one costs 6 MiB, and no CPU or time to start that could be told from noise (2026-11-29).
//! What lives in a VM (shared records, the settlements to be sent) is the edge role's alone; the
//! roles meet in filter state, which belongs to the stream.
use serde_json::{Value, json};

use super::{Checked, any, extension};
use crate::exchange::{StreamBuffer, edge, provider};
use crate::policy::{Policy, Provider};

/// The name of the edge role's filter.
pub(super) const EDGE: &str = "tradewind-edge";

pub(super) fn edge(wasm: &str, checked: Checked<'_>) -> Value {
    let buffer = StreamBuffer::rendered(checked.policy.limits());
    let configuration = edge::Config::write(checked.json, buffer);
    plugin(EDGE, "tradewind-edge", wasm, &configuration)
}

pub(super) fn provider(wasm: &str, provider: &Provider, policy: &Policy) -> Value {
    let buffer = StreamBuffer::rendered(policy.limits());
    let configuration = provider::Config::write(provider, policy, buffer);
    plugin(&format!("tradewind-{}", provider.name), "tradewind-provider", wasm, &configuration)
}

fn plugin(name: &str, vm: &str, wasm: &str, configuration: &[u8]) -> Value {
    let configuration = json!({"value": String::from_utf8_lossy(configuration)});
    extension(
        name,
        "envoy.extensions.filters.http.wasm.v3.Wasm",
        json!({"config": {
            "name": name,
            "root_id": "tradewind",
            // A paused header callback would never see the body otherwise.
            "allow_on_headers_stop_iteration": true,
            // After a trap Envoy would otherwise refuse every request until it is restarted.
            "failure_policy": "FAIL_RELOAD",
            "reload_config": {"backoff": {"base_interval": "0.100s"}},
            "vm_config": {
                "vm_id": vm,
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": wasm}},
            },
            "configuration": any("google.protobuf.StringValue", configuration),
        }}),
    )
}
