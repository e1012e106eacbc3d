//! What weather does, what is remembered, and who may connect.
use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::runtime::Runtime;
use tradewind::companion::sim::{Options, start};

use super::world::{HEADERS, LINES, PROVIDERS, World, plain, receive, stream, streamed_text};

#[test]
fn weather_comes_and_goes() {
    let world = World::new();
    for provider in PROVIDERS {
        world.weather(&json!({"provider": provider, "times": 1, "status": 429, "retry_after": 7}));
        let answer = stream(&world, provider, "hi");
        assert_eq!(answer.status, 429);
        assert!(answer.head.contains("retry-after: 7"), "{}", answer.head);
        assert_eq!(stream(&world, provider, "hi").status, 200);
        world.weather(&json!({"error": "overloaded"}));
        let status = if provider == "anthropic" { 529 } else { 503 };
        assert_eq!(stream(&world, provider, "hi").status, status);
        world.weather(&json!({"error_in_200_body": true}));
        let answer = stream(&world, provider, "hi");
        assert!(answer.status == 200 && answer.json()["error"].is_object());
        world.weather(&json!({"error_event": "before_content"}));
        let events = stream(&world, provider, "hi").events();
        assert!(events.len() == 1 && events[0].contains("\"error\""), "{events:?}");
        world.weather(&json!({"error_event": "after_events:2"}));
        let answer = stream(&world, provider, "hi");
        assert!(!streamed_text(&answer).is_empty());
        assert!(answer.events().last().unwrap().contains("\"error\""));
        world.weather(&json!({"close": "after_events:2"}));
        let answer = stream(&world, provider, "hi");
        assert!(!answer.reset && streamed_text(&answer).len() == 24, "{}", answer.body);
        world.weather(&json!({"reset": "before_headers"}));
        let answer = stream(&world, provider, "hi");
        assert!(answer.reset && answer.status == 0);
        world.weather(&json!({"reset": {"after_events": 2}}));
        let answer = stream(&world, provider, "hi");
        assert!(answer.reset && streamed_text(&answer).len() == 24, "{}", answer.body);
    }
    let answer = world.send("admin", "POST /weather", "", "{\"modle\": \"x\"}");
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("`modle`"), "{}", answer.body);
}

#[test]
fn silence_and_stalls_say_nothing_more() {
    let world = World::new();
    for (row, said) in [
        (json!({"silent": true}), false),
        (json!({"stall": "after_headers"}), true),
        (json!({"stall": "after_events:1"}), true),
    ] {
        world.weather(&row);
        let mut stream = world.connect("openai");
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let body = plain("openai", "hi", &json!({"stream": true})).to_string();
        let (line, headers, length) = (LINES[0], HEADERS[0], body.len());
        let head = format!("{line} HTTP/1.1\r\nhost: s\r\n{headers}content-length: {length}");
        write!(stream, "{head}\r\n\r\n{body}").unwrap();
        let answer = receive(&mut stream);
        assert_eq!(answer.status == 200, said, "{row}");
        assert!(!answer.body.contains("[DONE]"));
    }
}

#[test]
fn framing_changes_the_bytes_and_not_the_events() {
    let world = World::new();
    for provider in PROVIDERS {
        let plainly = streamed_text(&stream(&world, provider, "é [mark:1]"));
        for framing in [
            json!({"crlf": true, "comments": true, "extra_fields": true}),
            json!({"multi_line": true, "no_space": true, "bom": true}),
            json!({"split_utf8": true}),
            json!({"one_byte": true}),
            json!({"split": 3}),
            json!({"one_piece": true}),
        ] {
            world.weather(&json!({"framing": framing}));
            let answer = stream(&world, provider, "é [mark:1]");
            assert_eq!(streamed_text(&answer), plainly, "{provider} {framing}");
        }
    }
}

