//! How a request is decided: what the steps ask of the world, and what they leave in the trace.
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#[path = "support/accounts.rs"]
mod accounts;
#[path = "support/alone.rs"]
mod alone;
#[path = "support/cached.rs"]
mod cached;
#[path = "support/cascades.rs"]
mod cascades;
#[path = "support/decided.rs"]
mod decided;
#[path = "support/kept.rs"]
mod kept;
#[path = "support/probes.rs"]
mod probes;

use std::cell::Cell;

use decided::decided_by;
use tradewind::decide::{Decision, Refusal, World};
use tradewind::json::{Document, Limits};
use tradewind::layout::{Reader, Writer};
use tradewind::port::{Clock, Random, Shared};
use tradewind::resilience::Record;

const POLICY: &str = r#"{
  "version": "tradewind/v1",
  "identity": [{"anonymous": {"tenant": "public"}}],
  "limits": {"request": {"max_messages": 3}},
  "providers": {
    "openai": {"dialect": "openai", "endpoint": "https://openai.test"},
    "google": {"dialect": "gemini", "endpoint": "https://google.test"},
    "anthropic": {"dialect": "anthropic", "endpoint": "https://anthropic.test"}
  },
  "models": {
    "gpt": {"provider": "openai", "name": "gpt-4.1", "context_window": 9000000,
      "max_output_tokens": 4000, "price": {"input": "2", "output": "8"}},
    "nano": {"provider": "openai", "name": "gpt-4.1-nano", "context_window": 90000,
      "max_output_tokens": 4000, "price": {"input": "1", "output": "2"}},
    "gemini": {"provider": "google", "name": "gemini-2.5-pro", "context_window": 9000,
      "max_output_tokens": 4000, "price": {"input": "1", "output": "8"}},
    "claude": {"provider": "anthropic", "name": "claude-3-5-haiku", "context_window": 9000000,
      "max_output_tokens": 4000, "price": {"input": "1", "output": "8"}},
    "bare": {"provider": "anthropic", "name": "claude-3-5-haiku", "context_window": 900000,
      "max_output_tokens": 4000, "capabilities": ["tools"], "price": {"input": "1", "output": "8"}}
  },
  "chains": {"both": ["gemini", "gpt"], "gemini": ["gemini"], "claude": ["claude"], "bare": ["bare"],
    "mixed": ["claude", "gpt"], "careful": {"cascade": ["gemini", "gpt"]},
    "patient": {"cascade": ["claude", "gpt"], "streaming": "wait"},
    "twins": {"cascade": ["nano", "gpt"]},
    "agreeing": {"cascade": ["gemini", "nano", "gpt"], "accept": {"agree": ["gemini", "nano"]}},
    "agreeing-late": {"cascade": ["nano", "claude", "gemini", "gpt"],
      "accept": {"agree": ["claude", "gemini"]}},
    "agreeing-wide": {"cascade": ["gpt", "claude", "gemini"], "accept": {"agree": ["gpt", "claude"]}}},
  "routes": [
    {"models": ["claude"], "chain": "claude"},
    {"models": ["bare"], "chain": "bare"},
    {"models": ["mixed"], "chain": "mixed"},
    {"models": ["careful"], "chain": "careful"},
    {"models": ["patient"], "chain": "patient"},
    {"models": ["twins"], "chain": "twins"},
    {"models": ["agreeing"], "chain": "agreeing"},
    {"models": ["agreeing-late"], "chain": "agreeing-late"},
    {"models": ["agreeing-wide"], "chain": "agreeing-wide"},
    {"models": ["auto"], "chain": "both"},
    {"models": ["gemini"], "chain": "gemini"}
  ],
  "credits": {"endpoint": "http://ledger.test", "on_unavailable": "deny"}
}"#;

/// A host on which every question is counted, and answered with the count.
#[derive(Default)]
struct Counting(Cell<u64>);

impl Counting {
    fn next(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(1));
        self.0.get()
    }
}

impl Clock for Counting {
    fn now_ms(&self) -> u64 {
        self.next()
    }

    fn unix_seconds(&self) -> u64 {
        self.next()
    }
}

