//! What the provider role needs to know of its one model.
use super::super::plugin::problem;
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
    /// Most tokens of an answer, for a dialect that must state a number.
    pub(super) max_output_tokens: u64,
    /// Leave out what the dialect cannot say, and name it in a response header.
    pub(super) drops: bool,
}

impl Config {
    pub(in super::super) fn read(root: Value<'_>) -> Result<Self, Vec<Problem>> {
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
        let tokens = |at: Option<Value<'_>>, key| at?.get(key)?.as_u64();
        let own = tokens(model, "max_output_tokens");
        let limit = tokens(root.get("limits"), "max_output_tokens").unwrap_or(u64::MAX);
        let tls = model.and_then(|model| model.get("tls")?.as_bool()).unwrap_or_default();
        match (named(&dialect), own) {
            (Some(dialect), Some(own)) if problems.is_empty() => Ok(Self {
                name,
                provider_model,
                dialect,
                authority,
                prefix,
                tls,
                max_output_tokens: own.min(limit),
                drops: unsupported == "drop",
            }),
            (dialect, own) => {
                if dialect.is_none() {
                    let message = "expected the name of a dialect".to_owned();
                    problems.push(problem(&at.key("dialect"), 0, message));
                }
                if own.is_none() {
                    let message = "expected a whole number of tokens".to_owned();
                    problems.push(problem(&at.key("max_output_tokens"), 0, message));
                }
                Err(problems)
            }
        }
    }
}
