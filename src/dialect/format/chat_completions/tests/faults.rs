//! Failures of providers, by status, by code and by what they say.
use super::{read_chunks, read_whole};
use crate::dialect::format::chat_completions::fault;
use crate::dialect::{Event, FaultKind as K};

/// A status, a body, and what is read from the two.
const BODIES: [(u16, &str, K, &str); 22] = [
    (
        401,
        r#"{"error":{"message":"Incorrect API key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
        K::Authentication,
        "Incorrect API key",
    ),
    (
        429,
        r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        K::Billing,
        "You exceeded your current quota",
    ),
    (
        429,
        r#"{"error":{"message":"slow","type":"requests","code":"rate_limit_exceeded"}}"#,
        K::RateLimit,
        "slow",
    ),
    (429, r#"{"error":{"message":"slow","type":"tokens","code":null}}"#, K::RateLimit, "slow"),
    (
        400,
        r#"{"error":{"message":"long","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
        K::ContextLength,
        "long",
    ),
    (
        400,
        r#"{"object":"error","message":"This model's maximum context length is 8192 tokens. However, you asked for 9000.","type":"BadRequestError","param":null,"code":400}"#,
        K::ContextLength,
        "This model's maximum context length is 8192 tokens. However, you asked for 9000.",
    ),
    (
        404,
        r#"{"error":{"message":"gone","type":"invalid_request_error","code":"model_not_found"}}"#,
        K::ModelNotFound,
        "gone",
    ),
    (
        404,
        r#"{"error":{"message":"The model `x` does not exist","type":"NotFoundError","code":404}}"#,
        K::ModelNotFound,
        "The model `x` does not exist",
    ),
    (
        404,
        r#"{"error":{"message":"model 'x' not found"}}"#,
        K::ModelNotFound,
        "model 'x' not found",
    ),
    (
        404,
        r#"{"error":{"message":"Invalid URL (POST /v1/x)"}}"#,
        K::NotFound,
        "Invalid URL (POST /v1/x)",
    ),
    (
        400,
        r#"{"error":{"message":"model x has been decommissioned","code":"model_decommissioned"}}"#,
        K::ModelNotFound,
        "model x has been decommissioned",
    ),
    (
        400,
        r#"{"error":{"message":"the tool was not found by the model"}}"#,
        K::InvalidRequest,
        "the tool was not found by the model",
    ),
    (400, r#"{"error":{"message":"bad","code":"content_filter"}}"#, K::InvalidRequest, "bad"),
    (503, r#"{"error":{"message":"busy","type":"server_error"}}"#, K::Overloaded, "busy"),
    (500, r#"{"error":"boom"}"#, K::Internal, "boom"),
    (
        422,
        r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#,
        K::InvalidRequest,
        "field required",
    ),
    (403, r#"{"detail":"no"}"#, K::Permission, "no"),
    (
        400,
        r#"[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]"#,
        K::InvalidRequest,
        "bad",
    ),
    (
        502,
        "<html>Bad gateway</html>",
        K::Internal,
        "the provider answered with status 502 and no message",
    ),
    (504, "", K::Timeout, "the provider answered with status 504 and no message"),
    (503, "upstream connect error\n", K::Overloaded, "upstream connect error"),
    (500, "{}", K::Internal, "the provider answered with status 500 and no message"),
];

#[test]
fn bodies_with_an_error_status() {
    for (status, body, kind, message) in BODIES {
        let fault = fault::read(status, body.as_bytes());
        assert_eq!((fault.status, fault.kind, &*fault.message), (status, kind, message), "{body}");
        assert_eq!(fault.param, None, "{body}");
    }
}

#[test]
fn the_field_at_fault_is_kept_and_long_messages_are_cut() {
    let body = r#"{"error":{"message":"bad","param":"messages[0].role","code":null}}"#;
    assert_eq!(fault::read(400, body.as_bytes()).param.as_deref(), Some("messages[0].role"));
    let body = format!(r#"{{"error":{{"message":"a{}"}}}}"#, "é".repeat(5000));
    assert_eq!(fault::read(500, body.as_bytes()).message.len(), 1999);
}

#[test]
fn failures_inside_a_success() {
    let cases = [
        (r#"{"error":{"message":"m","code":429}}"#, K::RateLimit, 429),
        (r#"{"error":{"message":"m","code":"502"}}"#, K::Internal, 502),
        (r#"{"error":{"message":"m","type":"server_error"}}"#, K::Internal, 500),
        (r#"{"error":{"message":"m","type":"overloaded_error"}}"#, K::Overloaded, 503),
        (r#"{"error":{"message":"m","type":"tokens"}}"#, K::RateLimit, 429),
        (r#"{"error":"m"}"#, K::Internal, 500),
        (
            r#"{"id":"1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"message":"m","code":503}}"#,
            K::Overloaded,
            503,
        ),
    ];
    for (body, kind, status) in cases {
        for events in [read_whole(body), read_chunks(&[body, "[DONE]"])] {
            let [Event::Fault(fault)] = events.as_slice() else { panic!("{body}: {events:?}") };
            assert_eq!((fault.kind, fault.status, &*fault.message), (kind, status, "m"), "{body}");
        }
    }
}

#[test]
fn answers_that_are_none() {
    for body in ["{}", "[]", "3", r#"{"choices":[]}"#, r#"{"choices":[{}]}"#] {
        let events = read_whole(body);
        assert!(matches!(events.as_slice(), [Event::Fault(f)] if f.status == 502), "{events:?}");
    }
    for chunks in [["", "<html>"], ["[DONE]", ""], [r#"{"choices":[]}"#, "[DONE]"]] {
        let events = read_chunks(&chunks);
        assert!(matches!(events.as_slice(), [Event::Fault(f)] if f.status == 502), "{events:?}");
    }
    // An end alone makes no answer of a start.
    let start = r#"{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#;
    let events = read_chunks(&[start, "[DONE]"]);
    let [Event::Start { .. }, Event::Fault(fault)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(fault.status, 502);
}
