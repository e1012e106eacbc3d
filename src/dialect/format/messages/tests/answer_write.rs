//! Events written as an app's answer, and read back.
use super::{INBOUND, line, streamed, whole};
use crate::dialect::{AnswerHead, AnswerWriter, Event, Fault, FaultKind, Stop};
use crate::usage::Usage;

fn head() -> AnswerHead {
    AnswerHead {
        request_id: "req_1".into(),
        model: "auto".into(),
        keeps_model: false,
        created: 7,
        stream_usage: true,
    }
}

fn written(mut writer: Box<dyn AnswerWriter>, events: &[Event<'_>]) -> String {
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.write(event, &mut out));
    String::from_utf8(out).unwrap()
}

fn write_whole(events: &[Event<'_>]) -> String {
    written((INBOUND.write_answer)(head()), events)
}

pub(super) fn write_stream(events: &[Event<'_>]) -> String {
    written((INBOUND.write_stream)(head()), events)
}

pub(super) fn start() -> Event<'static> {
    Event::Start { id: "msg_9".into(), model: "claude-x".into() }
}

pub(super) fn call(index: u32, id: &'static str) -> Event<'static> {
    Event::ToolCall { index, id: id.into(), name: "f".into() }
}

pub(super) fn json(index: u32, json: &'static str) -> Event<'static> {
    Event::Arguments { index, json: json.into() }
}

fn usage(input: u64, output: u64) -> Event<'static> {
    Event::Usage(Usage { input, output, ..Usage::default() })
}

#[test]
fn writes_a_whole_answer() {
    let events = [
        start(),
        Event::Reasoning("h".into()),
        Event::Reasoning("m".into()),
        Event::Text("a".into()),
        Event::Text("\"b".into()),
        call(0, "t1"),
        json(0, "{\"n\": "),
        call(1, "t2"),
        json(0, "1.0}"),
        Event::Stop(Stop::End),
        Event::Usage(Usage {
            input: 1,
            cached_input: 2,
            cache_write: 3,
            cache_write_hour: 4,
            output: 5,
            reasoning: 6,
            garbled: false,
        }),
        Event::End,
        Event::Text("late".into()),
    ];
    let expected = concat!(
        r#"{"id":"msg_9","type":"message","role":"assistant","model":"claude-x","content":["#,
        r#"{"type":"thinking","thinking":"hm","signature":"tradewind"},"#,
        r#"{"type":"text","text":"a\"b"},"#,
        r#"{"type":"tool_use","id":"t1","name":"f","input":{"n": 1.0}},"#,
        r#"{"type":"tool_use","id":"t2","name":"f","input":{}}],"#,
        r#""stop_reason":"tool_use","stop_sequence":null,"#,
        r#""usage":{"input_tokens":1,"cache_creation_input_tokens":7,"cache_read_input_tokens":2,"#,
        r#""cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"#,
        r#""output_tokens":5,"output_tokens_details":{"thinking_tokens":6}}}"#,
    );
    assert_eq!(write_whole(&events), expected);
}

#[test]
fn names_an_answer_that_the_provider_did_not_name() {
    let expected = concat!(
        r#"{"id":"msg_req_1","type":"message","role":"assistant","model":"auto","content":[],"#,
        r#""stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":0,"#,
        r#""cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}"#,
    );
    assert_eq!(write_whole(&[Event::End]), expected);
}

#[test]
fn writes_why_it_stopped() {
    let plain = |reason: &str| format!(r#""stop_reason":"{reason}","stop_sequence":null,"usage""#);
    let details = r#""stop_details":{"type":"refusal","category":null,"explanation":null}"#;
    let refused = format!(r#""stop_reason":"refusal","stop_sequence":null,{details},"usage""#);
    let table = [
        (vec![Event::Stop(Stop::End)], plain("end_turn")),
        (vec![Event::Stop(Stop::MaxTokens)], plain("max_tokens")),
        (vec![Event::Stop(Stop::ToolCalls)], plain("tool_use")),
        (vec![call(0, "a")], plain("tool_use")),
        (vec![call(0, "a"), Event::Stop(Stop::MaxTokens)], plain("max_tokens")),
        (vec![Event::Stop(Stop::Sequence(None))], plain("stop_sequence")),
        (
            vec![Event::Stop(Stop::Sequence(Some("E".into())))],
            r#""stop_reason":"stop_sequence","stop_sequence":"E","usage""#.to_owned(),
        ),
        (vec![Event::Stop(Stop::Filtered)], refused.clone()),
        (vec![Event::Stop(Stop::Refused)], refused.clone()),
        (vec![Event::Refusal("no".into()), Event::Stop(Stop::End)], refused.clone()),
    ];
    for (mut events, expected) in table {
        events.push(Event::End);
        let body = write_whole(&events);
        assert!(body.contains(&expected), "{body}");
    }
}

/// A stream as the names of its events and what matters of their data.
fn outline(stream: &str) -> Vec<String> {
    let event = |event: &str| {
        let (name, data) = event.split_once('\n').unwrap();
        let data = data.strip_prefix("data: ").unwrap();
        let name = name.strip_prefix("event: ").unwrap();
        assert!(name == "error" || data.starts_with(&format!(r#"{{"type":"{name}""#)), "{event}");
        data.strip_prefix(&format!(r#"{{"type":"{name}""#))
            .map_or_else(|| format!("{name} {data}"), |rest| format!("{name} {rest}"))
    };
    stream.split("\n\n").filter(|text| !text.is_empty()).map(event).collect()
}

const BEGIN: &str = concat!(
    r#"message_start ,"message":{"id":"msg_9","type":"message","role":"assistant","#,
    r#""model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"#,
    r#""usage":{"input_tokens":4,"cache_creation_input_tokens":0,"#,
    r#""cache_read_input_tokens":0,"output_tokens":1}}}"#,
);

#[test]
fn writes_a_stream() {
    let events = [
        start(),
        usage(4, 1),
        Event::Reasoning("hm".into()),
        Event::Text("".into()),
        Event::Text("a\n".into()),
        Event::Text("b".into()),
        call(0, "t1"),
        json(0, ""),
        json(0, "{\"n\":"),
        json(0, "1}"),
        Event::Stop(Stop::ToolCalls),
        usage(4, 9),
        Event::End,
        Event::End,
    ];
    let begun = |index: u64, block: &str| {
        format!(r#"content_block_start ,"index":{index},"content_block":{{"type":{block}}}}}"#)
    };
    let grew = |index: u64, delta: &str| {
        format!(r#"content_block_delta ,"index":{index},"delta":{{"type":{delta}}}}}"#)
    };
    let ended = |index: u64| format!(r#"content_block_stop ,"index":{index}}}"#);
    let usage = concat!(
        r#""usage":{"input_tokens":4,"cache_creation_input_tokens":0,"#,
        r#""cache_read_input_tokens":0,"output_tokens":9}"#,
    );
    let delta = r#""delta":{"stop_reason":"tool_use","stop_sequence":null}"#;
    let expected = [
        BEGIN.to_owned(),
        begun(0, r#""thinking","thinking":"","signature":"""#),
        grew(0, r#""thinking_delta","thinking":"hm""#),
        grew(0, r#""signature_delta","signature":"tradewind""#),
        ended(0),
        begun(1, r#""text","text":"""#),
        grew(1, r#""text_delta","text":"a\n""#),
        grew(1, r#""text_delta","text":"b""#),
        ended(1),
        begun(2, r#""tool_use","id":"t1","name":"f","input":{}"#),
        grew(2, r#""input_json_delta","partial_json":"{\"n\":""#),
        grew(2, r#""input_json_delta","partial_json":"1}""#),
        ended(2),
        format!("message_delta ,{delta},{usage}}}"),
        "message_stop }".to_owned(),
    ];
    assert_eq!(outline(&write_stream(&events)), expected);
}

#[test]
fn ends_a_stream_that_fails() {
    let fault = || Event::Fault(Fault::new(FaultKind::Overloaded, "cut"));
    let error =
        r#"error ,"error":{"type":"overloaded_error","message":"cut"},"request_id":"req_1"}"#;
    assert_eq!(outline(&write_stream(&[fault(), Event::End])), [error]);
    let text = outline(&write_stream(&[
        start(),
        usage(4, 1),
        Event::Text("a".into()),
        fault(),
        Event::End,
    ]));
    assert_eq!(text.len(), 4);
    assert_eq!((&*text[0], &*text[3]), (BEGIN, error));
    let body = write_whole(&[start(), Event::Text("a".into()), fault(), Event::End]);
    let error = r#"{"type":"overloaded_error","message":"cut"}"#;
    assert_eq!(body, format!(r#"{{"type":"error","error":{error},"request_id":"req_1"}}"#));
}

#[test]
fn reads_what_it_writes() {
    let events = |pieces: bool| {
        let mut events = vec![start()];
        if pieces {
            events.push(usage(4, 1));
        }
        events.extend([
            Event::Reasoning("hm".into()),
            Event::Text("a\u{1F600}\u{0}".into()),
            call(0, "t1"),
            json(0, "{\"n\":1}"),
            call(1, "t2"),
            json(1, "{}"),
            Event::Stop(Stop::Sequence(Some("E".into()))),
            Event::Usage(Usage {
                input: 4,
                cached_input: 2,
                cache_write: 3,
                cache_write_hour: 5,
                output: 9,
                reasoning: 6,
                garbled: false,
            }),
            Event::End,
        ]);
        events
    };
    let lines = |events: &[Event<'_>]| events.iter().map(line).collect::<Vec<_>>();
    assert_eq!(whole(&write_whole(&events(false))), lines(&events(false)));
    assert_eq!(streamed(&write_stream(&events(true))), lines(&events(true)));
}
