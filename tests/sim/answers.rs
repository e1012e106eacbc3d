//! What a good request is answered.
use serde_json::{Value, json};

use super::world::{Answer, HEADERS, PROVIDERS, STREAM, World, plain, stream, streamed_text};

#[test]
fn answers_repeat_the_mark_and_count() {
    let world = World::new();
    for provider in PROVIDERS {
        let answer = world.ask(provider, &plain(provider, "hi [mark:x7]", &json!({})));
        assert!(answer.body.contains("saw 1 message, 0 images, 0 tools: [mark:x7]"));
        let streamed = streamed_text(&stream(&world, provider, "hi [mark:é7] [words:300]"));
        assert!(streamed.starts_with(&format!("{provider}/")), "{streamed}");
        assert!(streamed.contains("[mark:é7]") && streamed.ends_with("word300"), "{streamed}");
    }
}

#[test]
fn streams_have_their_apis_shape() {
    let world = World::new();
    let more = json!({"stream": true, "stream_options": {"include_usage": true}});
    let openai = world.ask("openai", &plain("openai", "hi", &more)).events();
    assert_eq!(openai.last().unwrap(), "[DONE]");
    let usage: Value = serde_json::from_str(&openai[openai.len() - 2]).unwrap();
    assert_eq!(usage["choices"], json!([]));
    assert!(usage["usage"]["total_tokens"].as_u64().unwrap() > 0);
    let anthropic = stream(&world, "anthropic", "hi");
    let names: Vec<&str> =
        anthropic.body.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names[..3], ["message_start", "content_block_start", "ping"]);
    assert_eq!(names[names.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    let array = STREAM.replace("?alt=sse", "");
    let body = plain("gemini", "hi", &json!({})).to_string();
    let gemini = world.send("gemini", &array, HEADERS[2], &body);
    let chunks = gemini.json();
    let chunks = chunks.as_array().unwrap();
    assert!(chunks.len() > 2);
    assert_eq!(chunks.last().unwrap()["candidates"][0]["finishReason"], "STOP");
}

#[test]
fn tools_are_called_with_input_that_fits() {
    let world = World::new();
    let schema = json!({"type": "object", "required": ["s", "n", "l", "e"], "properties": {
        "s": {"type": "string"}, "n": {"type": "integer", "minimum": 3},
        "l": {"type": "array", "items": {"type": "boolean"}},
        "e": {"type": "string", "enum": ["q"]},
    }});
    let tools =
        json!([{"name": "a", "input_schema": schema}, {"name": "b", "input_schema": schema}]);
    let body = plain("anthropic", "call the tools a and b [mark:m]", &json!({"tools": tools}));
    let answer = world.ask("anthropic", &body).json();
    assert_eq!(answer["stop_reason"], "tool_use");
    let input = json!({"s": "s [mark:m]", "n": 3, "l": [true], "e": "q"});
    assert_eq!(answer["content"][0]["input"], input);
    assert_eq!(answer["content"][1]["name"], "b");
    let mut next = body;
    let result = |index: usize| {
        json!({"type": "tool_result", "tool_use_id": answer["content"][index]["id"],
            "content": format!("result {index}")})
    };
    let calls = json!({"role": "assistant", "content": answer["content"]});
    let results = json!({"role": "user", "content": [result(0), result(1)]});
    next["messages"].as_array_mut().unwrap().extend([calls, results]);
    let answer = world.ask("anthropic", &next);
    assert!(answer.body.contains("tool said: result 0 tool said: result 1"), "{}", answer.body);
}

#[test]
fn stops_and_limits_are_kept_to() {
    let world = World::with(Some("- {model: small, max_input: 50, max_output: 60}\n"));
    let stopped =
        world.ask("anthropic", &plain("anthropic", "hi", &json!({"stop_sequences": ["saw"]})));
    assert_eq!(stopped.json()["stop_sequence"], "saw");
    let short = json!({"max_completion_tokens": 2, "reasoning_effort": "none"});
    let short = world.ask("openai", &plain("openai", "hi", &short)).json();
    assert_eq!(short["choices"][0]["message"]["content"], "openai/g");
    assert_eq!(short["choices"][0]["finish_reason"], "length");
    // What it thinks is within the bound, and may be all of it.
    let thought = json!({"max_completion_tokens": 55});
    let thought = world.ask("openai", &plain("openai", "hi", &thought)).json();
    assert_eq!(thought["usage"]["completion_tokens"], 55);
    assert_eq!(thought["choices"][0]["message"]["content"], "");
    let long = "word ".repeat(100);
    let answer = world.ask("openai", &plain("openai", &long, &json!({"model": "small"})));
    assert!(answer.body.contains("context_length_exceeded"), "{}", answer.body);
    let greedy = plain("openai", "hi", &json!({"model": "small", "max_tokens": 61}));
    assert_eq!(world.ask("openai", &greedy).status, 400);
}

#[test]
fn reasoning_is_signed_and_the_prompt_cache_remembers() {
    let world = World::new();
    let more = json!({"thinking": {"type": "adaptive"}});
    let body = plain("anthropic", "hi", &more);
    let mut next = body.clone();
    let content = world.ask("anthropic", &body).json()["content"].clone();
    assert_eq!(content[0]["type"], "thinking");
    let turns = [
        json!({"role": "assistant", "content": content}),
        json!({"role": "user", "content": "and?"}),
    ];
    next["messages"].as_array_mut().unwrap().extend(turns);
    assert_eq!(world.ask("anthropic", &next).status, 200);
    let long = plain("openai", &"prefix ".repeat(1000), &json!({}));
    let cached =
        |answer: Answer| answer.json()["usage"]["prompt_tokens_details"]["cached_tokens"].clone();
    assert_eq!(cached(world.ask("openai", &long)), 0);
    assert!(cached(world.ask("openai", &long)).as_u64().unwrap() >= 1024);
}

#[test]
fn anthropic_reads_what_was_marked_before_and_writes_the_rest() {
    let world = World::new();
    let mark = json!({"type": "ephemeral"});
    let marked = |text: &str| json!([{"type": "text", "text": text, "cache_control": mark}]);
    let long = "prefix ".repeat(1000);
    let mut body = plain("anthropic", "hi", &json!({"system": marked(&long)}));
    let counts = |answer: Answer| {
        let usage = answer.json()["usage"].clone();
        let count = |name: &str| usage[name].as_u64().unwrap();
        (count("cache_read_input_tokens"), count("cache_creation_input_tokens"))
    };
    let (read, written) = counts(world.ask("anthropic", &body));
    assert!(read == 0 && written >= 1024, "{read} {written}");
    // A turn more, with a mark of its own beside the one before.
    body["messages"][0]["content"] = marked(&long);
    let (again, more) = counts(world.ask("anthropic", &body));
    assert!(again == written && more >= 1024, "{again} {more}");
    assert_eq!(counts(world.ask("anthropic", &body)), (again + more, 0));
}
