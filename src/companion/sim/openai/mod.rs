//! OpenAI's chat completions, played.
//!
//! Shapes and messages follow the public API reference (platform.openai.com/docs/api-reference)
//! and errors that users have published.
mod messages;
mod model;
mod read;
mod say;
mod tools;

use serde_json::{Value, json};

use super::api::{Api, Head, Route};
use super::fault::{ApiError, ErrorKind};
use super::frame::Event;
use super::shape::{InvalidField, Reason, bracketed, kind};

pub(super) const API: Api = Api {
    name: "openai",
    id_header: "x-request-id",
    route,
    read: |body, _| read::read(body).map_err(words),
    garbled: |_| {
        ApiError::bad(
            "We could not parse the JSON body of your request. The OpenAI API expects a JSON \
             payload, but what was sent was not valid JSON.",
        )
    },
    whole: say::whole,
    stream: say::stream,
    fault,
    status: |fault| if fault.sort == ErrorKind::Overloaded { 503 } else { fault.status },
    fault_event: |fault, _| Event::data(fault.to_string(), false),
    no_model: |model| {
        ApiError::new(
            404,
            ErrorKind::NotFound,
            format!("The model `{model}` does not exist or you do not have access to it."),
        )
        .code("model_not_found")
    },
    too_long: |tokens, window| {
        ApiError::new(
            400,
            ErrorKind::Context,
            format!(
                "This model's maximum context length is {window} tokens. However, your messages \
                 resulted in {tokens} tokens. Please reduce the length of the messages."
            ),
        )
        .param("messages")
        .code("context_length_exceeded")
    },
};

fn route(head: &Head<'_>) -> Result<Route, ApiError> {
    let Head { method, path, .. } = head;
    if *path != "/v1/chat/completions" {
        let message = format!("Invalid URL ({method} {path})");
        return Err(ApiError::new(404, ErrorKind::NotFound, message));
    }
    if *method != "POST" {
        let message = format!("Not allowed to {method} on {path}.");
        return Err(ApiError::new(405, ErrorKind::Method, message).code("method_not_supported"));
    }
    if let Some(name) = head.foreign_key("authorization") {
        return Err(ApiError::bad(format!("another provider's `{name}` header reached OpenAI")));
    }
    let Some(login) = head.header("authorization") else {
        let message = "You didn't provide an API key. You need to provide your API key in an \
                       Authorization header using Bearer auth (i.e. Authorization: Bearer \
                       YOUR_KEY).";
        return Err(ApiError::new(401, ErrorKind::Auth, message));
    };
    let key = login.strip_prefix("Bearer ").filter(|key| !key.is_empty() && !key.contains(' '));
    if key.is_none_or(|key| key.contains("invalid")) {
        let message = "Incorrect API key provided. You can find your API key at \
                       https://platform.openai.com/account/api-keys.";
        return Err(ApiError::new(401, ErrorKind::Auth, message).code("invalid_api_key"));
    }
    if !head.is_json() {
        let found = head.header("content-type").unwrap_or_default();
        return Err(ApiError::bad(format!(
            "Invalid content type. Expected 'application/json', but got '{found}'."
        )));
    }
    Ok(Route { sse: true, ..Route::default() })
}

fn words(wrong: InvalidField) -> ApiError {
    let path = bracketed(&wrong.path);
    let (message, code) = match wrong.why {
        Reason::Unknown if !path.contains(['.', '[']) => {
            return ApiError::bad(format!("Unrecognized request argument supplied: {path}"));
        }
        Reason::Unknown => (format!("Unknown parameter: '{path}'."), Some("unknown_parameter")),
        Reason::Missing => {
            (format!("Missing required parameter: '{path}'."), Some("missing_required_parameter"))
        }
        Reason::Type { wanted, got } => {
            let wanted = read::wanted(wanted);
            let got = kind(&got);
            let message =
                format!("Invalid type for '{path}': expected {wanted}, but got {got} instead.");
            (message, Some("invalid_type"))
        }
        Reason::Message { message, code } => (message, code),
    };
    ApiError { param: (!path.is_empty()).then_some(path), code, ..ApiError::bad(message) }
}

fn fault(fault: &ApiError, _: &str) -> Value {
    let name = match fault.sort {
        ErrorKind::RateLimit if fault.code.is_none() => "requests",
        ErrorKind::RateLimit => "tokens",
        ErrorKind::Quota => "insufficient_quota",
        ErrorKind::Server | ErrorKind::Overloaded | ErrorKind::Timeout => "server_error",
        _ => "invalid_request_error",
    };
    let code = fault.code.or(match fault.sort {
        ErrorKind::RateLimit => Some("rate_limit_exceeded"),
        ErrorKind::Quota => Some("insufficient_quota"),
        ErrorKind::Context => Some("context_length_exceeded"),
        ErrorKind::Auth if fault.status == 401 && fault.message.starts_with("Simulated") => {
            Some("invalid_api_key")
        }
        _ => None,
    });
    json!({"error": {
        "message": fault.message, "type": name, "param": fault.param, "code": code,
    }})
}
