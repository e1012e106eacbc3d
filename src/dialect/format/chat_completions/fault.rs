//! Failures: `{"error": {"message", "type", "param", "code"}}`.
use std::borrow::Cow;

use crate::dialect::blame::{Said, speaks_of_a_model};
use crate::dialect::redact::redact;
use crate::dialect::{Fault, FaultKind};
use crate::json::{Document, Limits, Value, Writer};

/// Writes a failure as a whole body. The request's id has its header in this format.
pub(in crate::dialect) fn write(fault: &Fault, _request_id: &str) -> Vec<u8> {
    let mut out = Writer::new();
    out.object(|body| {
        body.key("error").object(|error| {
            let (kind, code) = names(fault.kind);
            error.key("message").string(&fault.message);
            error.key("type").string(kind);
            match &fault.param {
                Some(param) => error.key("param").string(param),
                None => error.key("param").null(),
            }
            match fault.code.as_deref().or(code) {
                Some(code) => error.key("code").string(code),
                None => error.key("code").null(),
            }
        });
    });
    out.finish()
}

/// The `type` and the `code` of a kind.
pub(super) const fn names(kind: FaultKind) -> (&'static str, Option<&'static str>) {
    const REQUEST: &str = "invalid_request_error";
    const SERVER: &str = "server_error";
    match kind {
        FaultKind::InvalidRequest | FaultKind::NotFound => (REQUEST, None),
        FaultKind::Unsupported => (REQUEST, Some("unsupported_parameter")),
        FaultKind::ContextLength => (REQUEST, Some("context_length_exceeded")),
        FaultKind::ModelNotFound => (REQUEST, Some("model_not_found")),
        FaultKind::MethodNotAllowed => (REQUEST, Some("method_not_supported")),
        FaultKind::TooLarge => (REQUEST, Some("request_too_large")),
        FaultKind::Authentication => (REQUEST, Some("invalid_api_key")),
        FaultKind::Permission => ("permission_error", Some("permission_denied")),
        FaultKind::Billing => ("insufficient_quota", Some("insufficient_quota")),
        FaultKind::RateLimit => ("rate_limit_error", Some("rate_limit_exceeded")),
        FaultKind::Overloaded => (SERVER, Some("server_overloaded")),
        FaultKind::Timeout => (SERVER, Some("timeout")),
        FaultKind::Internal => (SERVER, None),
    }
}

/// Reads the body of an answer with an error status.
pub(super) fn read(status: u16, body: &[u8]) -> Fault {
    let document = match Document::parse(body, Limits::lenient()) {
        Ok(document) => document,
        Err(_) => return unread(status, body),
    };
    let root = document.root();
    // Google's compatible endpoint wraps the object in a list.
    let root = root.items().next().unwrap_or(root);
    match root.given("error") {
        Some(error) => of_error(Some(status), error),
        None => of_error(Some(status), root),
    }
}

/// Reads a failure that came with a status of success: the status is what the error says or what
/// usually goes with its kind.
pub(super) fn in_band(error: Value<'_>) -> Fault {
    of_error(None, error)
}

fn of_error(status: Option<u16>, error: Value<'_>) -> Fault {
    let code = error.get("code").or_else(|| error.get("status"));
    let status = status.or_else(|| code.and_then(as_status));
    let kind_name = error.str_of("type").unwrap_or_default();
    let code = code.and_then(Value::as_str).unwrap_or_default();
    let text = message(error);
    let said = |key: &str| error.str_of(key).filter(|text| !text.is_empty());
    let own = |key: &str| said(key).map(|text| redact(&text).into_owned());
    let (param, own_code) = (own("param"), own("code"));
    let said = Said { status, words: words(status, &kind_name, &code, &text), message: &text };
    let fault = if text.is_empty() {
        said.fault(&nameless(status.unwrap_or(said.kind().status())), FaultKind::status)
    } else {
        said.fault(&text, FaultKind::status)
    };
    // A code that stands for another kind of failure would tell an app what it is not.
    let own_code = own_code.filter(|code| named(code).is_none_or(|kind| kind == fault.kind));
    Fault { param, code: own_code.map(Into::into), ..fault }
}

fn as_status(code: Value<'_>) -> Option<u16> {
    let code = code.as_str().map_or_else(|| code.as_u64(), |text| text.parse().ok())?;
    u16::try_from(code).ok().filter(|status| (400..600).contains(status))
}

