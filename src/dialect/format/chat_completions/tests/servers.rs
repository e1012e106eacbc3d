//! Answers of OpenAI and of servers that are compatible with it in their own ways.
use super::{USAGE, arguments, call, read_chunks, read_whole, text};
use crate::dialect::format::chat_completions::usage;
use crate::dialect::{Event, Stop};
use crate::json::{Document, Limits};
use crate::usage::Usage;

/// What follows the start of a stream whose chunks hold these choices.
fn after_start(choices: &[&str]) -> Vec<Event<'static>> {
    let chunks: Vec<String> = choices
        .iter()
        .map(|choice| match *choice {
            "[DONE]" => "[DONE]".to_owned(),
            choice => format!(r#"{{"id":"1","model":"m","choices":[{choice}]}}"#),
        })
        .collect();
    let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
    let mut events = read_chunks(&chunks);
    assert_eq!(events.remove(0), Event::Start { id: "1".into(), model: "m".into() });
    events
}

fn check(cases: &[(&[&str], Vec<Event<'static>>)]) {
    for (choices, expected) in cases {
        assert_eq!(&after_start(choices), expected, "{choices:?}");
    }
}

#[test]
fn streams_of_text() {
    check(&[
        // No index, no role; another server's reason; one that nobody knows; no reason at all.
        (
            &[r#"{"delta":{"content":"a"}}"#, r#"{"finish_reason":"eos"}"#],
            vec![text("a"), Event::Stop(Stop::End)],
        ),
        (
            &[r#"{"delta":{"content":"a"}}"#, r#"{"finish_reason":"banana"}"#],
            vec![text("a"), Event::Stop(Stop::Unsaid { calls: false })],
        ),
        (
            &[r#"{"delta":{"content":"a"}}"#, "[DONE]", "[DONE]"],
            vec![text("a"), Event::Stop(Stop::Unsaid { calls: false }), Event::End],
        ),
        // Nulls everywhere, and a second choice that is not ours.
        (
            &[
                r#"{"index":1,"delta":{"content":"other"}},{"index":0,"delta":{"role":null,"content":null,"refusal":null,"tool_calls":null,"reasoning_content":null},"finish_reason":null}"#,
                r#"{"index":0,"delta":null,"finish_reason":"length"}"#,
            ],
            vec![Event::Stop(Stop::MaxTokens)],
        ),
        // Reasoning under each name, and under both.
        (&[r#"{"delta":{"reasoning":"r"}}"#], vec![Event::Reasoning("r".into())]),
        (&[r#"{"delta":{"reasoning_content":{"text":"r"}}}"#], vec![Event::Reasoning("r".into())]),
        (
            &[r#"{"delta":{"reasoning":"r","reasoning_content":"r"}}"#],
            vec![Event::Reasoning("r".into())],
        ),
        // Content in parts.
        (&[r#"{"delta":{"content":[{"type":"text","text":"a"}]}}"#], vec![text("a")]),
        // A refusal, which ends as any answer.
        (
            &[
                r#"{"delta":{"refusal":"n"}}"#,
                r#"{"delta":{"refusal":"o"},"finish_reason":"stop"}"#,
            ],
            vec![
                Event::Refusal("n".into()),
                Event::Refusal("o".into()),
                Event::Stop(Stop::Refused),
            ],
        ),
    ]);
}

#[test]
fn streams_of_calls() {
    check(&[
        // Calls without an index: a new id begins one, none goes on.
        (
            &[
                r#"{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}}"#,
                r#"{"delta":{"tool_calls":[{"function":{"arguments":"}"}}]}}"#,
                r#"{"delta":{"tool_calls":[{"id":"b","function":{"name":"f","arguments":"{}"}}]}}"#,
            ],
            vec![
                call(0, "a", "f"),
                arguments(0, "{"),
                arguments(0, "}"),
                call(1, "b", "f"),
                arguments(1, "{}"),
            ],
        ),
        // Every call at index 0; a name and an id that every piece repeats.
        (
            &[
                r#"{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}},{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]}}"#,
                r#"{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}]}}"#,
            ],
            vec![
                call(0, "a", "f"),
                arguments(0, "{"),
                call(1, "b", "g"),
                arguments(1, "{}"),
                arguments(0, "}"),
            ],
        ),
        // The id and the name one after the other; a call that nothing follows; no id at all.
        (
            &[
                r#"{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"arguments":""}}]}}"#,
                r#"{"delta":{"tool_calls":[{"index":0,"id":null,"function":{"name":"f","arguments":"{}"}}]}}"#,
                r#"{"delta":{"tool_calls":[{"index":1,"function":{"name":"g"}}]}}"#,
                r#"{"delta":{},"finish_reason":"tool_calls"}"#,
            ],
            vec![
                call(0, "a", "f"),
                arguments(0, "{}"),
                call(1, "call_1", "g"),
                Event::Stop(Stop::ToolCalls),
            ],
        ),
        // Calls that interleave, and whose numbers begin at 1.
        (
            &[
                r#"{"delta":{"tool_calls":[{"index":1,"id":"a","function":{"name":"f","arguments":""}}]}}"#,
                r#"{"delta":{"tool_calls":[{"index":2,"id":"b","function":{"name":"g","arguments":""}}]}}"#,
                r#"{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"1"}},{"index":2,"function":{"arguments":"2"}}]}}"#,
            ],
            vec![call(0, "a", "f"), call(1, "b", "g"), arguments(0, "1"), arguments(1, "2")],
        ),
        // No id; arguments that are an object; a stop that is a call.
        (
            &[
                r#"{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":{"a":1}}}]},"finish_reason":"stop"}"#,
            ],
            vec![call(0, "call_0", "f"), arguments(0, r#"{"a":1}"#), Event::Stop(Stop::ToolCalls)],
        ),
        // The call of older models.
        (
            &[
                r#"{"delta":{"function_call":{"name":"f","arguments":""}}}"#,
                r#"{"delta":{"function_call":{"arguments":"{}"}},"finish_reason":"function_call"}"#,
            ],
            vec![call(0, "call_0", "f"), arguments(0, "{}"), Event::Stop(Stop::ToolCalls)],
        ),
    ]);
}

#[test]
fn a_stream_starts_with_the_first_chunk_that_says_anything() {
    let events = read_chunks(&[
        r#"{"id":"","model":"","choices":[],"prompt_filter_results":[]}"#,
        r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
        r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":8,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":3},
            "completion_tokens_details":{"reasoning_tokens":4}}}"#,
        r#"{"id":"1","model":"m","choices":[],"usage":null}"#,
    ]);
    let start = Event::Start { id: "1".into(), model: "m".into() };
    let expected = [start, text("a"), Event::Stop(Stop::End), Event::Usage(USAGE)];
    assert_eq!(events, expected);
}

#[test]
fn whole_answers() {
    let cases = [
        (
            r#"{"message":{"content":"a"}}"#,
            vec![text("a"), Event::Stop(Stop::Unsaid { calls: false })],
        ),
        (
            r#"{"message":{"content":"a"},"finish_reason":"end_turn"}"#,
            vec![text("a"), Event::Stop(Stop::End)],
        ),
        (
            r#"{"message":{"function_call":{"name":"f"}},"finish_reason":null}"#,
            vec![call(0, "call_0", "f"), Event::Stop(Stop::Unsaid { calls: true })],
        ),
        (
            r#"{"message":{"content":null},"finish_reason":"content_filter"}"#,
            vec![Event::Stop(Stop::Filtered)],
        ),
        (
            r#"{"message":{"content":[{"type":"text","text":"a"}],"reasoning":"r"},"finish_reason":"length"}"#,
            vec![Event::Reasoning("r".into()), text("a"), Event::Stop(Stop::MaxTokens)],
        ),
        (
            r#"{"message":{"content":"","tool_calls":[{"id":"","function":{"name":"f"}}]},"finish_reason":"stop"}"#,
            vec![call(0, "call_0", "f"), Event::Stop(Stop::ToolCalls)],
        ),
        (
            r#"{"message":{"function_call":{"name":"f","arguments":"{}"}},"finish_reason":"function_call"}"#,
            vec![call(0, "call_0", "f"), arguments(0, "{}"), Event::Stop(Stop::ToolCalls)],
        ),
    ];
    for (choice, expected) in cases {
        let events = read_whole(&format!(r#"{{"choices":[{choice}]}}"#));
        let start = Event::Start { id: "".into(), model: "".into() };
        let all: Vec<Event<'_>> = [start].into_iter().chain(expected).chain([Event::End]).collect();
        assert_eq!(events, all, "{choice}");
    }
}

#[test]
fn usage_is_counted_one_way() {
    let cases = [
        ("null", None),
        ("{}", Some(Usage::default())),
        (
            r#"{"prompt_tokens":10,"completion_tokens":2,"prompt_tokens_details":null}"#,
            Some(Usage { input: 10, output: 2, ..Usage::default() }),
        ),
        (
            r#"{"prompt_tokens":10,"completion_tokens":2,"prompt_cache_hit_tokens":4}"#,
            Some(Usage { input: 6, cached_input: 4, output: 2, ..Usage::default() }),
        ),
        (
            r#"{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":5}}"#,
            Some(Usage { input: 1, cached_input: 4, cache_write: 5, ..Usage::default() }),
        ),
        // Reasoning beside the completion, and in it.
        (
            r#"{"prompt_tokens":10,"completion_tokens":2,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":3}}"#,
            Some(Usage { input: 10, output: 5, reasoning: 3, ..Usage::default() }),
        ),
        (
            r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":3}}"#,
            Some(Usage { input: 10, output: 5, reasoning: 3, ..Usage::default() }),
        ),
        // Cached tokens beside the prompt.
        (
            r#"{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":4}}"#,
            Some(Usage { input: 1, cached_input: 4, ..Usage::default() }),
        ),
        (
            r#"{"prompt_tokens":10,"completion_tokens":2,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":4}}"#,
            Some(Usage { input: 10, cached_input: 4, output: 2, ..Usage::default() }),
        ),
        // Reasoning that only the total tells of.
        (
            r#"{"prompt_tokens":7,"completion_tokens":12,"total_tokens":402}"#,
            Some(Usage { input: 7, output: 395, reasoning: 383, ..Usage::default() }),
        ),
        // More reasoning than there is of the completion is beside it, where no total tells.
        (
            r#"{"prompt_tokens":7,"completion_tokens":12,"completion_tokens_details":{"reasoning_tokens":100}}"#,
            Some(Usage { input: 7, output: 112, reasoning: 100, ..Usage::default() }),
        ),
        // A total alone is no usage, and one whose parts cannot be read is not all thought.
        (r#"{"total_tokens":402}"#, Some(Usage::default())),
        (r#"{"prompt_tokens":7,"total_tokens":402}"#, Some(Usage { input: 7, ..Usage::default() })),
        (
            r#"{"prompt_tokens":"x","completion_tokens":12,"total_tokens":402}"#,
            Some(Usage { output: 12, garbled: true, ..Usage::default() }),
        ),
        (
            r#"{"prompt_tokens":-7,"completion_tokens":1.5,"total_tokens":402}"#,
            Some(Usage { garbled: true, ..Usage::default() }),
        ),
        (
            r#"{"prompt_tokens":7,"completion_tokens":12,"total_tokens":402.5}"#,
            Some(Usage { input: 7, output: 12, garbled: true, ..Usage::default() }),
        ),
        (
            r#"{"prompt_tokens":"7","completion_tokens":1.2e1,"total_tokens":19.0}"#,
            Some(Usage { input: 7, output: 12, ..Usage::default() }),
        ),
    ];
    for (text, expected) in cases {
        let document = Document::parse(text.as_bytes(), Limits::default()).unwrap();
        assert_eq!(usage::read(document.root()), expected, "{text}");
    }
}
