//! What the user said, what a request offers and what a route is called, however an app writes it.
use tradewind::complexity::{KNOTS, LEXICAL, Lexical, Route, Score, Weights};
use tradewind::dialect::{Operation, client};
use tradewind::json::{Document, Limits};

use super::{REST, asked, asked_of, chat};

/// A call of a function and its answer, as OpenAI's API has them.
const CALLED: &str = r#",
    {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function",
      "function": {"name": "search", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "今年春天河水很高"}"#;

/// The same as Anthropic's API has them, with what Claude Code says beside it.
const USED: &str = r#",
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "search",
      "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1",
      "content": "今年春天河水很高"},
      {"type": "text", "text": "<system-reminder>Пиши тесты</system-reminder>"}]}"#;

/// A class stays what it was while an agent works.
#[test]
fn what_functions_answer_is_nothing_that_the_user_says() {
    let said = r#"{"role": "user", "content": "Please prove it:\n```\nx\n```"}"#;
    for (api, more, answer) in [("openai", "", CALLED), ("anthropic", r#""max_tokens": 9,"#, USED)]
    {
        for times in 0..3 {
            let answers = answer.repeat(times);
            let body = format!(r#"{{"model": "auto", {more} "messages": [{said}{answers}]}}"#);
            for (when, expected) in [
                (r#"{"text_matches": "prove"}"#, true),
                (r#"{"script": "latin"}"#, true),
                (r#"{"code": true}"#, true),
                (r#"{"text_matches": "春天"}"#, false),
                (r#"{"text_matches": {"pattern": "春天", "in": "conversation"}}"#, times > 0),
            ] {
                assert_eq!(asked(when, api, &body).0, expected, "{when} {body}");
            }
        }
    }
    // What it says after them is its last.
    let later = format!(r#"[{said}{CALLED}, {{"role": "user", "content": "Спасибо"}}]"#);
    let later = format!(r#"{{"model": "auto", "messages": {later}}}"#);
    assert!(asked(r#"{"script": "cyrillic", "code": false}"#, "openai", &later).0);
}

/// Tools are what a request offers, in whatever form.
#[test]
fn tools_of_any_form_are_tools() {
    let openai = |more: &str| chat("Hi", more);
    let anthropic = |more: &str| chat("Hi", &format!(r#", "max_tokens": 9{more}"#));
    for (api, body, name, count) in [
        (
            "openai",
            openai(r#", "tools": [{"type": "custom", "custom": {"name": "grep"}}]"#),
            "grep",
            1,
        ),
        ("openai", openai(r#", "functions": [{"name": "old"}, {"name": "older"}]"#), "older", 2),
        (
            "anthropic",
            anthropic(r#", "tools": [{"type": "web_search_20250305", "name": "web_search"}]"#),
            "web_search",
            1,
        ),
        (
            "anthropic",
            anthropic(
                r#", "tools": [{"type": "bash_20250124", "name": "bash"},
                {"name": "own", "input_schema": {"type": "object"}}]"#,
            ),
            "own",
            2,
        ),
        (
            "anthropic",
            anthropic(
                r#", "mcp_servers": [{"type": "url", "url": "https://x.test", "name": "files"}]"#,
            ),
            "files",
            1,
        ),
    ] {
        for (when, expected) in [
            (r#"{"tools": true}"#.to_owned(), true),
            (r#"{"tools": false}"#.to_owned(), false),
            (format!(r#"{{"tools": ["other", "{name}"]}}"#), true),
            (r#"{"tools": "other"}"#.to_owned(), false),
            (format!(r#"{{"tools": {{"over": {}, "at_most": {count}}}}}"#, count - 1), true),
        ] {
            assert_eq!(asked(&when, api, &body).0, expected, "{when} {body}");
        }
        // A model that can call none does not get them.
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let client = client::named(api).unwrap();
        let inbound = client.endpoint_for(Operation::CHAT.name).unwrap().inbound().unwrap();
        let needs = inbound.ask(&document).unwrap().needs().tools;
        assert!(needs.is_some_and(|field| body.contains(field)), "{needs:?} {body}");
    }
}

/// Labels name a route by one of its names, and apps ask for it by any.
#[test]
fn a_route_is_known_by_any_of_its_names() {
    let weights = Weights {
        bits: 8,
        table: vec![0; 256],
        table_scale: 0,
        lexical: [Lexical::default(); LEXICAL],
        lexical_scale: 0,
        bias: -1000,
        knots: [0; KNOTS],
        threshold: Score::of_parts(6200),
        kinds: Vec::new(),
        routes: vec![Route { name: "best".to_owned(), mean: 0 }],
    };
    let file: serde_json::Value = serde_json::from_slice(&weights.to_json(|_| ())).unwrap();
    let classifier = format!(r#", "classifier": {{"weights": {}}}"#, file.get("weights").unwrap());
    let rest = format!("{REST}{classifier}");
    let body = |model: &str| chat("Hi", "").replace("auto", model);
    for (model, expected) in [("best", true), ("auto", true), ("other", false)] {
        let (known, why, _) =
            asked_of(&rest, r#"{"complexity": {"at_most": 0.99}}"#, "openai", &body(model));
        assert_eq!(known, expected, "{model} {why}");
    }
}

/// The parts of a message are one text, and the end of a conversation is its end.
#[test]
fn texts_are_read_as_they_were_said() {
    let parts = r#"{"model": "auto", "messages": [{"role": "system", "content": "Be"},
        {"role": "system", "content": "brief"}, {"role": "user", "content": [
        {"type": "text", "text": "Now prove"}, {"type": "text", "text": "it, please"}]}]}"#;
    assert!(asked(r#"{"text_matches": "prove\\s+it"}"#, "openai", parts).0);
    assert!(asked(r#"{"system_matches": "^Be\\sbrief$"}"#, "openai", parts).0);
    let long = |before: usize, after: usize| {
        chat(&format!("{} needle {}", "é".repeat(before), "ж".repeat(after)), "")
    };
    let (last, all) = (
        r#"{"text_matches": "needle"}"#,
        r#"{"text_matches": {"pattern": "needle", "in": "conversation"}}"#,
    );
    for (before, after, in_last, in_all) in [
        (10, 10, true, true),
        (20_000, 10, false, true),
        (10, 20_000, true, false),
        (20_000, 20_000, false, false),
        (8000, 8000, true, true),
    ] {
        let body = long(before, after);
        assert_eq!(asked(last, "openai", &body).0, in_last, "{before} {after}");
        assert_eq!(asked(all, "openai", &body).0, in_all, "{before} {after}");
    }
    // The newest messages as far as they reach, and the end of the one before them.
    let talk = format!(
        r#"{{"model": "auto", "messages": [{{"role": "user", "content": "early {}"}},
        {{"role": "assistant", "content": "middle"}}, {{"role": "user", "content": "late"}}]}}"#,
        "x".repeat(16 << 10)
    );
    let found = |word: &str| {
        let when = format!(r#"{{"text_matches": {{"pattern": "{word}", "in": "conversation"}}}}"#);
        asked(&when, "openai", &talk).0
    };
    assert_eq!(["early", "x\\nmiddle\\nlate$"].map(found), [false, true]);
}
