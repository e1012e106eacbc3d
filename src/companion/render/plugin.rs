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

pub(super) fn provider(wasm: &str, provider: &Provider, policy: &Policy, hop: bool) -> Value {
    let buffer = StreamBuffer::rendered(policy.limits());
    let configuration = provider::Config::write(provider, policy, hop, buffer);
    let name = format!("tradewind-{}{}", provider.name, if hop { "-streams" } else { "" });
    plugin(&name, PROVIDERS, wasm, &configuration)
}

/// What stands before the hop's connections, in the VM of the providers' roles: it does so little
/// that one of its own would only cost memory.
pub(super) fn hop(wasm: &str) -> Value {
    let config = config("tradewind-hop", PROVIDERS, wasm, br#"{"role":"hop"}"#);
    extension(
        "envoy.filters.network.wasm",
        "envoy.extensions.filters.network.wasm.v3.Wasm",
        json!({"config": config}),
    )
}

/// The VM of the roles of all providers.
const PROVIDERS: &str = "tradewind-provider";

fn plugin(name: &str, vm: &str, wasm: &str, configuration: &[u8]) -> Value {
    let mut config = config(name, vm, wasm, configuration);
    if let Value::Object(fields) = &mut config {
        // A paused header callback would never see the body otherwise.
        fields.shift_insert(2, "allow_on_headers_stop_iteration".into(), true.into());
    }
    extension(name, "envoy.extensions.filters.http.wasm.v3.Wasm", json!({"config": config}))
}

fn config(name: &str, vm: &str, wasm: &str, configuration: &[u8]) -> Value {
    let configuration = json!({"value": String::from_utf8_lossy(configuration)});
    json!({
        "name": name,
        "root_id": "tradewind",
        // After a trap Envoy would otherwise refuse every request until it is restarted.
        "failure_policy": "FAIL_RELOAD",
        "reload_config": {"backoff": {"base_interval": "0.100s"}},
        "vm_config": {
            "vm_id": vm,
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": wasm}},
        },
        "configuration": any("google.protobuf.StringValue", configuration),
    })
}
