//! The module in each of its two roles.
//!
//! A worker runs two VMs: one for the edge role, one for the provider roles of all models. Should
//! a provider's answer trap the one, the other still answers its apps and settles what they used.
//! What lives in a VM (shared records, the settlements to be sent) is the edge role's alone; the
//! roles meet in filter state, which belongs to the stream.
use serde_json::{Value, json};

use super::{Checked, any, extension};
use crate::exchange::StreamBuffer;
use crate::json::Writer;
use crate::policy::{Model, Policy, Unsupported};

pub(super) fn edge(wasm: &str, checked: Checked<'_>) -> Value {
    let mut json = Writer::new();
    json.object(|json| {
        json.key("role").string("edge");
        json.key("policy").raw(checked.json);
        let buffer = StreamBuffer::rendered(checked.policy.limits());
        json.key("limits").object(|json| buffer.write(json));
    });
    plugin("tradewind-edge", "tradewind-edge", wasm, json)
}

pub(super) fn provider(wasm: &str, model: &Model, policy: &Policy) -> Value {
    let limits = policy.limits();
    let mut json = Writer::new();
    json.object(|json| {
        json.key("role").string("provider");
        json.key("model").object(|json| describe(model, json));
        json.key("limits").object(|json| {
            match limits.max_output_tokens {
                Some(tokens) => json.key("max_output_tokens").number(tokens),
                None => json.key("max_output_tokens").null(),
            }
            json.key("idle_timeout_ms").number(policy.resilience().idle_timeout_ms);
            StreamBuffer::rendered(limits).write(json);
        });
    });
    plugin(&format!("tradewind-{}", model.name), "tradewind-provider", wasm, json)
}

fn describe(model: &Model, json: &mut Writer) {
    let endpoint = &model.provider.endpoint;
    json.key("name").string(&model.name);
    json.key("provider_model").string(&model.provider_model);
    json.key("dialect").string(&model.provider.dialect);
    json.key("authority").string(&endpoint.authority());
    json.key("prefix").string(&endpoint.prefix);
    json.key("tls").boolean(endpoint.tls);
    json.key("context_window").number(model.context_window);
    json.key("max_output_tokens").number(model.max_output_tokens);
    json.key("unsupported").string(match model.unsupported {
        Unsupported::Skip => "skip",
        Unsupported::Drop => "drop",
    });
}

fn plugin(name: &str, vm: &str, wasm: &str, configuration: Writer) -> Value {
    let configuration = configuration.finish();
    let configuration = json!({"value": String::from_utf8_lossy(&configuration)});
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