impl Random for Counting {
    fn unique(&self) -> u64 {
        self.next()
    }
}

impl Shared for Counting {
    fn shared_data(&self, _key: &str) -> (Vec<u8>, Option<u32>) {
        self.next();
        (Vec::new(), None)
    }

    fn set_shared_data(&self, _key: &str, _value: &[u8], _unchanged: Option<u32>) -> bool {
        self.next();
        false
    }
}

/// A host that draws the same number for every request.
struct Drawing(u64);

impl Clock for Drawing {
    fn now_ms(&self) -> u64 {
        0
    }

    fn unix_seconds(&self) -> u64 {
        0
    }
}

impl Random for Drawing {
    fn unique(&self) -> u64 {
        self.0
    }
}

impl Shared for Drawing {
    fn shared_data(&self, _key: &str) -> (Vec<u8>, Option<u32>) {
        (Vec::new(), None)
    }

    fn set_shared_data(&self, _key: &str, _value: &[u8], _unchanged: Option<u32>) -> bool {
        false
    }
}

fn decided(body: &str, host: &Counting) -> Result<Decision, Box<Refusal>> {
    decided_for("openai", body, host)
}

fn decided_for(client: &str, body: &str, host: &Counting) -> Result<Decision, Box<Refusal>> {
    decided_by(POLICY, client, body, host)
}

#[test]
fn a_request_whose_steps_need_nothing_of_the_world_asks_for_nothing() {
    let host = Counting::default();
    let body = r#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#;
    assert_eq!(decided(body, &host).unwrap().quote.primary.legs.len(), 2);
    assert_eq!(host.0.get(), 0);
}

/// A record that nobody has written.
#[derive(Debug, PartialEq, Eq)]
struct Unwritten;

impl Record for Unwritten {
    const KIND: &'static str = "unwritten.1";

    fn write(&self, _out: &mut Writer) {}

    fn read(_fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self)
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        false
    }
}

#[test]
fn each_thing_of_the_world_is_asked_for_once() {
    let host = Counting::default();
    let world = World::of(&host);
    for _ in 0..3 {
        assert_eq!((world.now_ms(), world.unix_seconds()), (1, 2));
        let (one, other) = (world.chance("one"), world.chance("other"));
        assert_eq!((one, other), (world.chance("one"), world.chance("other")));
        assert_eq!(world.record::<Unwritten>("gpt"), None);
        assert_eq!(host.0.get(), 4);
    }
}

/// What one step makes of a request by chance tells nothing of what another makes of it.
#[test]
fn two_steps_draw_numbers_of_their_own() {
    let mut seen = [[0_u32; 4]; 4];
    for drawn in 0..4_000_u64 {
        let host = Drawing(drawn);
        let world = World::of(&host);
        let of = |step| usize::try_from(world.chance(step) % 4).unwrap();
        seen[of("one")][of("other")] += 1;
    }
    for count in seen.into_iter().flatten() {
        assert!((190..=310).contains(&count), "of 4000 in 16 parts: {seen:?}");
    }
}

/// The trace as the log has it, of the chain that was chosen or of all.
fn log(decided: Result<Decision, Box<Refusal>>) -> String {
    let json = match decided {
        Ok(decision) => decision.trace.json(Some(&decision.quote.primary.chain)),
        Err(refusal) => refusal.trace.json(None),
    };
    String::from_utf8(json).unwrap()
}

