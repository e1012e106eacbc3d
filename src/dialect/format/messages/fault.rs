//! Failures in Anthropic's shape, read and written.
use crate::dialect::blame::{Said, speaks_of_a_model};
use crate::dialect::{Fault, FaultKind, quotes_key};
use crate::json::{Document, Limits, Value, Writer};

/// Most characters of a body that is no error of Anthropic's, shown in a message.
const EXCERPT: usize = 200;

/// Most bytes of an error's `details` that are told: 16 KiB.
const DETAILS: usize = 16 << 10;

/// Reads the body of an answer with an error status.
pub(super) fn read(status: u16, body: &[u8]) -> Fault {
    let document = Document::parse(body, Limits::lenient()).ok();
    let error = document.as_ref().and_then(|document| error_of(document.root()));
    match error {
        Some(error) => of_error(error, Some(status)),
        None => {
            let text = foreign(status, body);
            Said { status: Some(status), words: None, message: &text }.fault(&text, status_of)
        }
    }
}

/// The `error` object of a body, or of a stream's error event.
fn error_of(root: Value<'_>) -> Option<Value<'_>> {
    root.given("error").filter(|error| error.is_object())
}

/// Reads an error event of a stream, or a whole answer of type `error`: no status goes with those.
pub(super) fn in_band(root: Value<'_>) -> Fault {
    match error_of(root) {
        Some(error) => of_error(error, None),
        None if root.given("message").is_some() => of_error(root, None),
        None => {
            Fault::new(FaultKind::Internal, "the provider reported an error without saying which")
        }
    }
}

fn of_error(error: Value<'_>, status: Option<u16>) -> Fault {
    let name = error.str_of("type").unwrap_or_default();
    let message = error.str_of("message").unwrap_or_default();
    let text = if message.is_empty() { &name } else { &message };
    let said = Said { status, words: words(&name, &message), message: &message };
    let fault = Fault { details: details(error), ..said.fault(text, status_of) };
    let thread = error.get("details").and_then(|details| details.str_of("error_code"));
    // What the provider has kept is the app's to know of: with this code it goes on without.
    let of_app = matches!(status, None | Some(400 | 404));
    let gone = of_app && thread.is_some_and(|code| code.starts_with("thread_"));
    let kind = if gone { FaultKind::InvalidRequest } else { fault.kind };
    Fault { kind, ..fault }
}

/// What an error says to programs, on one line: a line's end stands between values only.
fn details(error: Value<'_>) -> Option<Box<str>> {
    let details = error.given("details")?.raw();
    let tells = details.len() <= DETAILS && !quotes_key(details);
    tells.then(|| details.replace(['\n', '\r'], " ").into())
}

/// The status Anthropic itself answers with, which for an overload is 529.
const fn status_of(kind: FaultKind) -> u16 {
    match kind {
        FaultKind::Overloaded => 529,
        _ => kind.status(),
    }
}

/// Anthropic has one type for every wrong request: its messages tell them apart.
fn words(name: &str, message: &str) -> Option<FaultKind> {
    let says = |part: &str| message.contains(part);
    let long = says("prompt is too long") || says("exceed context limit") || says("context window");
    Some(match name {
        "invalid_request_error" | "request_too_large" if long => FaultKind::ContextLength,
        "not_found_error" if speaks_of_a_model(message) => FaultKind::ModelNotFound,
        "invalid_request_error" => FaultKind::InvalidRequest,
        "authentication_error" => FaultKind::Authentication,
        "billing_error" => FaultKind::Billing,
        "permission_error" => FaultKind::Permission,
        "not_found_error" => FaultKind::NotFound,
        "request_too_large" => FaultKind::TooLarge,
        "rate_limit_error" => FaultKind::RateLimit,
        "timeout_error" => FaultKind::Timeout,
        "overloaded_error" => FaultKind::Overloaded,
        _ => return None,
    })
}

/// What to say of a body that is not Anthropic's: often a page of a proxy on the way.
fn foreign(status: u16, body: &[u8]) -> String {
    let text = core::str::from_utf8(body).unwrap_or_default().trim();
    let page = text.starts_with('<');
    match text.lines().next().filter(|_| !page) {
        Some(line) => {
            let line: String = line.chars().take(EXCERPT).collect();
            format!("the provider answered with status {status}: {line}")
        }
        None => format!("the provider answered with status {status} and no error we can read"),
    }
}

/// Writes a failure as a whole body.
pub(in crate::dialect) fn write(fault: &Fault, request_id: &str) -> Vec<u8> {
    let mut w = Writer::new();
    write_into(fault, request_id, &mut w);
    w.finish()
}

/// Writes a failure as the next value.
pub(super) fn write_into(fault: &Fault, request_id: &str, w: &mut Writer) {
    w.object(|w| {
        w.key("type").string("error");
        w.key("error").object(|w| {
            w.key("type").string(name(fault.kind));
            w.key("message").string(&message(fault));
            if let Some(details) = &fault.details {
                w.key("details").raw(details);
            }
        });
        w.key("request_id").string(request_id);
    });
}

const fn name(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::InvalidRequest
        | FaultKind::Unsupported
        | FaultKind::ContextLength
        | FaultKind::MethodNotAllowed => "invalid_request_error",
        FaultKind::ModelNotFound | FaultKind::NotFound => "not_found_error",
        FaultKind::TooLarge => "request_too_large",
        FaultKind::Authentication => "authentication_error",
        FaultKind::Permission => "permission_error",
        FaultKind::Billing => "billing_error",
        FaultKind::RateLimit => "rate_limit_error",
        FaultKind::Overloaded => "overloaded_error",
        FaultKind::Timeout => "timeout_error",
        FaultKind::Internal => "api_error",
    }
}

/// Anthropic's errors have no code and no parameter: what they would say goes into the message,
/// where apps look for it.
fn message(fault: &Fault) -> String {
    let lead = match fault.kind {
        FaultKind::ModelNotFound => "model_not_found",
        FaultKind::ContextLength => "prompt is too long",
        _ => fault.param.as_deref().unwrap_or_default(),
    };
    if lead.is_empty() || fault.message.contains(lead) {
        fault.message.clone()
    } else {
        format!("{lead}: {}", fault.message)
    }
}
