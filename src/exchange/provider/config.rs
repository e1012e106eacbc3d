//! What the provider role needs to know of its one model.
use super::super::plugin::problem;
use super::super::{Connections, Memory, StreamBuffer};
use crate::dialect::{Dialect, named};
use crate::json::{At, Value};
use crate::policy::Problem;

/// One model and how to reach it, as `tradewind render` writes it.
#[derive(Debug)]
pub struct Config {
    /// Its name in the policy, which is its cluster's name.
    pub(super) name: String,
    /// The provider's own name of it.
    pub(super) provider_model: String,
    pub(super) dialect: &'static Dialect,
    /// The `host` header.
    pub(super) authority: String,
    /// What stands before every path.
    pub(super) prefix: String,
    /// Whether the provider is reached by TLS.
    pub(super) tls: bool,
    /// Most tokens of a request and its answer together.
    pub(super) context_window: u64,
    /// Most tokens of an answer, for a dialect that must state a number.
    pub(super) max_output_tokens: u64,
    /// Longest silence of the provider, in milliseconds: Envoy ends the attempt then.
    pub(super) idle_timeout_ms: u64,
    /// What Envoy buffers of a stream.
    pub(super) buffer: StreamBuffer,
    /// What the streams of this VM may hold.
    pub(super) memory: Memory,
    /// Those of this VM that have served.
    pub(super) connections: Connections,
    /// Leave out what the dialect cannot say, and name it in a response header.
    pub(super) drops: bool,
}

impl Config {
    pub(in super::super) fn read(
        root: Value<'_>,
        memory: &Memory,
        connections: &Connections,
    ) -> Result<Self, Vec<Problem>> {
        let at = At::Root.key("model");
        let model = root.get("model");
        let mut problems = Vec::new();
        let mut text = |key: &str| match model.and_then(|model| model.str_of(key)) {
            Some(text) => text.into_owned(),
            None => {
                problems.push(problem(&at.key(key), 0, "expected a string".to_owned()));
                String::new()
            }
        };
        let (name, provider_model) = (text("name"), text("provider_model"));
        let (authority, prefix) = (text("authority"), text("prefix"));
        let (dialect, unsupported) = (text("dialect"), text("unsupported"));
        let mut tokens = |key: &str| match model.and_then(|model| model.get(key)?.as_u64()) {
            Some(tokens) => tokens,
            None => {
                let message = "expected a whole number of tokens".to_owned();
                problems.push(problem(&at.key(key), 0, message));
                0
            }
        };
        let (context_window, most) = (tokens("context_window"), tokens("max_output_tokens"));
        let limit = |key| root.get("limits").and_then(|limits| limits.get(key)?.as_u64());
        let (most_allowed, idle) = (limit("max_output_tokens"), limit("idle_timeout_ms"));
        let tls = model.and_then(|model| model.get("tls")?.as_bool()).unwrap_or_default();
        let Some(dialect) = named(&dialect) else {
            let message = "expected the name of a dialect".to_owned();
            problems.push(problem(&at.key("dialect"), 0, message));
            return Err(problems);
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            name,
            provider_model,
            dialect,
            authority,
            prefix,
            tls,
            context_window,
            max_output_tokens: most.min(most_allowed.unwrap_or(u64::MAX)),
            idle_timeout_ms: idle.unwrap_or(u64::MAX),
            buffer: StreamBuffer::read(root),
            memory: memory.clone(),
            connections: connections.clone(),
            drops: unsupported == "drop",
        })
    }

    /// Most tokens of an answer to an input of that many, when the app sets no bound; at least 1.
    pub(super) fn room(&self, input_tokens: u64) -> u64 {
        self.max_output_tokens.min(self.context_window.saturating_sub(input_tokens)).max(1)
    }
}
