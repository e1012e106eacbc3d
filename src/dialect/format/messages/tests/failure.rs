//! Failures, both ways, and the list of models.
use super::super::write_fault;
use super::FORMAT;
use crate::dialect::{Fault, FaultKind};

#[test]
fn reads_what_a_provider_refuses() {
    use FaultKind as K;
    let table = [
        (400, "invalid_request_error", "max_tokens: Field required", K::InvalidRequest),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum",
            K::ContextLength,
        ),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 199000 + 8000 > 200000",
            K::ContextLength,
        ),
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the API",
            K::Billing,
        ),
        (401, "authentication_error", "invalid x-api-key", K::Authentication),
        (402, "billing_error", "payment failed", K::Billing),
        (403, "permission_error", "not allowed", K::Permission),
        (404, "not_found_error", "model: claude-nope", K::ModelNotFound),
        (404, "not_found_error", "Not found", K::NotFound),
        (413, "request_too_large", "Request exceeds the maximum size", K::TooLarge),
        (429, "rate_limit_error", "slow down", K::RateLimit),
        (500, "api_error", "Internal server error", K::Internal),
        (504, "timeout_error", "timed out", K::Timeout),
        (529, "overloaded_error", "Overloaded", K::Overloaded),
        (503, "new_error", "something new", K::Overloaded),
    ];
    for (status, name, message, kind) in table {
        let body = format!(
            r#"{{"type":"error","request_id":"req_1",
                "error":{{"type":"{name}","message":"{message}"}}}}"#
        );
        let fault = (FORMAT.read_fault)(status, body.as_bytes());
        assert_eq!((fault.kind, fault.status), (kind, status), "{message}");
        assert_eq!(fault.message, message);
    }
}

/// A lost thread is the app's to know of; a provider that is down is not made its fault.
#[test]
fn a_code_of_threads_is_the_apps_where_the_status_says_so() {
    let body = r#"{"type":"error","error":{"type":"not_found_error","message":"model gone",
        "details":{"error_code":"thread_not_found"}}}"#;
    let kind = |status| (FORMAT.read_fault)(status, body.as_bytes()).kind;
    assert_eq!(kind(404), FaultKind::InvalidRequest);
    assert_ne!(kind(529), FaultKind::InvalidRequest);
}

#[test]
fn says_something_of_a_body_that_is_no_error() {
    let none = "the provider answered with status 502 and no error we can read";
    let table: [(&[u8], &str); 5] = [
        (b"", none),
        (b"<html><body>Bad Gateway</body></html>", none),
        (b"\xff\xfe", none),
        (
            b"upstream connect error\nmore",
            "the provider answered with status 502: upstream connect error",
        ),
        (b"{\"error\":\"x\"}", "the provider answered with status 502: {\"error\":\"x\"}"),
    ];
    for (body, message) in table {
        let fault = (FORMAT.read_fault)(502, body);
        assert_eq!((fault.kind, fault.status), (FaultKind::Internal, 502));
        assert_eq!(fault.message, message);
    }
    let long = (FORMAT.read_fault)(500, "é".repeat(5000).as_bytes());
    assert!(long.message.chars().count() < 260, "{}", long.message.len());
}

#[test]
fn writes_a_failure_with_all_that_it_knows() {
    let table = [
        (
            Fault::field(
                "messages[2].content[0].source.data",
                "expected a string, but it is missing",
            ),
            "invalid_request_error",
            "`messages[2].content[0].source.data`: expected a string, but it is missing",
        ),
        (
            Fault::new(FaultKind::ModelNotFound, "no route serves `gpt5`; did you mean `gpt-5`?"),
            "not_found_error",
            "model_not_found: no route serves `gpt5`; did you mean `gpt-5`?",
        ),
        (
            Fault::new(FaultKind::ContextLength, "no model is large enough"),
            "invalid_request_error",
            "prompt is too long: no model is large enough",
        ),
        (
            Fault { param: Some("tools[0]".into()), ..Fault::new(FaultKind::InvalidRequest, "no") },
            "invalid_request_error",
            "tools[0]: no",
        ),
        (Fault::new(FaultKind::MethodNotAllowed, "use POST"), "invalid_request_error", "use POST"),
        (Fault::new(FaultKind::Authentication, "no key"), "authentication_error", "no key"),
        (Fault::new(FaultKind::Permission, "no"), "permission_error", "no"),
        (Fault::new(FaultKind::NotFound, "no path"), "not_found_error", "no path"),
        (Fault::new(FaultKind::TooLarge, "too large"), "request_too_large", "too large"),
        (Fault::new(FaultKind::Billing, "no credits"), "billing_error", "no credits"),
        (Fault::new(FaultKind::RateLimit, "slow"), "rate_limit_error", "slow"),
        (Fault::new(FaultKind::Overloaded, "busy"), "overloaded_error", "busy"),
        (Fault::new(FaultKind::Timeout, "late"), "timeout_error", "late"),
        (Fault::new(FaultKind::Internal, "oh"), "api_error", "oh"),
    ];
    for (fault, name, message) in table {
        let body = String::from_utf8(write_fault(&fault, "req_7")).unwrap();
        let error = format!(r#"{{"type":"{name}","message":"{message}"}}"#);
        let expected = format!(r#"{{"type":"error","error":{error},"request_id":"req_7"}}"#);
        assert_eq!(body, expected);
    }
}
