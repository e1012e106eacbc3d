//! Bytes, exactly as the official SDKs read them.
use super::{USAGE, arguments, call, head, overloaded, start, streamed, text, whole, write};
use crate::dialect::format::chat_completions::{answer_write, models, stream_write};
use crate::dialect::{Event, Stop};

/// A chunk around a delta.
fn chunk(delta: &str, reason: &str) -> String {
    format!(
        r#"data: {{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"gpt-x","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{reason}}}],"usage":null}}"#
    ) + "\n\n"
}

const USED: &str = r#""usage":{"prompt_tokens":8,"completion_tokens":9,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":4}}"#;

#[test]
fn a_stream() {
    let events = [
        start(),
        Event::Reasoning("hm".into()),
        text("a\"b"),
        text(""),
        call(0, "c0", "f"),
        call(1, "c1", "g"),
        arguments(1, "{\"x\""),
        arguments(1, ":1}"),
        Event::Usage(USAGE),
        Event::Stop(Stop::ToolCalls),
        Event::End,
        text("never"),
    ];
    let expected = [
        chunk(r#"{"role":"assistant","content":""}"#, "null"),
        chunk(r#"{"reasoning_content":"hm"}"#, "null"),
        chunk(r#"{"content":"a\"b"}"#, "null"),
        chunk(
            r#"{"tool_calls":[{"index":0,"id":"c0","type":"function","function":{"name":"f","arguments":""}}]}"#,
            "null",
        ),
        chunk(
            r#"{"tool_calls":[{"index":1,"id":"c1","type":"function","function":{"name":"g","arguments":""}}]}"#,
            "null",
        ),
        chunk(r#"{"tool_calls":[{"index":1,"function":{"arguments":"{\"x\""}}]}"#, "null"),
        chunk(r#"{"tool_calls":[{"index":1,"function":{"arguments":":1}"}}]}"#, "null"),
        chunk(r#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#, "null"),
        chunk("{}", r#""tool_calls""#),
        format!(
            r#"data: {{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"gpt-x","choices":[],{USED}}}"#
        ) + "\n\n",
        "data: [DONE]\n\n".to_owned(),
    ];
    assert_eq!(streamed(&events), expected.concat());
}

#[test]
fn a_stream_without_usage_has_no_word_of_it() {
    let events = [text("a"), Event::Usage(USAGE), Event::End];
    let out = write(stream_write::stream(head(false)), &events);
    assert!(!out.contains("usage"), "{out}");
    let named =
        r#"{"id":"chatcmpl-r1","object":"chat.completion.chunk","created":7,"model":"policy-name""#;
    assert!(out.starts_with(&format!("data: {named}")), "{out}");
    assert!(out.ends_with("\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"), "{out}");
}

#[test]
fn a_stream_that_fails() {
    let error = concat!(
        r#"data: {"error":{"message":"busy","type":"server_error","param":null,"#,
        r#""code":"server_overloaded"}}"#,
        "\n\ndata: [DONE]\n\n"
    );
    assert_eq!(streamed(&[overloaded(), text("never"), Event::End]), error);
    let late = streamed(&[start(), text("a"), overloaded(), Event::End]);
    let said = chunk(r#"{"role":"assistant","content":""}"#, "null")
        + &chunk(r#"{"content":"a"}"#, "null");
    assert_eq!(late, said + error);
}

#[test]
fn a_whole_answer() {
    let around = |message: &str, reason: &str, rest: &str| {
        format!(
            r#"{{"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"gpt-x","choices":[{{"index":0,"message":{{"role":"assistant",{message}}},"logprobs":null,"finish_reason":"{reason}"}}]{rest}}}"#
        )
    };
    let cases = [
        (
            vec![text("a"), text("b"), Event::Usage(USAGE), Event::Stop(Stop::MaxTokens)],
            around(r#""content":"ab","refusal":null"#, "length", &format!(",{USED}")),
        ),
        (vec![], around(r#""content":"","refusal":null"#, "stop", "")),
        (
            vec![Event::Refusal("no".into()), Event::Stop(Stop::Refused)],
            around(r#""content":null,"refusal":"no""#, "stop", ""),
        ),
        (
            vec![Event::Reasoning("hm".into()), text("a"), Event::Stop(Stop::Filtered)],
            around(
                r#""content":"a","refusal":null,"reasoning_content":"hm""#,
                "content_filter",
                "",
            ),
        ),
        (
            vec![call(0, "c", "f"), call(1, "d", "g"), arguments(0, "{\"a\":1}")],
            around(
                r#""content":null,"refusal":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"d","type":"function","function":{"name":"g","arguments":"{}"}}]"#,
                "tool_calls",
                "",
            ),
        ),
    ];
    for (events, expected) in cases {
        let events: Vec<Event<'_>> =
            [start()].into_iter().chain(events).chain([Event::End]).collect();
        assert_eq!(whole(&events), expected);
    }
}

#[test]
fn names_fall_back_to_ours() {
    let cases = [
        ("", "", "chatcmpl-r1", "policy-name"),
        ("msg_1", "claude", "chatcmpl-msg_1", "claude"),
        ("chatcmpl-9", "", "chatcmpl-9", "policy-name"),
    ];
    for (id, model, our_id, our_model) in cases {
        let start = Event::Start { id: id.into(), model: model.into() };
        let body = write(answer_write::whole(head(false)), &[start, Event::End]);
        let expected = format!(
            r#"{{"id":"{our_id}","object":"chat.completion","created":7,"model":"{our_model}","#
        );
        assert!(body.starts_with(&expected), "{body}");
    }
}

#[test]
fn the_list_of_models() {
    let expected = concat!(
        r#"{"object":"list","data":["#,
        r#"{"id":"auto","object":"model","created":0,"owned_by":"tradewind"},"#,
        r#"{"id":"gpt-4o","object":"model","created":0,"owned_by":"tradewind"}]}"#,
    );
    assert_eq!(String::from_utf8(models::write(&["auto", "gpt-4o"])).unwrap(), expected);
}
