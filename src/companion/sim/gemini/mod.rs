//! Gemini's generateContent, played.
//!
//! Shapes and messages follow the public API reference (ai.google.dev/api/generate-content) and
//! errors that users have published.
mod contents;
mod model;
mod read;
mod say;
mod schema;
mod tools;

use serde_json::{Value, json};

use super::api::{Api, Head, Route};
use super::fault::{ApiError, ErrorKind};
use super::frame::Event;
use super::shape::{InvalidField, JsonType, Reason, bracketed};

pub(super) const API: Api = Api {
    name: "gemini",
    id_header: "x-goog-request-id",
    route,
    read: |body, route| read::read(body, route).map_err(words),
    garbled: |why| {
        ApiError::bad(format!("Invalid JSON payload received. Unexpected token.\n{why}"))
    },
    whole: say::whole,
    stream: say::stream,
    fault,
    status: |fault| if fault.sort == ErrorKind::Overloaded { 503 } else { fault.status },
    fault_event: |fault, sse| Event {
        bare: !sse,
        crlf: true,
        ..Event::data(fault.to_string(), false)
    },
    no_model: |model| {
        ApiError::new(
            404,
            ErrorKind::NotFound,
            format!(
                "models/{model} is not found for API version v1beta, or is not supported for \
                 generateContent. Call ListModels to see the list of available models and their \
                 supported methods."
            ),
        )
    },
    too_long: |tokens, window| {
        let message = format!(
            "The input token count ({tokens}) exceeds the maximum number of tokens allowed \
             ({window})."
        );
        ApiError::new(400, ErrorKind::Context, message)
    },
};

fn route(head: &Head<'_>) -> Result<Route, ApiError> {
    let rest = ["/v1beta/models/", "/v1/models/"]
        .into_iter()
        .find_map(|start| head.path.strip_prefix(start));
    let found = rest.and_then(|rest| rest.split_once(':'));
    let Some((model, verb)) = found.filter(|(model, verb)| {
        !model.is_empty()
            && !model.contains('/')
            && ["generateContent", "streamGenerateContent"].contains(verb)
    }) else {
        let message = format!("The requested URL {} was not found on this server.", head.path);
        return Err(ApiError::new(404, ErrorKind::NotFound, message));
    };
    if head.method != "POST" {
        let message = format!("The method {} is not allowed on {}.", head.method, head.path);
        return Err(ApiError::new(405, ErrorKind::Method, message));
    }
    if let Some(name) = head.foreign_key("x-goog-api-key") {
        return Err(ApiError::bad(format!("another provider's `{name}` header reached Gemini")));
    }
    let parameter = |name: &str| {
        let mut pairs = head.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
    };
    let Some(key) = head.header("x-goog-api-key").or_else(|| parameter("key")) else {
        let message = "Method doesn't allow unregistered callers (callers without established \
                       identity). Please use API Key or other form of API consumer identity to \
                       call this API.";
        return Err(ApiError::new(403, ErrorKind::Permission, message));
    };
    if key.is_empty() || key.contains(' ') || key.contains("invalid") {
        let message = "API key not valid. Please pass a valid API key.";
        return Err(ApiError::bad(message).code("API_KEY_INVALID"));
    }
    if !head.is_json() {
        let found = head.header("content-type").unwrap_or_default();
        return Err(ApiError::bad(format!(
            "Invalid content type `{found}`; send application/json."
        )));
    }
    let stream = verb == "streamGenerateContent";
    let sse = match parameter("alt") {
        None | Some("json") => false,
        Some("sse") if stream => true,
        Some(other) => {
            let message = format!("Invalid value for query parameter `alt`: {other}");
            return Err(ApiError::bad(message));
        }
    };
    Ok(Route { model: Some(model.to_owned()), stream, sse, ..Route::default() })
}

/// `generationConfig.topP` as the API's messages have it: `generation_config.top_p`.
pub(super) fn snake(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in bracketed(path).chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn words(wrong: InvalidField) -> ApiError {
    let path = snake(&wrong.path);
    ApiError::bad(match wrong.why {
        Reason::Unknown => {
            let (at, name) = wrong.path.rsplit_once('.').unwrap_or(("", &wrong.path));
            let at = if at.is_empty() { String::new() } else { format!(" at '{}'", snake(at)) };
            format!(
                "Invalid JSON payload received. Unknown name \"{name}\"{at}: Cannot find field."
            )
        }
        Reason::Missing => {
            let name = path.rsplit('.').next().unwrap_or_default();
            format!("* GenerateContentRequest.{path}: {name} is not specified\n")
        }
        Reason::Type { wanted, got } => {
            let wanted = match wanted {
                JsonType::Text | JsonType::TextOrList | JsonType::TextOrObject => "TYPE_STRING",
                JsonType::Number => "TYPE_FLOAT",
                JsonType::Integer => "TYPE_INT32",
                JsonType::Flag => "TYPE_BOOL",
                _ => "TYPE_MESSAGE",
            };
            format!("Invalid value at '{path}' ({wanted}), {got}")
        }
        Reason::Message { message, .. } => message,
    })
}

fn fault(fault: &ApiError, _: &str) -> Value {
    let status = match fault.sort {
        ErrorKind::BadRequest | ErrorKind::Context | ErrorKind::Method | ErrorKind::TooLarge => {
            "INVALID_ARGUMENT"
        }
        ErrorKind::Auth => "UNAUTHENTICATED",
        ErrorKind::Permission => "PERMISSION_DENIED",
        ErrorKind::NotFound => "NOT_FOUND",
        ErrorKind::RateLimit | ErrorKind::Quota => "RESOURCE_EXHAUSTED",
        ErrorKind::Server => "INTERNAL",
        ErrorKind::Overloaded => "UNAVAILABLE",
        ErrorKind::Timeout => "DEADLINE_EXCEEDED",
    };
    let mut details = Vec::new();
    if let Some(reason) = fault.code {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason,
            "domain": "googleapis.com",
        }));
    }
    if let Some(seconds) = fault.retry_after.as_deref().filter(|wait| wait.parse::<u64>().is_ok()) {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{seconds}s"),
        }));
    }
    let mut error = json!({
        "code": (API.status)(fault), "message": fault.message, "status": status,
    });
    if let (false, Some(error)) = (details.is_empty(), error.as_object_mut()) {
        error.insert("details".to_owned(), Value::Array(details));
    }
    json!({"error": error})
}
