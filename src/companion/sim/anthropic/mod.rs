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
use super::fault::{Fault, Sort};
use super::frame::Event;
use super::shape::{JsonType, Why, Wrong};

pub(super) const API: Api = Api {
    name: "anthropic",
    id_header: "request-id",
    route,
    read: |body, route| read::read(body, route.newest).map_err(words),
    garbled: |why| Fault::bad(format!("The request body is not valid JSON: {why}")),
    whole: say::whole,
    stream: say::stream,
    fault,
    status: |fault| if fault.sort == Sort::Overloaded { 529 } else { fault.status },
    fault_event: |fault, _| Event { name: Some("error"), ..Event::data(fault.to_string(), false) },
    no_model: |model| Fault::new(404, Sort::NotFound, format!("model: {model}")),
    too_long: |tokens, window| {
        let message = format!("prompt is too long: {tokens} tokens > {window} maximum");
        Fault::new(400, Sort::Context, message)
    },
};

fn route(head: &Head<'_>) -> Result<Route, Fault> {
    if head.path != "/v1/messages" {
        return Err(Fault::new(404, Sort::NotFound, "Not Found"));
    }
    if head.method != "POST" {
        return Err(Fault::new(405, Sort::Method, "Method Not Allowed"));
    }
    if let Some(name) = head.foreign_key("x-api-key") {
        return Err(Fault::bad(format!("another provider's `{name}` header reached Anthropic")));
    }
    let Some(key) = head.header("x-api-key") else {
        return Err(Fault::new(401, Sort::Auth, "x-api-key header is required"));
    };
    if key.is_empty() || key.contains(' ') || key.contains("invalid") {
        return Err(Fault::new(401, Sort::Auth, "invalid x-api-key"));
    }
    let newest = head.header("anthropic-version") == Some("2026-10-21");
    match head.header("anthropic-version") {
        None => return Err(Fault::bad("anthropic-version: header is required")),
        Some("2026-10-21" | "2023-06-01" | "2023-01-01") => {}
        Some(other) => {
            let message = format!("anthropic-version: \"{other}\" is not a valid version");
            return Err(Fault::bad(message));
        }
    }
    if !head.is_json() {
        return Err(Fault::bad("content-type: must be application/json"));
    }
    Ok(Route { sse: true, newest, ..Route::default() })
}

fn words(wrong: Wrong) -> Fault {
    let path = wrong.path;
    Fault::bad(match wrong.why {
        Why::Unknown => format!("{path}: Extra inputs are not permitted"),
        Why::Missing => format!("{path}: Field required"),
        Why::Type { wanted, .. } => format!("{path}: Input should be {}", wanted_type(wanted)),
        Why::Said { message, .. } => message,
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

fn fault(fault: &Fault, request_id: &str) -> Value {
    let name = match fault.sort {
        Sort::Auth => "authentication_error",
        Sort::Permission => "permission_error",
        Sort::Quota => "billing_error",
        Sort::NotFound => "not_found_error",
        Sort::TooLarge => "request_too_large",
        Sort::RateLimit => "rate_limit_error",
        Sort::Server => "api_error",
        Sort::Overloaded => "overloaded_error",
        Sort::Timeout => "timeout_error",
        Sort::BadRequest | Sort::Method | Sort::Context => "invalid_request_error",
    };
    json!({
        "type": "error",
        "error": {"type": name, "message": fault.message},
        "request_id": request_id,
    })
}
