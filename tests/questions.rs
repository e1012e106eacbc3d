//! Every question of a `when`: requests of which it holds, requests of which it does not, and what
//! the host is asked for it.
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#[path = "support/said.rs"]
mod said;

use std::cell::{Cell, OnceCell};

use tradewind::credit::Balance;
use tradewind::decide::{Request, Verdict, World, decide};
use tradewind::dialect::{Operation, client};
use tradewind::json::{Document, Limits};
use tradewind::policy::field::Row as _;
use tradewind::policy::{Policy, QUESTIONS, Standing, Tenant, TextFacts};
use tradewind::port::{Clock, Random, Shared};

const REST: &str = r#"
  "version": "tradewind/v1",
  "identity": [
    {"api_key": {"keys": [
      {"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "tenant": "acme", "user": "ci", "key": "nightly", "labels": {"team": "search"}},
      {"sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        "tenant": "globex", "user": "ann", "key": "daily", "labels": {"team": "ads"}}]}}],
  "providers": {"openai": {"dialect": "openai", "endpoint": "https://openai.test"}},
  "models": {"gpt": {"provider": "openai", "name": "gpt-4.1", "context_window": 90000,
    "max_output_tokens": 4000, "capabilities": ["tools", "images", "json_schema", "reasoning"],
    "price": {"input": "2", "output": "8"}}},
  "chains": {"yes": ["gpt"], "no": ["gpt"]},
  "request_headers": ["x-team", "x-stage"],
  "routes": [{"models": ["auto", "best"], "chain": {"yes": "yes", "no": "no"}},
    {"models": ["other"], "chain": "yes"}],
  "credits": {"endpoint": "http://ledger.test", "on_unavailable": "deny"}
"#;

/// 2026-11-29, a Sunday, at 23:30 in UTC.
const NOW: u64 = 1_795_995_000;

/// A host that counts what it is asked.
#[derive(Default)]
struct Counting(Cell<u64>);

impl Counting {
    fn count(&self) {
        self.0.set(self.0.get().saturating_add(1));
    }
}

impl Clock for Counting {
    fn now_ms(&self) -> u64 {
        self.count();
        0
    }

    fn unix_seconds(&self) -> u64 {
        self.count();
        NOW
    }
}

impl Random for Counting {
    fn unique(&self) -> u64 {
        self.count();
        0
    }
}

impl Shared for Counting {
    fn shared_data(&self, _key: &str) -> (Vec<u8>, Option<u32>) {
        self.count();
        (Vec::new(), None)
    }

    fn set_shared_data(&self, _key: &str, _value: &[u8], _unchanged: Option<u32>) -> bool {
        false
    }
}

/// Whether a `when` holds of a request, why, and how often the host was asked.
fn asked(when: &str, api: &str, body: &str) -> (bool, String, u64) {
    asked_of(REST, when, api, body)
}

/// The same in another policy.
fn asked_of(rest: &str, when: &str, api: &str, body: &str) -> (bool, String, u64) {
    let classes = format!(r#""classes": [{{"name": "yes", "when": {when}}}, {{"name": "no"}}]"#);
    let policy = format!("{{{rest}, {classes}}}");
    let policy = Policy::from_json(policy.as_bytes()).map_err(|wrong| format!("{when}: {wrong:?}"));
    let (policy, host) = (policy.unwrap(), Counting::default());
    let labels = vec![("team".to_owned(), "search".to_owned())];
    let tenant = Tenant {
        tenant: "acme".to_owned(),
        user: Some("ci".to_owned()),
        key: Some("nightly".to_owned()),
        labels: labels.into(),
        ..Tenant::default()
    };
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let client = client::named(api).unwrap();
    let inbound = client.endpoint_for(Operation::CHAT.name).unwrap().inbound().unwrap();
    let ask = inbound.ask(&document).map_err(|fault| format!("{body}: {fault:?}")).unwrap();
    let account = || {
        host.count();
        let balance = Balance::of_micros(1_000_000);
        Some(Standing { balance, last_purchase: "10".parse().unwrap() })
    };
    let decision = decide(&Request {
        policy: &policy,
        tenant: &tenant,
        client: client.name,
        operation: Operation::CHAT,
        inbound,
        headers: &[("x-team".to_owned(), "a".to_owned())],
        document: &document,
        ask: &ask,
        bytes: body.len(),
        world: World::of(&host).with_account(&account),
        estimate: OnceCell::new(),
        assembled: None,
        copied: None,
        resumed: None,
        texts: TextFacts::default(),
    });
    // Whether a model can serve it comes after.
    let trace = decision.map_or_else(|refusal| refusal.trace, |decision| decision.trace);
    let entry = trace.of(None).find(|entry| entry.verdict == Verdict::Classed).unwrap();
    (entry.subject == "yes", entry.reason.to_string(), host.0.get())
}

/// A chat of one message, with more fields.
fn chat(text: &str, more: &str) -> String {
    let text = serde_json::Value::from(text);
    format!(r#"{{"model": "auto", "messages": [{{"role": "user", "content": {text}}}]{more}}}"#)
}

const NONE: &str = r#", "tool_choice": "none""#;
const TOOL: &str = r#", "tools": [{"type": "function", "function": {"name": "search"}}]"#;

/// A `when`, a request, and whether the one holds of the other.
type Case = (&'static str, String, bool);

fn hi() -> String {
    chat("Hi", "")
}

/// Questions about who asks, and by which name.
fn callers() -> Vec<Case> {
    vec![
        (r#"{"route": "best"}"#, hi(), true),
        (r#"{"route": ["other"]}"#, hi(), false),
        (r#"{"requested_model": ["auto", "other"]}"#, hi(), true),
        (r#"{"requested_model": "best"}"#, hi(), false),
        (r#"{"tenant": "acme"}"#, hi(), true),
        (r#"{"tenant": "globex"}"#, hi(), false),
        (r#"{"user": ["ann", "ci"]}"#, hi(), true),
        (r#"{"user": "ann"}"#, hi(), false),
        (r#"{"key": "nightly"}"#, hi(), true),
        (r#"{"key": "daily"}"#, hi(), false),
        (r#"{"label": {"team": ["ads", "search"]}}"#, hi(), true),
        (r#"{"label": {"team": "ads"}}"#, hi(), false),
        (r#"{"header": {"X-Team": ["a", "b"], "x-stage": false}}"#, hi(), true),
        (r#"{"header": {"x-team": true}}"#, hi(), true),
        (r#"{"header": {"x-team": "b"}}"#, hi(), false),
        (r#"{"header": {"x-team": "a", "x-stage": true}}"#, hi(), false),
        (r#"{"client": "openai"}"#, hi(), true),
        (r#"{"client": "anthropic"}"#, hi(), false),
        (r#"{"operation": "chat"}"#, hi(), true),
    ]
}

/// Questions about what is asked.
fn shapes() -> Vec<Case> {
    vec![
        (r#"{"stream": true}"#, chat("Hi", r#", "stream": true"#), true),
        (r#"{"stream": true}"#, hi(), false),
        (r#"{"output_cap": {"at_most": 500}}"#, chat("Hi", r#", "max_tokens": 500"#), true),
        (r#"{"output_cap": {"at_most": 500}}"#, hi(), false),
        (r#"{"output_cap": {"over": 500}}"#, hi(), true),
        (r#"{"temperature": {"at_most": 0}}"#, chat("Hi", r#", "temperature": 0.0"#), true),
        (r#"{"temperature": {"at_most": 0}}"#, chat("Hi", r#", "temperature": 0.01"#), false),
        (r#"{"temperature": {"at_most": 0}}"#, hi(), false),
        (
            r#"{"temperature": {"over": 0.5, "at_most": 1}}"#,
            chat("Hi", r#", "temperature": 1"#),
            true,
        ),
        (r#"{"temperature": {"over": 0.5}}"#, hi(), true),
        (r#"{"top_p": {"at_most": 0.1}}"#, chat("Hi", r#", "top_p": 1e-1"#), true),
        (r#"{"top_p": {"over": 0.1}}"#, chat("Hi", r#", "top_p": 0.1"#), false),
        (r#"{"turns": {"at_most": 1}}"#, hi(), true),
        (r#"{"turns": {"over": 1}}"#, hi(), false),
        (r#"{"tools": true}"#, chat("Hi", TOOL), true),
        (r#"{"tools": true}"#, hi(), false),
        (r#"{"tools": false}"#, hi(), true),
        (r#"{"tools": ["fetch", "search"]}"#, chat("Hi", TOOL), true),
        (r#"{"tools": "fetch"}"#, chat("Hi", TOOL), false),
        (r#"{"tools": {"over": 0, "at_most": 1}}"#, chat("Hi", TOOL), true),
        (r#"{"tools": {"over": 1}}"#, chat("Hi", TOOL), false),
        (r#"{"tools": "search"}"#, chat("Hi", &format!("{TOOL}{NONE}")), false),
        (r#"{"tools": true}"#, chat("Hi", &format!("{TOOL}{NONE}")), false),
        (r#"{"tools": {"over": 0}}"#, chat("Hi", &format!("{TOOL}{NONE}")), false),
        (
            r#"{"json_schema": true}"#,
            chat(
                "Hi",
                r#", "response_format": {"type": "json_schema",
                    "json_schema": {"name": "x", "schema": {"type": "object"}}}"#,
            ),
            true,
        ),
        (r#"{"json_schema": true}"#, hi(), false),
        (r#"{"reasoning": true}"#, chat("Hi", r#", "reasoning_effort": "high""#), true),
        (r#"{"reasoning": true}"#, hi(), false),
        (
            r#"{"images": true}"#,
            r#"{"model": "auto", "messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]}]}"#
                .to_owned(),
            true,
        ),
        (r#"{"images": true}"#, hi(), false),
        (
            r#"{"documents": true}"#,
            r#"{"model": "auto", "messages": [{"role": "user", "content": [
                {"type": "text", "text": "Read."},
                {"type": "file", "file": {"file_id": "f"}}]}]}"#
                .to_owned(),
            true,
        ),
        (r#"{"documents": true}"#, hi(), false),
    ]
}

/// Questions about the hour, the account, the texts, and other questions.
fn texts() -> Vec<Case> {
    vec![
        (r#"{"time": {"days": ["sun"]}}"#, hi(), true),
        (r#"{"time": {"zone": "+01:00", "days": ["sun"]}}"#, hi(), false),
        (r#"{"time": {"hours": "23:00-24:00"}}"#, hi(), true),
        (r#"{"time": {"zone": "-05:00", "hours": "23:00-24:00"}}"#, hi(), false),
        (r#"{"credits_left": {"below": "20%"}}"#, hi(), true),
        (r#"{"credits_left": {"below": "0.5"}}"#, hi(), false),
        (r#"{"input_tokens": {"over": 100}}"#, chat(&"word ".repeat(200), ""), true),
        (r#"{"input_tokens": {"over": 100}}"#, hi(), false),
        (r#"{"script": ["han", "kana"]}"#, chat("今年春天河水很高", ""), true),
        (r#"{"script": "latin"}"#, chat("今年春天河水很高", ""), false),
        (r#"{"code": true}"#, chat("Why?\n```\nx\n```", ""), true),
        (r#"{"code": true}"#, hi(), false),
        (r#"{"complexity": "premium"}"#, hi(), true),
        (r#"{"complexity": "budget"}"#, hi(), false),
        (r#"{"complexity": {"over": 0.5}}"#, chat(&"word ".repeat(2000), ""), true),
        (r#"{"complexity": {"over": 0.5}}"#, hi(), false),
        (r#"{"complexity": {"at_most": 0.5}}"#, hi(), true),
        (
            r#"{"system_matches": "judge$"}"#,
            r#"{"model": "auto", "messages": [{"role": "system", "content": "Be a judge"},
                {"role": "user", "content": "Hi"}]}"#
                .to_owned(),
            true,
        ),
        (r#"{"system_matches": "judge"}"#, chat("a judge", ""), false),
        (r#"{"text_matches": "(?i)prove|refactor"}"#, chat("PROVE it", ""), true),
        (r#"{"text_matches": "(?i)prove|refactor"}"#, hi(), false),
        (r#"{"all": [{"tools": false}, {"tenant": "acme"}]}"#, hi(), true),
        (r#"{"all": [{"tools": true}, {"tenant": "acme"}]}"#, hi(), false),
        (r#"{"any": [{"tools": true}, {"tenant": "acme"}]}"#, hi(), true),
        (r#"{"any": [{"tools": true}, {"tenant": "globex"}]}"#, hi(), false),
        (r#"{"not": {"tools": true}}"#, hi(), true),
        (r#"{"not": {"tools": false}}"#, hi(), false),
        (r#"{"tenant": "acme", "tools": true}"#, hi(), false),
        (r#"{"tenant": "acme", "tools": false}"#, hi(), true),
    ]
}

#[test]
fn every_question_holds_of_some_requests_and_not_of_others() {
    let cases: Vec<Case> = [callers(), shapes(), texts()].into_iter().flatten().collect();
    for (when, body, expected) in &cases {
        let (holds, why, _) = asked(when, "openai", body);
        assert_eq!(holds, *expected, "{when} {why} {body}");
    }
    for question in QUESTIONS {
        let key = format!("\"{}\"", question.key());
        let of = |holds: bool| {
            cases.iter().any(|(when, _, expected)| when.contains(&key) && *expected == holds)
        };
        // All requests that a class is asked for are chats yet.
        assert!(of(true) && (of(false) || question.key() == "operation"), "{key} has no case");
    }
}

/// What the user said before counts where the whole conversation is meant, and there alone.
#[test]
fn a_text_is_looked_for_where_it_is_meant() {
    let body = r#"{"model": "auto", "messages": [
        {"role": "user", "content": "Refund me"}, {"role": "assistant", "content": "Why?"},
        {"role": "user", "content": "It broke"}]}"#;
    for (when, expected) in [
        (r#"{"text_matches": "Refund"}"#, false),
        (r#"{"text_matches": {"pattern": "Refund", "in": "conversation"}}"#, true),
        (r#"{"text_matches": {"pattern": "Why", "in": "conversation"}}"#, true),
        (r#"{"text_matches": {"pattern": "broke", "in": "last"}}"#, true),
        (r#"{"turns": {"over": 2, "at_most": 3}}"#, true),
    ] {
        assert_eq!(asked(when, "openai", body).0, expected, "{when}");
    }
}

#[test]
fn another_api_is_asked_the_same() {
    let body = r#"{"model": "auto", "max_tokens": 9, "system": "Be a judge", "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "document",
          "source": {"type": "text", "media_type": "text/plain", "data": "x"}}]}]}"#;
    for when in [
        r#"{"client": "anthropic"}"#,
        r#"{"documents": true}"#,
        r#"{"system_matches": "judge"}"#,
        r#"{"output_cap": {"at_most": 9}}"#,
    ] {
        assert!(asked(when, "anthropic", body).0, "{when}");
    }
}

/// The trace says by which questions, and what numbers they found; never a text of the app's.
#[test]
fn a_class_says_why_it_takes_a_request() {
    let when = r#"{"any": [{"tools": true}, {"input_tokens": {"over": 0}, "text_matches": "H"}]}"#;
    let (_, why, _) = asked(when, "openai", &chat("Hi", ""));
    assert_eq!(why, "`any[1].input_tokens` (5), `any[1].text_matches`");
    let (_, why, _) = asked(r#"{"not": {"tools": true}}"#, "openai", &chat("Hi", ""));
    assert_eq!(why, "`not`");
}

#[test]
fn the_host_is_asked_once_and_only_where_a_question_needs_it() {
    let time = r#"{"hours": "01:00-02:00"}"#;
    let asks = |when: &str| asked(when, "openai", &chat("Hi", "")).2;
    assert_eq!(asks(r#"{"tools": true, "text_matches": "x", "script": "han"}"#), 0);
    assert_eq!(asks(&format!(r#"{{"any": [{{"time": {time}}}, {{"time": {time}}}]}}"#)), 1);
    let left = r#"{"credits_left": {"below": "0.5"}}"#;
    assert_eq!(asks(&format!(r#"{{"any": [{left}, {left}]}}"#)), 1);
}
