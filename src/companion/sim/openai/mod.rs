//! OpenAI's chat completions, played.
//!
//! Shapes and messages follow the public API reference (platform.openai.com/docs/api-reference)
//! and errors that users have published.
mod messages;
mod read;
mod say;
mod tools;

use serde_json::{Value, json};

use super::api::{Api, Head, Route};
use super::fault::{Fault, Sort};
use super::frame::Event;
use super::shape::{Why, Wrong, bracketed, kind};

pub(super) const API: Api = Api {
    name: "openai",
    id_header: "x-request-id",
    route,
    read: |body, _| read::read(body).map_err(words),
    garbled: |_| {
        Fault::bad(
            "We could not parse the JSON body of your request. The OpenAI API expects a JSON \
             payload, but what was sent was not valid JSON.",
        )
    },
    whole: say::whole,
    stream: say::stream,
    fault,
    status: |fault| if fault.sort == Sort::Overloaded { 503 } else { fault.status },
    fault_event: |fault, _| Event::data(fault.to_string(), false),
    no_model: |model| {
        Fault::new(
            404,
            Sort::NotFound,
            format!("The model `{model}` does not exist or you do not have access to it."),
        )
        .code("model_not_found")
    },
    too_long: |tokens, window| {
        Fault::new(
            400,
            Sort::Context,
            format!(
                "This model's maximum context length is {window} tokens. However, your messages \
                 resulted in {tokens} tokens. Please reduce the length of the messages."
            ),
        )
        .param("messages")
        .code("context_length_exceeded")
    },
};

fn route(head: &Head<'_>) -> Result<Route, Fault> {
    let Head { method, path, .. } = head;
    if *path != "/v1/chat/completions" {
        let message = format!("Invalid URL ({method} {path})");
        return Err(Fault::new(404, Sort::NotFound, message));
    }
    if *method != "POST" {
        let message = format!("Not allowed to {method} on {path}.");
        return Err(Fault::new(405, Sort::Method, message).code("method_not_supported"));
    }
    if let Some(name) = head.foreign_key("authorization") {
        return Err(Fault::bad(format!("another provider's `{name}` header reached OpenAI")));
    }
    let Some(login) = head.header("authorization") else {
        let message = "You didn't provide an API key. You need to provide your API key in an \
                       Authorization header using Bearer auth (i.e. Authorization: Bearer \
                       YOUR_KEY).";
        return Err(Fault::new(401, Sort::Auth, message));
    };
    let key = login.strip_prefix("Bearer ").filter(|key| !key.is_empty() && !key.contains(' '));
    if key.is_none_or(|key| key.contains("invalid")) {
        let message = "Incorrect API key provided. You can find your API key at \
                       https://platform.openai.com/account/api-keys.";
        return Err(Fault::new(401, Sort::Auth, message).code("invalid_api_key"));
    }
    if !head.is_json() {
        let found = head.header("content-type").unwrap_or_default();
        return Err(Fault::bad(format!(
            "Invalid content type. Expected 'application/json', but got '{found}'."
        )));
    }
    Ok(Route { sse: true, ..Route::default() })
}

fn words(wrong: Wrong) -> Fault {
    let path = bracketed(&wrong.path);
    let (message, code) = match wrong.why {
        Why::Unknown if !path.contains(['.', '[']) => {
            return Fault::bad(format!("Unrecognized request argument supplied: {path}"));
        }
        Why::Unknown => (format!("Unknown parameter: '{path}'."), Some("unknown_parameter")),
        Why::Missing => {
            (format!("Missing required parameter: '{path}'."), Some("missing_required_parameter"))
        }
        Why::Type { wanted, got } => {
            let wanted = read::wanted(wanted);
            let got = kind(&got);
            let message =
                format!("Invalid type for '{path}': expected {wanted}, but got {got} instead.");
            (message, Some("invalid_type"))
        }
        Why::Said { message, code } => (message, code),
    };
    Fault { param: (!path.is_empty()).then_some(path), code, ..Fault::bad(message) }
}

fn fault(fault: &Fault, _: &str) -> Value {
    let name = match fault.sort {
        Sort::RateLimit if fault.code.is_none() => "requests",
        Sort::RateLimit => "tokens",
        Sort::Quota => "insufficient_quota",
        Sort::Server | Sort::Overloaded | Sort::Timeout => "server_error",
        _ => "invalid_request_error",
    };
    let code = fault.code.or(match fault.sort {
        Sort::RateLimit => Some("rate_limit_exceeded"),
        Sort::Quota => Some("insufficient_quota"),
        Sort::Context => Some("context_length_exceeded"),
        Sort::Auth if fault.status == 401 && fault.message.starts_with("Simulated") => {
            Some("invalid_api_key")
        }
        _ => None,
    });
    json!({"error": {
        "message": fault.message, "type": name, "param": fault.param, "code": code,
    }})
}
