//! Reads failures: `google.rpc.Status` under `error`, alone or in an array.
use crate::dialect::blame::{Said, speaks_of_a_model};
use crate::dialect::{Fault, FaultKind};
use crate::json::{Document, Limits, Value};

/// Reads the body of an answer with an error status.
pub(super) fn read(status: u16, body: &[u8]) -> Fault {
    Document::parse(body, Limits::lenient())
        .ok()
        .and_then(|document| within(document.root()).map(|error| of(error, Some(status))))
        .unwrap_or_else(|| {
            let message = format!("the provider answered with status {status}");
            let said = Said { status: Some(status), words: None, message: "" };
            said.fault(&message, FaultKind::status)
        })
}

/// The `error` of a body that is one.
pub(super) fn within(body: Value<'_>) -> Option<Value<'_>> {
    let body = if body.is_array() { body.items().next()? } else { body };
    body.get("error").filter(|error| error.is_object())
}

/// A failure that came with that status, or inside an answer that began well.
pub(super) fn of(error: Value<'_>, status: Option<u16>) -> Fault {
    let message = error.str_of("message").unwrap_or_default();
    let name = error.str_of("status").unwrap_or_default();
    let code = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let status = status.or_else(|| code.filter(|code| (400..=599).contains(code)));
    let words = kind(&name, &message, error);
    let text = match (message.is_empty(), name.is_empty()) {
        (false, _) => message.to_string(),
        (true, false) => format!("the provider answered `{name}`"),
        (true, true) => String::from("the provider answered with an error it did not explain"),
    };
    Said { status, words, message: &message }.fault(&text, FaultKind::status)
}

/// The kind that the canonical code tells, and under the broad ones the reason or the message.
fn kind(name: &str, message: &str, error: Value<'_>) -> Option<FaultKind> {
    let says = |words: &str| message.contains(words);
    Some(match name {
        "INVALID_ARGUMENT" if reason(error, "API_KEY_INVALID") || says("API key") => {
            FaultKind::Authentication
        }
        "INVALID_ARGUMENT" if says("token count") && says("exceeds") => FaultKind::ContextLength,
        "INVALID_ARGUMENT" if says("payload size exceeds") => FaultKind::TooLarge,
        "INVALID_ARGUMENT" | "OUT_OF_RANGE" => FaultKind::InvalidRequest,
        "UNAUTHENTICATED" => FaultKind::Authentication,
        // One that billing would serve, or a region that is not served: nothing in the request is
        // wrong.
        "FAILED_PRECONDITION" if says("billing") => FaultKind::Billing,
        "PERMISSION_DENIED" | "FAILED_PRECONDITION" => FaultKind::Permission,
        "NOT_FOUND" if speaks_of_a_model(message) => FaultKind::ModelNotFound,
        "NOT_FOUND" => FaultKind::NotFound,
        "RESOURCE_EXHAUSTED" if says("credits are depleted") => FaultKind::Billing,
        "RESOURCE_EXHAUSTED" => FaultKind::RateLimit,
        "UNAVAILABLE" => FaultKind::Overloaded,
        "DEADLINE_EXCEEDED" => FaultKind::Timeout,
        "INTERNAL" | "UNKNOWN" | "DATA_LOSS" | "ABORTED" | "UNIMPLEMENTED" => FaultKind::Internal,
        _ => return None,
    })
}

fn reason(error: Value<'_>, reason: &str) -> bool {
    let details = error.get("details");
    details.is_some_and(|all| {
        all.items().any(|detail| detail.get("reason").is_some_and(|own| own.is(reason)))
    })
}
