//! What the provider role needs to know of its provider. What differs between the provider's
//! models stands in the plan.
use super::super::contract::problem;
use super::super::{Connections, Effect, Memory, NEXT, Retries, StreamBuffer, hop};
use crate::credit::Share;
use crate::dialect;
use crate::json::{At, Value, Writer};
use crate::policy::{Policy, Problem, Provider, RetryBudget};

/// One provider and how to reach it.
#[derive(Debug)]
pub struct Config {
    /// Its name in the policy, which is its cluster's name.
    pub(super) provider: String,
    /// What the policy's `dialect` of this provider names.
    pub(super) dialect: &'static dialect::Provider,
    /// The `host` header.
    pub(super) authority: String,
    /// What stands before every path.
    pub(super) prefix: String,
    /// Whether the provider is reached by TLS.
    pub(super) tls: bool,
    /// Whether it is reached through the hop, as streams are that are finished where they are cut.
    pub(super) hop: bool,
    /// Longest silence of the provider, in milliseconds: Envoy ends the attempt then.
    pub(super) idle_timeout_ms: u64,
    /// How many requests of this worker may have gone on from a model that failed.
    pub(super) retry_budget: RetryBudget,
    /// What Envoy buffers of a stream.
    pub(super) buffer: StreamBuffer,
    /// What the streams of this VM may hold.
    pub(super) memory: Memory,
    /// Those of this VM that have served.
    pub(super) connections: Connections,
    /// Its requests that are at a provider.
    pub(super) retries: Retries,
}

impl Config {
    /// Writes the plugin's configuration for one provider of a policy, in the cluster that all
    /// requests go to or in the one that leads to the `hop`.
    #[must_use]
    pub fn write(provider: &Provider, policy: &Policy, hop: bool, buffer: StreamBuffer) -> Vec<u8> {
        let endpoint = &provider.endpoint;
        let mut json = Writer::new();
        json.object(|json| {
            json.key("role").string("provider");
            json.key("provider").object(|json| {
                json.key("name").string(&provider.name);
                json.key("dialect").string(provider.dialect.name);
                json.key("authority").string(&endpoint.authority());
                json.key("prefix").string(&endpoint.prefix);
                json.key("tls").boolean(endpoint.tls);
                if hop {
                    json.key("hop").boolean(true);
                }
            });
            json.key("limits").object(|json| {
                let resilience = policy.resilience();
                json.key("idle_timeout_ms").number(resilience.idle_timeout_ms);
                let RetryBudget { share, at_least } = resilience.retry_budget;
                json.key("retry_share").number(share.parts().into());
                json.key("retries_at_least").number(at_least);
                buffer.write(json);
            });
        });
        json.finish()
    }

    pub(in super::super) fn read(
        root: Value<'_>,
        memory: &Memory,
        (connections, retries): (&Connections, &Retries),
    ) -> Result<Self, Vec<Problem>> {
        let at = At::Root.key("provider");
        let own = root.get("provider");
        let mut problems = Vec::new();
        let mut text = |key: &str| match own.and_then(|own| own.str_of(key)) {
            Some(text) => text.into_owned(),
            None => {
                problems.push(problem(&at.key(key), 0, "expected a string".to_owned()));
                String::new()
            }
        };
        let (provider, name) = (text("name"), text("dialect"));
        let (authority, prefix) = (text("authority"), text("prefix"));
        let limits = root.get("limits");
        let limit = |key: &str| limits.and_then(|limits| limits.get(key)?.as_u64());
        let idle = limit("idle_timeout_ms");
        let share = limit("retry_share").and_then(|parts| Share::of_parts(parts.try_into().ok()?));
        let retry_budget = RetryBudget {
            share: share.unwrap_or(Share::percent(100)),
            at_least: limit("retries_at_least").unwrap_or(u64::MAX),
        };
        let flag = |key: &str| own.and_then(|own| own.get(key)?.as_bool()).unwrap_or_default();
        let (tls, hop) = (flag("tls"), flag("hop"));
        let Some(dialect) = dialect::provider::named(&name) else {
            let message = "expected the name of a dialect".to_owned();
            problems.push(problem(&at.key("dialect"), 0, message));
            return Err(problems);
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            provider,
            dialect,
            authority,
            prefix,
            tls,
            hop,
            idle_timeout_ms: idle.unwrap_or(u64::MAX),
            retry_budget,
            buffer: StreamBuffer::read(root),
            memory: memory.clone(),
            connections: connections.clone(),
            retries: retries.clone(),
        })
    }

    /// Has that model asked next, by the same way as this one's was.
    pub(super) fn next(&self, model: &str) -> Effect {
        let next = if self.hop { hop::of_streams(model) } else { model.to_owned() };
        Effect::State(NEXT.into(), next.into_bytes())
    }
}
