//! A policy's plugins: the edge role, and the provider role of every model.
use std::collections::BTreeMap;

use tradewind::exchange::{Memory, Plugin, StreamBuffer, vocabulary};
use tradewind::json::Writer;
use tradewind::policy::{Model, Policy, RequestLimits, Unsupported};

/// Every plugin of one policy.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) edge: Plugin,
    /// By model.
    pub(crate) providers: BTreeMap<String, Plugin>,
    /// What Envoy buffers of a stream.
    pub(crate) buffer: StreamBuffer,
    /// What the streams of its providers may hold.
    pub(crate) memory: Memory,
}

impl Gateway {
    /// Configures the plugins as `tradewind render` does.
    pub(crate) fn new(policy: &str) -> Result<Self, String> {
        Self::with_buffer(policy, StreamBuffer::rendered)
    }

    /// The same with another buffer of each stream.
    pub(crate) fn with_buffer(
        policy: &str,
        buffer: impl Fn(&RequestLimits) -> StreamBuffer,
    ) -> Result<Self, String> {
        let checked = Policy::from_json(policy.as_bytes(), vocabulary())
            .map_err(|problems| format!("{problems:?}"))?;
        let buffer = buffer(checked.limits());
        let mut edge = Writer::new();
        edge.object(|json| {
            json.key("role").string("edge");
            json.key("policy").raw(policy);
            json.key("limits").object(|json| buffer.write(json));
        });
        let memory = Memory::default();
        let edge = plugin(edge, &memory)?;
        let limits = checked.limits();
        let models = checked.models().iter().map(|model| {
            let plugin = plugin(provider(model, limits, buffer), &memory)?;
            Ok((model.name.clone(), plugin))
        });
        let providers: Result<_, String> = models.collect();
        Ok(Self { edge, providers: providers?, buffer, memory })
    }
}

fn plugin(configuration: Writer, memory: &Memory) -> Result<Plugin, String> {
    Plugin::configure(&configuration.finish(), memory).map_err(|problems| format!("{problems:?}"))
}

fn provider(model: &Model, limits: &RequestLimits, buffer: StreamBuffer) -> Writer {
    let endpoint = &model.provider.endpoint;
    let mut json = Writer::new();
    json.object(|json| {
        json.key("role").string("provider");
        json.key("model").object(|json| {
            json.key("name").string(&model.name);
            json.key("provider_model").string(&model.provider_model);
            json.key("dialect").string(&model.provider.dialect);
            json.key("authority").string(&endpoint.authority());
            json.key("prefix").string(&endpoint.prefix);
            json.key("tls").boolean(endpoint.tls);
            json.key("context_window").number(model.context_window);
            json.key("max_output_tokens").number(model.max_output_tokens);
            let drops = model.unsupported == Unsupported::Drop;
            json.key("unsupported").string(if drops { "drop" } else { "skip" });
        });
        json.key("limits").object(|json| {
            match limits.max_output_tokens {
                Some(tokens) => json.key("max_output_tokens").number(tokens),
                None => json.key("max_output_tokens").null(),
            }
            buffer.write(json);
        });
    });
    json
}
