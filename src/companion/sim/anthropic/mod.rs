//! Anthropic's messages, played.
//!
//! Shapes and messages follow the public API reference (docs.anthropic.com/en/api/messages) and
//! errors that users have published.
mod ids;
mod messages;
mod model;
mod parts;
mod read;
mod say;
mod tools;

use serde_json::{Value, json};

use super::api::{Api, Head, Route};
use super::fault::{ApiError, ErrorKind};
use super::frame::Event;
use super::shape::{InvalidField, JsonType, Reason};

pub(super) const API: Api = Api {
    name: "anthropic",
    id_header: "request-id",
    route,
    read: |body, route| read::read(body, route.newest).map_err(words),
    garbled: |why| ApiError::bad(format!("The request body is not valid JSON: {why}")),
    whole: say::whole,
    stream: say::stream,
    fault,
    status: |fault| if fault.sort == ErrorKind::Overloaded { 529 } else { fault.status },
    fault_event: |fault, _| Event { name: Some("error"), ..Event::data(fault.to_string(), false) },
    no_model: |model| ApiError::new(404, ErrorKind::NotFound, format!("model: {model}")),
    too_long: |tokens, window| {
        let message = format!("prompt is too long: {tokens} tokens > {window} maximum");
        ApiError::new(400, ErrorKind::Context, message)
    },
};

fn route(head: &Head<'_>) -> Result<Route, ApiError> {
    if head.path != "/v1/messages" {
        return Err(ApiError::new(404, ErrorKind::NotFound, "Not Found"));
    }
    if head.method != "POST" {
        return Err(ApiError::new(405, ErrorKind::Method, "Method Not Allowed"));
    }
    // A token goes where OpenAI's keys do, and never beside a key of Anthropic's own.
    // platform.claude.com/docs/en/api/overview
    let token = head.header("authorization").and_then(|given| given.strip_prefix("Bearer "));
    let own = if head.header("x-api-key").is_none() && token.is_some() {
        "authorization"
    } else {
        "x-api-key"
    };
    if let Some(name) = head.foreign_key(own) {
        return Err(ApiError::bad(format!("another provider's `{name}` header reached Anthropic")));
    }
    let Some(key) = head.header("x-api-key").or(token) else {
        return Err(ApiError::new(401, ErrorKind::Auth, "x-api-key header is required"));
    };
    if key.is_empty() || key.contains(' ') || key.contains("invalid") {
        return Err(ApiError::new(401, ErrorKind::Auth, "invalid x-api-key"));
    }
    let newest = head.header("anthropic-version") == Some("2026-10-21");
    match head.header("anthropic-version") {
        None => return Err(ApiError::bad("anthropic-version: header is required")),
        Some("2026-10-21" | "2023-06-01" | "2023-01-01") => {}
        Some(other) => {
            let message = format!("anthropic-version: \"{other}\" is not a valid version");
            return Err(ApiError::bad(message));
        }
    }
    if !head.is_json() {
        return Err(ApiError::bad("content-type: must be application/json"));
    }
    Ok(Route { sse: true, newest, ..Route::default() })
}

fn words(wrong: InvalidField) -> ApiError {
    let path = wrong.path;
    ApiError::bad(match wrong.why {
        Reason::Unknown => format!("{path}: Extra inputs are not permitted"),
        Reason::Missing => format!("{path}: Field required"),
        Reason::Type { wanted, .. } => format!("{path}: Input should be {}", wanted_type(wanted)),
        Reason::Message { message, .. } => message,
    })
}

const fn wanted_type(is: JsonType) -> &'static str {
    match is {
        JsonType::Text => "a valid string",
        JsonType::Number => "a valid number",
        JsonType::Integer => "a valid integer",
        JsonType::Flag => "a valid boolean",
        JsonType::List => "a valid list",
        JsonType::Object | JsonType::TextOrObject => "a valid dictionary",
        JsonType::TextOrList => "a valid string or list",
        JsonType::Any => "a valid value",
    }
}

fn fault(fault: &ApiError, request_id: &str) -> Value {
    let name = match fault.sort {
        ErrorKind::Auth => "authentication_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::Quota => "billing_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::RateLimit => "rate_limit_error",
        ErrorKind::Server => "api_error",
        ErrorKind::Overloaded => "overloaded_error",
        ErrorKind::Timeout => "timeout_error",
        ErrorKind::BadRequest | ErrorKind::Method | ErrorKind::Context => "invalid_request_error",
    };
    json!({
        "type": "error",
        "error": {"type": name, "message": fault.message},
        "request_id": request_id,
    })
}
