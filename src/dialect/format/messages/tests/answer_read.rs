//! A provider's answers, whole and streamed, read into events.
use super::{streamed, whole};

#[test]
fn reads_a_whole_answer() {
    let body = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[
        {"type":"thinking","thinking":"hm","signature":"Eq"},
        {"type":"redacted_thinking","data":"zz"},
        {"type":"text","text":"Hi ","citations":[{}]},{"type":"text","text":""},
        {"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"x"}},
        {"type":"web_search_tool_result","tool_use_id":"s","content":[]},
        {"type":"tool_use","id":"t1","name":"f","input":{"n": 1.0}},
        {"type":"tool_use","id":"t2","name":"g","input":{}},{"type":"later"}],
        "stop_reason":"tool_use","stop_sequence":null,
        "usage":{"input_tokens":10,"cache_creation_input_tokens":30,"cache_read_input_tokens":5,
            "cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},
            "output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}}"#;
    let expected = [
        "start msg_1 claude-x",
        "reasoning hm",
        "text Hi ",
        "call 0 t1 f",
        r#"arguments 0 {"n": 1.0}"#,
        "call 1 t2 g",
        "arguments 1 {}",
        "stop ToolCalls",
        "usage 10 5 20 10 7 3",
        "end",
    ];
    assert_eq!(whole(body), expected);
}

#[test]
fn reads_why_it_stopped() {
    let table = [
        (r#""end_turn""#, vec!["stop End"]),
        (r#""max_tokens""#, vec!["stop MaxTokens"]),
        (r#""model_context_window_exceeded""#, vec!["stop MaxTokens"]),
        (r#""tool_use""#, vec!["stop ToolCalls"]),
        (r#""pause_turn""#, vec!["stop End"]),
        (r#""something_new""#, vec!["stop Unsaid { calls: false }"]),
        (r#""stop_sequence","stop_sequence":"END""#, vec![r#"stop Sequence(Some("END"))"#]),
        (r#""stop_sequence""#, vec!["stop Sequence(None)"]),
        (r#""refusal""#, vec!["stop Refused"]),
        (
            r#""refusal","stop_details":{"type":"refusal","category":"bio","explanation":"no"}"#,
            vec!["refusal no", "stop Refused"],
        ),
        ("null", vec![]),
    ];
    for (reason, lines) in table {
        let expected: Vec<&str> = [vec!["start  "], lines, vec!["end"]].concat();
        let body = format!(r#"{{"type":"message","content":[],"stop_reason":{reason}}}"#);
        assert_eq!(whole(&body), expected, "{reason}");
    }
}

#[test]
fn reads_a_failure_where_an_answer_was_due() {
    let overloaded =
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    assert_eq!(whole(overloaded), ["fault Overloaded 529 Overloaded"]);
    assert_eq!(
        streamed(&format!("event: error\ndata: {overloaded}\n\n")),
        ["fault Overloaded 529 Overloaded"]
    );
    assert_eq!(
        streamed("event: error\ndata: oops\n\n"),
        ["fault Internal 500 the provider answered with status 500: oops"]
    );
    // Whatever an error calls itself, and what is no JSON, is not passed over.
    for (event, fault) in [
        (
            "event: error\ndata: {\"type\":\"authentication_error\",\"message\":\"bad x-api-key\"}",
            "fault Authentication 401 bad x-api-key",
        ),
        (
            "data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
            "fault Overloaded 529 Overloaded",
        ),
        (
            "data: {\"type\":\"content_block_delta\",\"error\":\"oh\"}",
            "fault Internal 500 the provider reported an error without saying which",
        ),
        (
            "event: content_block_delta\ndata: {\"type\":",
            "fault Internal 502 the provider's stream is not JSON: expected a value at line 1 column 9 (byte 8)",
        ),
    ] {
        assert_eq!(streamed(&format!("{event}\n\n")), [fault], "{event}");
    }
    assert!(streamed("data: [DONE]\n\n").is_empty(), "some servers end every stream so");
    assert_eq!(whole("[]"), ["fault Internal 502 the provider's answer is not a message"]);
}

/// What is read and written to shorten a conversation first is billed, and stands among the passes
/// alone.
#[test]
fn all_passes_of_an_answer_are_counted() {
    let body = |usage: &str| {
        format!(r#"{{"type":"message","content":[],"stop_reason":"end_turn","usage":{usage}}}"#)
    };
    let own = r#""input_tokens":23,"cache_read_input_tokens":5,"output_tokens":10"#;
    let shorter = concat!(
        r#"{"type":"compaction","input_tokens":180000,"output_tokens":3500,"#,
        r#""cache_creation_input_tokens":9,"#,
        r#""cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":7}}"#
    );
    for (usage, expected) in [
        (format!("{{{own}}}"), "usage 23 5 0 0 10 0"),
        (format!(r#"{{{own},"iterations":null}}"#), "usage 23 5 0 0 10 0"),
        (
            format!(r#"{{{own},"iterations":[{shorter},{{"type":"message",{own}}}]}}"#),
            "usage 180023 5 2 7 3510 0",
        ),
        // What no pass tells is not lost.
        (format!(r#"{{{own},"iterations":[{{"type":"message"}}]}}"#), "usage 23 5 0 0 10 0"),
    ] {
        assert!(whole(&body(&usage)).contains(&expected.to_owned()), "{usage}");
    }
    let stream = format!(
        "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"usage\":\
         {{\"input_tokens\":23,\"output_tokens\":1}}}}}}\n\n\
         event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{}},\"usage\":\
         {{\"output_tokens\":10,\"iterations\":[{shorter},{{\"input_tokens\":23,\
         \"output_tokens\":10}}]}}}}\n\n"
    );
    assert!(streamed(&stream).contains(&"usage 180023 0 2 7 3510 0".to_owned()), "{stream}");
}

#[test]
fn reads_a_stream() {
    let expected = [
        "start msg_1 claude-x",
        "usage 4 0 10 90 1 0",
        "reasoning hm",
        "text hé",
        "call 0 t1 f",
        r#"arguments 0 {"n":"#,
        "arguments 0 1}",
        "call 1 t2 g",
        r#"arguments 1 {"x":1}"#,
        "stop ToolCalls",
        "usage 4 0 10 90 20 0",
        "end",
    ];
    assert_eq!(streamed(include_str!("stream.txt")), expected);
}
