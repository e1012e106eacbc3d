//! Answers and failures.
use super::super::{FORMAT, usage};
use crate::dialect::{Event, Fault, FaultKind};
use crate::json::{Document, Limits};
use crate::usage::Usage;

/// One line per event.
fn line(event: &Event<'_>) -> String {
    match event {
        Event::Start { id, model } => format!("start {id} {model}"),
        Event::Text(text) => format!("text {text}"),
        Event::Reasoning(text) => format!("reasoning {text}"),
        Event::Refusal(text) => format!("refusal {text}"),
        Event::ToolCall { index, id, name } => format!("call {index} {id} {name}"),
        Event::Arguments { index, json } => format!("arguments {index} {json}"),
        Event::Stop(stop) => format!("stop {stop:?}"),
        Event::Usage(used) => format!(
            "usage {}+{} {} ({})",
            used.input, used.cached_input, used.output, used.reasoning
        ),
        Event::Fault(fault) => format!("fault {:?} {} {}", fault.kind, fault.status, fault.message),
        Event::End => String::from("end"),
    }
}

fn streamed(chunks: &[&str]) -> String {
    let mut reader = (FORMAT.read_stream)();
    let mut lines = Vec::new();
    for chunk in chunks {
        reader.read("", chunk, &mut |event| lines.push(line(&event)));
    }
    lines.join("\n")
}

fn whole(body: &str) -> String {
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let mut lines = Vec::new();
    (FORMAT.read_answer)(&document, &mut |event| lines.push(line(&event)));
    lines.join("\n")
}

#[test]
fn a_whole_answer() {
    let body = r#"{"responseId":"r1","modelVersion":"gemini-3.8-flash","candidates":[
        {"index":1,"content":{"parts":[{"text":"not this"}]},"finishReason":"STOP"},
        {"content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"It\u0020is"},
        {"functionCall":{"id":"f1","name":"look","args":{"n": 1e2}},"thoughtSignature":"x"},
        {"functionCall":{"name":"sing"}}]},"finishReason":"STOP"}],
        "usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":5,
        "thoughtsTokenCount":7,"toolUsePromptTokenCount":2,"totalTokenCount":24}}"#;
    let want =
        "start r1 gemini-3.8-flash\nusage 8+4 12 (7)\nreasoning hm\ntext It is\ncall 0 f1 look
arguments 0 {\"n\": 1e2}\ncall 1 call_0ce8ba20bceff4b8_1 sing\narguments 1 {}\nstop ToolCalls\nend";
    assert_eq!(whole(body), want);
}

#[test]
fn a_streamed_answer() {
    let first = r#"{"responseId":"r","modelVersion":"m","usageMetadata":{"promptTokenCount":3},
        "candidates":[{"content":{"parts":[{"text":"a"}]}}]}"#;
    let second = r#"{"responseId":"r","candidates":[{"content":{"parts":[{"text":"b"}]}}]}"#;
    let last = r#"{"candidates":[{"finishReason":"MAX_TOKENS",
        "content":{"parts":[{"text":"","thoughtSignature":"x"}]}}]}"#;
    let late = r#"{"candidates":[{"content":{}}],
        "usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2}}"#;
    assert_eq!(
        streamed(&[first, second, last, late]),
        "start r m\nusage 3+0 0 (0)\ntext a\ntext b\nstop MaxTokens\nend\nusage 3+0 2 (0)"
    );
}

#[test]
fn an_end_that_is_none() {
    let blocked = r#"{"promptFeedback":{"blockReason":"SAFETY"},
        "usageMetadata":{"promptTokenCount":3},"modelVersion":"m","responseId":"r"}"#;
    let want = "start r m\nusage 3+0 0 (0)\nstop Filtered\nend";
    assert_eq!(streamed(&[blocked]), want);
    assert_eq!(whole(blocked), want);
    for (reason, want) in [
        ("SAFETY", "stop Filtered\nend"),
        ("RECITATION", "stop Filtered\nend"),
        ("STOP", "stop End\nend"),
        ("A_NEW_REASON", "stop Unsaid { calls: false }\nend"),
        (
            "MALFORMED_FUNCTION_CALL",
            "fault Internal 502 the model ended its answer with `MALFORMED_FUNCTION_CALL`: bad",
        ),
    ] {
        let body = format!(
            r#"{{"responseId":"r",
                "candidates":[{{"finishReason":"{reason}","finishMessage":"bad"}}]}}"#
        );
        assert_eq!(whole(&body), format!("start r \n{want}"), "{reason}");
    }
    let error = r#"{"error":{"code":503,
        "message":"The model is overloaded.","status":"UNAVAILABLE"}}"#;
    let want = "fault Overloaded 503 The model is overloaded.";
    assert_eq!(whole(error), want);
    assert_eq!(streamed(&[&format!("[{error}]")]), want);
    assert_eq!(whole("{}"), "start  \nfault Internal 502 the provider's answer has no candidates");
    assert!(
        streamed(&["{\"candidates\":"]).starts_with("fault Internal 502 the provider's stream")
    );
}

#[test]
fn faults() {
    use FaultKind as K;
    let key = r#"API key not valid. Please pass a valid API key."#;
    for (status, name, message, kind) in [
        (400, "INVALID_ARGUMENT", key, K::Authentication),
        (
            400,
            "INVALID_ARGUMENT",
            "The input token count (12) exceeds the maximum number of tokens allowed (10).",
            K::ContextLength,
        ),
        (400, "INVALID_ARGUMENT", "Unknown name \"x\"", K::InvalidRequest),
        (400, "FAILED_PRECONDITION", "User location is not supported", K::Permission),
        (400, "FAILED_PRECONDITION", "Please enable billing", K::Billing),
        (401, "UNAUTHENTICATED", "no", K::Authentication),
        (403, "PERMISSION_DENIED", "no", K::Permission),
        (404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta", K::ModelNotFound),
        (400, "INVALID_ARGUMENT", "Request payload size exceeds the limit", K::TooLarge),
        (429, "RESOURCE_EXHAUSTED", "check your plan and billing details", K::RateLimit),
        (429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted", K::Billing),
        (500, "INTERNAL", "oops", K::Internal),
        (503, "UNAVAILABLE", "busy", K::Overloaded),
        (504, "DEADLINE_EXCEEDED", "slow", K::Timeout),
        (418, "A_NEW_STATUS", "tea", K::Internal),
    ] {
        let message = message.replace('"', "'");
        let body = format!(
            r#"{{"error":{{"code":{status},
                "message":"{message}","status":"{name}","details":[]}}}}"#
        );
        let want = Fault { status, ..Fault::new(kind, message) };
        assert_eq!((FORMAT.read_fault)(status, body.as_bytes()), want);
        assert_eq!((FORMAT.read_fault)(status, format!("[{body}]").as_bytes()), want);
    }
    let page = (FORMAT.read_fault)(502, b"<html>");
    assert_eq!((page.kind, page.status), (K::Internal, 502));
    assert_eq!(page.message, "the provider answered with status 502");
}

#[test]
fn thought_counted_among_the_candidates() {
    let body = r#"{"promptTokenCount":10,"candidatesTokenCount":20,"thoughtsTokenCount":15,
        "totalTokenCount":30}"#;
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let want = Usage { input: 10, output: 20, reasoning: 15, ..Usage::default() };
    assert_eq!(usage::read(document.root()), want);
}
