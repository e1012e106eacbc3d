//! What a gateway adds to a request: whatever an app puts into a header, a value stays a value, and
//! the app's own words stay as they are.
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::cell::OnceCell;

use proptest::prelude::*;
use tradewind::decide::{Request, Verdict, World, assemble, decide};
use tradewind::dialect::{Ask, Inbound, Operation, client};
use tradewind::json::{Document, Limits};
use tradewind::policy::{Policy, Tenant, TextFacts};
use tradewind::port::{Clock, Random, Shared};

const POLICY: &str = r#"{
  "version": "tradewind/v1",
  "identity": [{"anonymous": {"tenant": "public"}}],
  "providers": {"openai": {"dialect": "openai", "endpoint": "https://openai.test"}},
  "models": {"gpt": {"provider": "openai", "name": "gpt-4.1", "context_window": 90000,
    "max_output_tokens": 4000}},
  "chains": {"gpt": ["gpt"]},
  "request_headers": ["x-team"],
  "routes": [{"models": ["auto"], "chain": "gpt"}],
  "prompt": [
    {"prepend_system": "Before [{{header.x-team}}] of {{user}}.",
     "messages": [{"user": "Q [{{header.x-team}}]", "assistant": "A"}]},
    {"append_system": "Behind [{{header.x-team}}]."}
  ]
}"#;

/// A day in November.
struct Day;

impl Clock for Day {
    fn now_ms(&self) -> u64 {
        0
    }

    fn unix_seconds(&self) -> u64 {
        1_795_000_000
    }
}

impl Random for Day {
    fn unique(&self) -> u64 {
        0
    }
}

impl Shared for Day {
    fn shared_data(&self, _key: &str) -> (Vec<u8>, Option<u32>) {
        (Vec::new(), None)
    }

    fn set_shared_data(&self, _key: &str, _value: &[u8], _unchanged: Option<u32>) -> bool {
        false
    }
}

/// Two experiments of which each adds something, and no rule.
const ARMS: &str = r#"
  "experiments": [
    {"name": "one", "unit": "tenant", "arms": [{"name": "control", "weight": 0},
      {"name": "adds", "weight": 1, "prompt": {"append_system": "One.", "set": {"temperature": 0.5}, "cap": {"max_tokens": 300}}}]},
    {"name": "other", "unit": "user", "arms": [{"name": "control", "weight": 0},
      {"name": "adds", "weight": 1, "prompt": {"append_system": "Other."}}]},
    {"name": "two", "unit": "tenant", "arms": [{"name": "control", "weight": 0},
      {"name": "adds", "weight": 1, "prompt": {"append_system": "Two.", "set": {"temperature": 0.2}, "default": {"top_p": 0.5}, "cap": {"max_tokens": 400}}}]}
  ]
}"#;

/// What is made of an app's request, while somebody watches or nobody does; with the step, the
/// verdict and the subject of every entry of its trace.
fn made(policy: &str, body: &str, watched: bool) -> (Option<String>, Vec<String>) {
    made_for("openai", policy, body, watched)
}

/// The same for an app of that client's.
fn made_for(
    client: &str,
    policy: &str,
    body: &str,
    watched: bool,
) -> (Option<String>, Vec<String>) {
    let policy = Policy::from_json(policy.as_bytes()).unwrap();
    let tenant = Tenant { tenant: "public".to_owned(), ..Tenant::default() };
    let inbound = inbound(client);
    let client = client::named(client).unwrap();
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let ask = inbound.ask(&document).unwrap();
    let request = |assembled| Request {
        policy: &policy,
        tenant: &tenant,
        client: client.name,
        operation: Operation::CHAT,
        inbound,
        headers: &[],
        document: &document,
        ask: &ask,
        bytes: body.len(),
        world: World::of(&Day).watched(watched),
        estimate: OnceCell::new(),
        assembled,
        copied: None,
        resumed: None,
        texts: TextFacts::default(),
    };
    let assembled = assemble(&request(None)).unwrap().unwrap();
    let decision = decide(&request(Some(&assembled))).unwrap();
    let entries = decision.trace.of(None);
    // Digests of units are not what this is about.
    let entries = entries.filter(|own| own.verdict != Verdict::Unit);
    let entries = entries.map(|own| format!("{} {} {}", own.step, own.verdict.name(), own.subject));
    let entries = entries.collect();
    (assembled.body.map(|body| String::from_utf8(body).unwrap()), entries)
}

#[test]
fn arms_add_in_the_order_of_their_experiments_and_without_a_rule() {
    let (head, _) = POLICY.split_once("  \"prompt\"").unwrap();
    let policy = format!("{head}{ARMS}");
    let body = r#"{"model":"auto","max_tokens":900,"messages":[{"role":"user","content":"Hi"}]}"#;
    let (made_of, entries) = made(&policy, body, false);
    assert_eq!(
        made_of.unwrap(),
        r#"{"temperature":0.2,"top_p":0.5,"model":"auto","max_tokens":300,"messages":[{"role":"system","content":"One."},{"role":"system","content":"Two."},{"role":"user","content":"Hi"}]}"#
    );
    let mut expected = vec![
        "experiment assigned one=adds",
        "experiment assigned two=adds",
        "prompt added experiments[0].arms[1].prompt",
        "prompt added experiments[2].arms[1].prompt",
        "chain chosen gpt",
    ];
    assert_eq!(entries, expected);
    // What changes nothing is told to those who watch, and to nobody else.
    expected.insert(1, "experiment skipped other");
    assert_eq!(made(&policy, body, true).1, expected);
}

