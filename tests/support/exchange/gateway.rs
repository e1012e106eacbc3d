//! A policy's plugins: the edge role, and the provider role of every model.
use std::collections::BTreeMap;

use tradewind::exchange::{Plugin, vocabulary};
use tradewind::json::Writer;
use tradewind::policy::{Model, Policy, Unsupported};

/// Every plugin of one policy.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) edge: Plugin,
    /// By model.
    pub(crate) providers: BTreeMap<String, Plugin>,
}

impl Gateway {
    /// Configures the plugins as `tradewind render` does.
    pub(crate) fn new(policy: &str) -> Result<Self, String> {
        let mut edge = Writer::new();
        edge.object(|json| {
            json.key("role").string("edge");
            json.key("policy").raw(policy);
        });
        let edge = plugin(edge)?;
        let policy = Policy::from_json(policy.as_bytes(), vocabulary())
            .map_err(|problems| format!("{problems:?}"))?;
        let most = policy.limits().max_output_tokens;
        let models = policy.models().iter();
        let providers: Result<_, String> =
            models.map(|model| Ok((model.name.clone(), plugin(provider(model, most))?))).collect();
        Ok(Self { edge, providers: providers? })
    }
}

fn plugin(configuration: Writer) -> Result<Plugin, String> {
    Plugin::configure(&configuration.finish()).map_err(|problems| format!("{problems:?}"))
}

fn provider(model: &Model, most: Option<u64>) -> Writer {
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
        json.key("limits").object(|json| match most {
            Some(tokens) => json.key("max_output_tokens").number(tokens),
            None => json.key("max_output_tokens").null(),
        });
    });
    json
}
