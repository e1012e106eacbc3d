//! What the three simulated providers have in common: a row of functions, filled by each.
use hyper::HeaderMap;
use serde_json::Value;

use super::fault::ApiError;
use super::frame::Event;
use super::talk::{ChatAnswer, ChatRequest};

/// The head of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'r> {
    pub(super) method: &'r str,
    pub(super) path: &'r str,
    pub(super) query: &'r str,
    pub(super) headers: &'r HeaderMap,
}

impl Head<'_> {
    /// A header's value, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first header given that belongs to another provider's login.
    pub(super) fn foreign_key(&self, own: &str) -> Option<&'static str> {
        let keys = ["authorization", "x-api-key", "x-goog-api-key"];
        keys.into_iter().find(|name| *name != own && self.headers.contains_key(*name))
    }

    /// Whether the body is said to be JSON.
    pub(super) fn is_json(&self) -> bool {
        let found = self.header("content-type").unwrap_or_default();
        let essence = found.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    }
}

/// Where a path leads.
#[derive(Debug, Clone, Default)]
pub(super) struct Route {
    /// The model, where the path names it.
    pub(super) model: Option<String>,
    /// Whether the path asks for a stream.
    pub(super) stream: bool,
    /// Whether the request names Anthropic's version of 2026-10-21 instead of an older one.
    pub(super) newest: bool,
    /// Whether a stream is server-sent events.
    pub(super) sse: bool,
}

/// One provider: how its API reads, answers and refuses.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) name: &'static str,
    /// The answer's header that carries the request's id.
    pub(super) id_header: &'static str,
    /// Method and path, then the headers.
    pub(super) route: fn(&Head<'_>) -> Result<Route, ApiError>,
    /// The body, after the head was accepted.
    pub(super) read: fn(&Value, &Route) -> Result<ChatRequest, ApiError>,
    /// How a body that is not JSON is refused.
    pub(super) garbled: fn(&serde_json::Error) -> ApiError,
    /// A body in one piece.
    pub(super) whole: fn(&ChatRequest, &ChatAnswer) -> Value,
    /// A body in events.
    pub(super) stream: fn(&ChatRequest, &ChatAnswer) -> Vec<Event>,
    /// A fault as a body.
    pub(super) fault: fn(&ApiError, &str) -> Value,
    /// The status that this API has for a fault.
    pub(super) status: fn(&ApiError) -> u16,
    /// The event that carries a fault inside a stream.
    pub(super) fault_event: fn(&Value, bool) -> Event,
    /// The fault for a model that does not exist.
    pub(super) no_model: fn(&str) -> ApiError,
    /// The fault for an input longer than the model's window: tokens, window.
    pub(super) too_long: fn(u64, u64) -> ApiError,
}