#[test]
fn a_request_that_nothing_changes_stays_as_it_is() {
    let (head, _) = POLICY.split_once("  \"prompt\"").unwrap();
    let policy = format!(
        r#"{head} "prompt": [{{"routes": ["auto"], "cap": {{"max_tokens": 300}}}},
        {{"when": {{"stream": true}}, "append_system": "No."}}]}}"#
    );
    let body = r#"{"model":"auto","max_tokens":90,"messages":[{"role":"user","content":"Hi"}]}"#;
    let (made_of, entries) = made(&policy, body, false);
    assert_eq!(made_of, None);
    assert_eq!(entries, ["prompt added prompt[0]", "chain chosen gpt"]);
}

/// What the gateway has made is not asked once more whether two servers would read it alike.
#[test]
fn what_is_added_stands_once_and_under_its_own_name() {
    let thinks = r#"4000, "capabilities": ["reasoning"], "unsupported": "drop"}"#;
    let thinks = POLICY.replace("4000}", thinks);
    let (head, _) = thinks.split_once("  \"prompt\"").unwrap();
    let parameters =
        r#"{"temperature": 0.4, "top_p": 0.6, "max_tokens": 3000, "reasoning": "low"}"#;
    let rule = r#""prepend_system": "A", "append_system": "B", "messages": [{"user": "Q", "assistant": "A"}]"#;
    let own = r#""temperature":1,"top_p":1,"max_tokens":3500,"messages":[{"role":"user","content":"Hi"}]"#;
    let chat = [
        r#""reasoning_effort":"high","max_completion_tokens":3500"#,
        r#""thinking":{"type":"disabled"}"#,
    ];
    let messages = [
        r#""system":"Own","thinking":{"type":"enabled","budget_tokens":2000}"#,
        r#""system":[{"type":"text","text":"Own"}],"output_config":{"effort":"high"}"#,
        r#""system":[],"thinking":{"type":"adaptive"}"#,
    ];
    for kind in ["set", "default", "cap"] {
        let policy = format!(r#"{head} "prompt": [{{{rule}, "{kind}": {parameters}}}]}}"#);
        for (name, mores) in [("openai", &chat[..]), ("anthropic", &messages[..])] {
            let least = r#""max_tokens":3500,"messages":[{"role":"user","content":"Hi"}]"#;
            let all = mores.iter().map(|more| format!("{own},{more}")).chain([least.to_owned()]);
            for more in all {
                let body = format!(r#"{{"model":"auto",{more}}}"#);
                let made = made_for(name, &policy, &body, false).0.unwrap();
                let inbound = inbound(name);
                let document = Document::parse(made.as_bytes(), Limits::default()).unwrap();
                assert!(inbound.ask(&document).is_ok(), "{made}");
            }
        }
    }
}

/// How requests of a client are read.
fn inbound(client: &str) -> &'static Inbound {
    let client = client::named(client).unwrap();
    client.endpoint_for(Operation::CHAT.name).unwrap().inbound().unwrap()
}

/// The system texts, and everything that was said.
fn told(ask: &Ask<'_>) -> (Vec<String>, Vec<String>) {
    let system = ask.system.iter().map(ToString::to_string).collect();
    (system, ask.turns.iter().map(|turn| format!("{turn:?}")).collect())
}

proptest! {
    #[test]
    fn a_value_stays_a_value(
        team in "\\PC{0,40}|[\"\\\\{}\\[\\],:a\n\r\t]{0,40}",
        user in proptest::option::of("[!-~]{1,20}"),
        own in "[ -~]{0,30}",
        openai in any::<bool>(),
    ) {
        let client = client::named(if openai { "openai" } else { "anthropic" }).unwrap();
        let inbound = client.endpoint_for(Operation::CHAT.name).unwrap().inbound().unwrap();
        let own = serde_json::Value::String(format!("own {own}")).to_string();
        let body = if openai {
            format!(
                r#"{{"model":"auto","messages":[{{"role":"system","content":{own}}},
                {{"role":"user","content":{own}}}]}}"#
            )
        } else {
            format!(
                r#"{{"model":"auto","max_tokens":9,"system":{own},
                "messages":[{{"role":"user","content":{own}}}]}}"#
            )
        };
        let policy = Policy::from_json(POLICY.as_bytes()).unwrap();
        let name = "public".to_owned();
        let tenant = Tenant { tenant: name, user: user.clone(), ..Tenant::default() };
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let ask = inbound.ask(&document).unwrap();
        let headers = [("x-team".to_owned(), team.clone())];
        let assembled = assemble(&Request {
            policy: &policy,
            tenant: &tenant,
            client: client.name,
            operation: Operation::CHAT,
            inbound,
            headers: &headers,
            document: &document,
            ask: &ask,
            bytes: body.len(),
            world: World::of(&Day),
            estimate: OnceCell::new(),
            assembled: None,
            copied: None,
            resumed: None,
            texts: TextFacts::default(),
        });
        let made = assembled.unwrap().unwrap().body.unwrap();
        let document = Document::parse(&made, Limits::default()).unwrap();
        let (system, turns) = told(&inbound.ask(&document).unwrap());
        let (own_system, own_turns) = told(&ask);
        // Each of these is one text, in which the value stands between the same words as ever.
        prop_assert_eq!(system.len(), 3);
        let of = format!("] of {}.", user.unwrap_or_default());
        let within = system[0].strip_prefix("Before [").and_then(|own| own.strip_suffix(&of));
        let value = within.unwrap().to_owned();
        prop_assert!(!value.contains(char::is_control));
        prop_assert_eq!(value.chars().count(), team.chars().count());
        prop_assert_eq!(&system[1], &own_system[0]);
        prop_assert_eq!(&system[2], &format!("Behind [{value}]."));
        prop_assert_eq!(turns.len(), 3);
        prop_assert_eq!(&turns[2..], &own_turns[..]);
    }
}