/// The text for people, in the shapes that compatible servers use.
fn message(error: Value<'_>) -> Cow<'_, str> {
    if let Some(text) = error.as_str() {
        return text;
    }
    let keys = ["message", "detail", "msg", "error", "title"];
    for value in keys.iter().filter_map(|key| error.given(key)) {
        if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
            return text;
        }
        // FastAPI's list of what is wrong with a request.
        let nested = value.items().next().unwrap_or(value);
        if let Some(text) = nested.str_of("msg").or_else(|| nested.str_of("message")) {
            return text;
        }
    }
    Cow::Borrowed("")
}

/// What the code, the type or the message stands for.
fn words(status: Option<u16>, name: &str, code: &str, message: &str) -> Option<FaultKind> {
    if let Some(kind) = named(code).or_else(|| named(name)) {
        return Some(kind);
    }
    let kind = match status {
        Some(status) => FaultKind::of_status(status),
        None => by_type(name)?,
    };
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|words| message.contains(words));
    Some(match kind {
        FaultKind::InvalidRequest | FaultKind::NotFound | FaultKind::TooLarge
            if says(&TOO_LONG) =>
        {
            FaultKind::ContextLength
        }
        // The model's name is not the app's but the policy's.
        FaultKind::InvalidRequest if says(&WRONG_MODEL) => FaultKind::ModelNotFound,
        FaultKind::NotFound if speaks_of_a_model(&message) && says(&NO_MODEL) => {
            FaultKind::ModelNotFound
        }
        kind => kind,
    })
}

/// What servers say when a request is longer than the context window.
const TOO_LONG: [&str; 6] = [
    "maximum context length",
    "context length exceeded",
    "context window",
    "exceeds the model's context",
    "prompt is too long",
    "input is too long",
];

/// What servers say of a model that is not there.
const NO_MODEL: [&str; 6] =
    ["not found", "does not exist", "not exist", "deprecated", "decommissioned", "no such"];

/// What servers say of it with 400, in words that speak of nothing else.
const WRONG_MODEL: [&str; 4] =
    ["is not a valid model id", "invalid model id", "model not exist", "invalid model:"];

/// Codes, and types that are as exact as a code.
fn named(code: &str) -> Option<FaultKind> {
    Some(match code {
        "context_length_exceeded" => FaultKind::ContextLength,
        "model_not_found"
        | "model_decommissioned"
        | "model_not_available"
        | "invalid_model"
        | "DeploymentNotFound" => FaultKind::ModelNotFound,
        "insufficient_quota"
        | "billing_hard_limit_reached"
        | "billing_not_active"
        | "blocked_api_access"
        | "insufficient_balance" => FaultKind::Billing,
        "access_terminated"
        | "account_deactivated"
        | "organization_restricted"
        | "unsupported_country_region_territory" => FaultKind::Permission,
        // The model's own words were no call and no JSON: nothing in the request is wrong.
        "tool_use_failed" | "json_validate_failed" => FaultKind::Internal,
        "rate_limit_exceeded" | "rate_limit_error" | "too_many_requests" => FaultKind::RateLimit,
        "invalid_api_key" | "authentication_error" => FaultKind::Authentication,
        "permission_error" | "permission_denied" | "insufficient_permissions" => {
            FaultKind::Permission
        }
        "unsupported_parameter" | "unsupported_value" => FaultKind::Unsupported,
        "method_not_supported" => FaultKind::MethodNotAllowed,
        "request_too_large" => FaultKind::TooLarge,
        "overloaded_error" | "server_overloaded" | "engine_overloaded" | "overloaded"
        | "capacity_exceeded" => FaultKind::Overloaded,
        "timeout" | "timeout_error" => FaultKind::Timeout,
        _ => return None,
    })
}

/// Types that say less than a status does.
fn by_type(name: &str) -> Option<FaultKind> {
    Some(match name {
        "invalid_request_error" | "BadRequestError" => FaultKind::InvalidRequest,
        "not_found_error" | "NotFoundError" => FaultKind::NotFound,
        "requests" | "tokens" => FaultKind::RateLimit,
        _ => return None,
    })
}

/// A body that is not JSON: kept when it is a line for people, not when it is a page.
fn unread(status: u16, body: &[u8]) -> Fault {
    let text = core::str::from_utf8(body).unwrap_or_default().trim();
    let line = !text.is_empty() && text.len() <= 300 && !text.starts_with(['<', '{', '[']);
    let text = if line { text.to_owned() } else { nameless(status) };
    let words = words(Some(status), "", "", &text);
    Said { status: Some(status), words, message: &text }.fault(&text, FaultKind::status)
}

fn nameless(status: u16) -> String {
    format!("the provider answered with status {status} and no message")
}