#[test]
fn the_log_says_what_was_decided_and_why() {
    let chosen =
        r#"{"step":"chain","chosen":"both","reason":"the chain of the model that was asked for"}"#;
    for (rest, expected) in [
        (r#""model":"auto""#, format!("[{chosen}]")),
        (
            r#""model":"auto","logit_bias":{"1":2}"#,
            format!(
                r#"[{chosen},{{"step":"fit","skipped":"gemini","reason":"`logit_bias` can be said to providers of the app's own dialect only"}}]"#
            ),
        ),
        (
            r#""model":"auto","web_search_options":{},"max_tokens":7"#,
            format!(
                r#"[{chosen},{{"step":"fit","skipped":"gemini","reason":"`web_search_options` can be said to providers of the app's own dialect only"}},{{"step":"afford","raised":"web_search_options","reason":"a whole context window is set aside: it may bring more to read"}}]"#
            ),
        ),
        (
            r#""model":"gemini","max_tokens":5000"#,
            r#"[{"step":"chain","chosen":"gemini","reason":"the chain of the model that was asked for"},{"step":"fit","lowered":"gemini","reason":"an answer of 4000 tokens at most: 5000 were asked for"}]"#.to_owned(),
        ),
        (
            r#""model":"gemni""#,
            r#"[{"step":"route","refused":"gemni","reason":"there is no model `gemni` here: did you mean `gemini`?"}]"#.to_owned(),
        ),
    ] {
        let body = format!(r#"{{{rest},"messages":[{{"role":"user","content":"Hi"}}]}}"#);
        assert_eq!(log(decided(&body, &Counting::default())), expected);
    }
}

/// The names of an app's own fields are in a reason, and an app may choose them as it likes.
#[test]
fn a_reason_in_the_log_has_a_bound_whatever_an_app_calls_its_fields() {
    let fields = (0..16).map(|index| format!(r#""{index}{}":1,"#, "f".repeat(500)));
    let fields = fields.collect::<String>();
    let body =
        format!(r#"{{{fields}"model":"gemini","messages":[{{"role":"user","content":"Hi"}}]}}"#);
    let refusal = decided(&body, &Counting::default()).unwrap_err();
    assert!(refusal.fault.message.len() > 2000, "the app is told all: {}", refusal.fault.message);
    let log = String::from_utf8(refusal.trace.json(None)).unwrap();
    let document = Document::parse(log.as_bytes(), Limits::default()).unwrap();
    let reasons: Vec<usize> = document
        .root()
        .items()
        .map(|entry| entry.str_of("reason").unwrap().chars().count())
        .collect();
    assert_eq!(reasons, [41, 401, 401]);
}

/// A model's own thoughts, as they were given to an app of another provider's, change on their way
/// back: each is a place that changes. So is the name of the model, and so is the bound.
#[test]
fn models_that_would_need_too_many_places_of_a_body_changed_are_passed_over() {
    let ask = |model: &str, thoughts: usize| {
        let thought = concat!(
            r#"{"type":"thinking","thinking":"","signature":"tradewind"},"#,
            r#"{"type":"text","text":"x"},"#
        );
        let body = format!(
            r#"{{"model":"{model}","max_tokens":9,"messages":[{{"role":"user","content":"Hi"}},{{"role":"assistant","content":[{}{{"type":"text","text":"Hm"}}]}},{{"role":"user","content":"So?"}}]}}"#,
            thought.repeat(thoughts)
        );
        decided_for("anthropic", &body, &Counting::default())
    };
    let most = ask("mixed", 32_766).unwrap();
    assert_eq!((most.outline.changes[0].edits.len(), most.quote.primary.legs.len()), (32_768, 2));
    let more = ask("mixed", 32_767).unwrap();
    assert!(more.outline.changes.is_empty());
    let names = more.quote.primary.legs.iter().map(|leg| leg.model.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["gpt"]);
    assert!(log(Ok(more)).contains(r#"{"step":"amend","skipped":"claude","reason":"more than 32768 places of the body would have to change, one for each thought of another model: send fewer of them back"}"#));
    let message = ask("claude", 32_767).unwrap_err().fault.message;
    let expected = "no model behind `claude` can serve this request: `claude`: more than 32768 places \
                    of the body would have to change, one for each thought of another model: send \
                    fewer of them back";
    assert_eq!(message, expected);
}

/// A function that was called and is offered no more is offered to Claude again, in words of ours;
/// so is a shape. All of it is input.
#[test]
fn what_is_put_around_a_request_is_held_for() {
    let most = |model: &str, client: &str, rest: &str| {
        let body = format!(r#"{{"model":"{model}","max_tokens":9,{rest}}}"#);
        let decided = decided_for(client, &body, &Counting::default()).unwrap();
        decided.quote.primary.legs[0].bounds.unwrap().input - body.len() as u64
    };
    let hi = r#"{"role":"user","content":"Hi"}"#;
    let call = r#"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"look","arguments":"{}"}}]}"#;
    let result = r#"{"role":"tool","tool_call_id":"a","content":"x"}"#;
    let called = format!(r#""messages":[{hi},{call},{result}]"#);
    assert_eq!(most("bare", "openai", &format!(r#""messages":[{hi}]"#)), 0);
    assert_eq!(most("bare", "openai", &called), 1000 + 64 + 4);
    let shape = r#""response_format":{"type":"json_object"}"#;
    assert_eq!(most("bare", "openai", &format!(r#"{shape},"messages":[{hi}]"#)), 1000);
}

/// A conversation that its provider shortens first is read once more, and written anew.
#[test]
fn a_conversation_that_is_shortened_first_is_held_for_twice() {
    let decided = |context: &str| {
        let body = format!(
            r#"{{"model":"mixed","max_tokens":100,{context}"messages":[{{"role":"user","content":"Hi"}}]}}"#
        );
        let decided = decided_for("anthropic", &body, &Counting::default()).unwrap();
        let bounds = decided.quote.primary.legs.iter().map(|leg| leg.bounds.unwrap());
        let bounds: Vec<_> = bounds.map(|own| (own.input, own.output)).collect();
        (body.len() as u64, bounds, log(Ok(decided)))
    };
    let (bytes, bounds, _) =
        decided(r#""context_management":{"edits":[{"type":"clear_tool_uses_20250919"}]},"#);
    assert_eq!(bounds, [(bytes, 100), (bytes, 100)]);
    let (bytes, bounds, log) =
        decided(r#""context_management":{"edits":[{"type":"compact_20260112"}]},"#);
    // By a provider of the app's own format, that is: another is not asked to.
    assert_eq!(bounds, [(2 * bytes, 200), (bytes, 100)]);
    assert!(log.contains(r#"{"step":"afford","raised":"context_management.edits","reason":"as much again is set aside: its provider may read the conversation once more"}"#), "{log}");
}

/// What an app sends may be wrong in as many places as it has tools, and is said of a few.
#[test]
fn a_refusal_has_a_bound_however_much_is_wrong() {
    let tool = r#"{"type":"function","function":{"name":"a b"}}"#;
    let body = format!(
        r#"{{"model":"bare","messages":[{{"role":"user","content":"Hi"}}],"tools":[{}]}}"#,
        vec![tool; 2000].join(",")
    );
    let message = decided(&body, &Counting::default()).unwrap_err().fault.message;
    assert!(message.len() < 4000 && message.ends_with("and 1984 more"), "{message}");
}

/// Instructions among the messages are moved whole for a model that takes none there, and a plan
/// carries what is moved.
#[test]
fn models_that_much_of_a_body_would_be_moved_for_are_passed_over() {
    let models = |rest: &str| {
        let body = format!(
            r#"{{"model":"mixed","max_tokens":9,"messages":[{{"role":"user","content":"Hi"}},{rest},{{"role":"user","content":"So?"}}]}}"#
        );
        let legs =
            decided_for("anthropic", &body, &Counting::default()).unwrap().quote.primary.legs;
        legs.iter().map(|leg| leg.model.name.clone()).collect::<Vec<_>>()
    };
    let system = |bytes: usize| format!(r#"{{"role":"system","content":"{}"}}"#, "a".repeat(bytes));
    assert_eq!(models(&system(4_190_000)), ["claude", "gpt"]);
    assert_eq!(models(&system(4_200_000)), ["gpt"]);
    // Two changes of the same bytes: the thought and the comma behind it, the instruction and the
    // comma before it.
    let thought = r#"{"type":"thinking","thinking":"","signature":"tradewind"}"#;
    let instruction = r#"{"type":"mid_conv_system","content":[{"type":"text","text":"x"}]}"#;
    let hm = r#"{"type":"text","text":"Hm"}"#;
    let turn =
        |blocks: &[&str]| format!(r#"{{"role":"assistant","content":[{}]}}"#, blocks.join(","));
    assert_eq!(models(&turn(&[hm, instruction])), ["claude", "gpt"]);
    assert_eq!(models(&turn(&[thought, instruction, hm])), ["gpt"]);
}
