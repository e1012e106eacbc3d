//! Anything in the place of anything: a reading or a failure, never a panic.
use super::{read_chunks, read_whole, streamed, whole};
use crate::dialect::format::chat_completions::edits::edits;
use crate::dialect::format::chat_completions::read::read;
use crate::dialect::format::chat_completions::write::write;
use crate::dialect::{Event, Target, splice};
use crate::json::{Document, Limits, Value};

const REQUEST: &str = r#"{"model":"m","stream":true,"stream_options":{"include_usage":false},
    "messages":[{"role":"system","content":[{"type":"text","text":"s"}]},
    {"role":"user","name":"n","content":[{"type":"text","text":"t","cache_control":{}},
     {"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low"}},
     {"type":"input_audio","input_audio":{"data":"AA=="}},{"type":"thinking","thinking":"t"}]},
    {"role":"assistant","content":null,"refusal":"r","reasoning_content":"c","annotations":[1],
     "tool_calls":[{"id":"i","type":"function","function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"i","name":"f","content":"x"}],
    "tools":[{"type":"function","function":{"name":"f","description":"d",
     "parameters":{"type":"object"},"strict":true}}],
    "tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":true,
    "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{},"strict":true}},
    "max_tokens":2,"max_completion_tokens":2,"temperature":0.5,"top_p":0.5,"top_k":4,"seed":1,
    "frequency_penalty":1,"presence_penalty":1,"stop":["a"],"reasoning_effort":"low","user":"u",
    "n":1,"logprobs":true,"top_logprobs":1,"logit_bias":{"1":1},"modalities":["text"],
    "functions":[{}],"function_call":{"name":"f"},"metadata":{"a":"b"},"store":true,
    "service_tier":"flex","verbosity":"low","prompt_cache_key":"k","other":{"a":[1]}}"#;

const WHOLE: &str = r#"{"id":"1","model":"m","choices":[{"index":0,"finish_reason":"stop",
    "message":{"role":"assistant","content":"t","refusal":"r","reasoning_content":"c",
    "tool_calls":[{"id":"i","type":"function","function":{"name":"f","arguments":"{}"}}]}}],
    "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,
    "prompt_tokens_details":{"cached_tokens":1},
    "completion_tokens_details":{"reasoning_tokens":1}}}"#;

const CHUNK: &str = r#"{"id":"1","model":"m","choices":[{"index":0,"finish_reason":"stop",
    "delta":{"role":"assistant","content":"t","refusal":"r","reasoning":"c",
    "tool_calls":[{"index":0,"id":"i","function":{"name":"f","arguments":"{}"}}]}}],
    "usage":{"prompt_tokens":1,"completion_tokens":2}}"#;

const STRANGE: [&str; 9] =
    ["null", "true", "-3", "1e400", "18446744073709551615", "\"\"", "\"x\"", "[]", "{}"];

/// The text with each of its values replaced by each strange one in turn.
fn damaged(text: &str) -> Vec<String> {
    let document = Document::parse(text.as_bytes(), Limits::default()).unwrap();
    let mut spans = Vec::new();
    let mut open: Vec<Value<'_>> = vec![document.root()];
    while let Some(value) = open.pop() {
        spans.push(value.span());
        open.extend(value.items());
        open.extend(value.members().map(|(_, member)| member));
    }
    let put = |span: &core::ops::Range<usize>, strange: &str| {
        let (before, after) = (text.get(..span.start), text.get(span.end..));
        [before.unwrap(), strange, after.unwrap()].concat()
    };
    spans.iter().flat_map(|span| STRANGE.map(|strange| put(span, strange))).collect()
}

#[test]
fn a_damaged_request_is_read_or_refused_with_a_place() {
    let target = Target { model: "m", max_output_tokens: 1 };
    let (mut read_all, mut refused) = (0, 0);
    for body in damaged(REQUEST) {
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        match read(&document) {
            Ok(ask) => {
                read_all += 1;
                for out in [
                    write(&ask, &target),
                    splice(body.as_bytes(), &edits(&document, &ask), "\"m\"", None).unwrap(),
                ] {
                    let out = Document::parse(&out, Limits::default()).expect(&body);
                    read(&out).expect(&body);
                }
            }
            Err(fault) => {
                refused += 1;
                assert_eq!(fault.status, 400, "{body}");
                assert!(fault.param.is_some() || !document.root().is_object(), "{body}");
            }
        }
    }
    assert!(read_all > 200 && refused > 200, "{read_all} read, {refused} refused");
}

#[test]
fn a_damaged_answer_is_read_or_is_a_failure() {
    let answers = damaged(WHOLE).into_iter().map(|body| (read_whole(&body), body));
    let chunks = damaged(CHUNK).into_iter().map(|body| (read_chunks(&[&body, "[DONE]"]), body));
    for (events, body) in answers.chain(chunks) {
        let ends = |event: &Event<'_>| matches!(event, Event::End | Event::Fault(_));
        assert_eq!(events.iter().filter(|event| ends(event)).count(), 1, "{body}: {events:?}");
        assert!(events.last().is_some_and(ends), "{body}: {events:?}");
        let starts = events.iter().filter(|event| matches!(event, Event::Start { .. })).count();
        let said = events.iter().any(Event::is_content);
        assert_eq!(said, matches!(events.last(), Some(Event::End)), "{body}: {events:?}");
        assert!(starts == 1 || (starts == 0 && !said), "{body}: {events:?}");
        let answer = whole(&events);
        Document::parse(answer.as_bytes(), Limits::default()).expect(&answer);
        assert!(streamed(&events).ends_with("data: [DONE]\n\n"), "{body}");
    }
}