#[test]
fn requests_are_remembered_with_their_headers() {
    let world = World::new();
    world.ask("openai", &plain("openai", "hi", &json!({})));
    world.ask("openai", &plain("openai", "hi", &json!({"bad": 1})));
    let seen = world.send("admin", "GET /requests", "", "").json();
    assert_eq!(seen[0]["provider"], "openai");
    assert_eq!(seen[0]["model"], "gpt-6-sol");
    assert!(seen[0]["headers"].as_array().unwrap().contains(&json!(["authorization", "Bearer k"])));
    assert_eq!(seen[0]["answered"]["ending"], "whole");
    assert_eq!(seen[0]["answered"]["usage"]["input"], 1);
    assert_eq!(seen[1]["answered"]["usage"], json!(null));
    assert_eq!(seen[1]["answered"]["outcome"], "refused");
    assert_eq!(world.send("admin", "DELETE /requests", "", "").status, 200);
    assert_eq!(world.send("admin", "GET /requests", "", "").json(), json!([]));
}

#[test]
fn a_model_may_say_more_than_it_was_allowed() {
    let world = World::new();
    let bounded = |provider: &str| match provider {
        "openai" => {
            json!({"max_completion_tokens": 5, "reasoning_effort": "none", "stop": ["word2"]})
        }
        "anthropic" => json!({"max_tokens": 5, "stop_sequences": ["word2"]}),
        _ => json!({"generationConfig": {"maxOutputTokens": 5, "stopSequences": ["word2"]}}),
    };
    for provider in PROVIDERS {
        let body = plain(provider, "hi", &bounded(provider));
        assert!(!world.ask(provider, &body).body.contains("word2"));
        world.weather(&json!({"provider": provider, "words": 90}));
        let answer = world.ask(provider, &body);
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("word90"), "{}", answer.body);
        let ends = ["\"stop\"", "\"end_turn\"", "\"STOP\""];
        assert!(ends.iter().any(|end| answer.body.contains(end)), "{}", answer.body);
        assert!(streamed_text(&stream(&world, provider, "hi")).ends_with("word90"));
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it thinks is what is tested")]
fn a_model_may_think_for_a_while_and_is_paid_for_it() {
    let world = World::new();
    for provider in PROVIDERS {
        let usage = |body: &str| -> u64 {
            let after = |name: &str| {
                let found = body.rsplit_once(&format!("\"{name}\":")).map(|(_, rest)| rest);
                let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect();
                found.map(digits).and_then(|digits: String| digits.parse::<u64>().ok())
            };
            let names = ["completion_tokens", "output_tokens", "thoughtsTokenCount"];
            names.into_iter().find_map(after).unwrap_or_default()
        };
        for streamed in [true, false] {
            world.weather(&json!({"provider": provider, "thinking": 700, "thinking_ms": 300}));
            let begun = Instant::now();
            let answer = if streamed {
                stream(&world, provider, "hi")
            } else {
                world.ask(provider, &plain(provider, "hi", &json!({})))
            };
            assert!(begun.elapsed() >= Duration::from_millis(300), "{provider}");
            // OpenAI's streams tell it only when asked.
            let told = usage(&answer.body);
            let silent = provider == "openai" && streamed;
            assert!(silent || (700..800).contains(&told), "{provider}: {}", answer.body);
        }
    }
}

#[test]
fn other_machines_need_leave() {
    let any = "127.0.0.1:0".parse().unwrap();
    let everywhere = "0.0.0.0:0".parse().unwrap();
    let mut options = Options {
        openai: everywhere,
        anthropic: any,
        gemini: any,
        admin: any,
        weather: None,
        allow_remote: false,
    };
    let runtime = Runtime::new().unwrap();
    let refused = runtime.block_on(async { start(&options).unwrap_err().to_string() });
    assert!(refused.contains("`0.0.0.0:0` is not loopback"), "{refused}");
    options.allow_remote = true;
    assert!(runtime.block_on(async { start(&options).is_ok() }));
}
