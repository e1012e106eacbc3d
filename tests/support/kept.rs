//! Which model a request is kept on: by what is remembered of whoever answered before, what that
//! costs of calls to the host, and whom it never overrules.
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::decided::Asked;
use super::{Counting, decided_by};
use tradewind::decide::{Decision, Verdict, World, decide};
use tradewind::policy::{Tags, Tenant};
use tradewind::port::{Clock, Random, Shared};
use tradewind::resilience::{Records, digest};

const MODELS: &str = r#""version": "tradewind/v1",
  "identity": [{"anonymous": {"tenant": "public"}}],
  "providers": {
    "openai": {"dialect": "openai", "endpoint": "https://openai.test"},
    "anthropic": {"dialect": "anthropic", "endpoint": "https://anthropic.test"}
  },
  "models": {
    "mini": {"provider": "openai", "name": "gpt-4.1-mini", "context_window": 9000000,
      "max_output_tokens": 4000, "capabilities": ["tools"]},
    "large": {"provider": "openai", "name": "gpt-4.1", "context_window": 9000000,
      "max_output_tokens": 4000, "capabilities": ["tools", "images"], "tags": ["audited"]},
    "claude": {"provider": "anthropic", "name": "claude-sonnet-4-5", "context_window": 9000000,
      "max_output_tokens": 4000, "capabilities": ["tools", "images"], "tags": ["audited"]}
  },
  "request_headers": ["x-kind", "x-session"],
  "resilience": {"attempts": 2},"#;

/// Chains by class; the same chain for all; one model; and an experiment of each request's own.
const ROUTES: &str = r#""chains": {"budget": ["mini", "large"], "premium": ["claude", "large"],
    "one": ["claude"], "careful": {"cascade": ["mini", "claude"]}},
  "classes": [{"name": "hard", "when": {"header": {"x-kind": "hard"}}},
    {"name": "judged", "when": {"header": {"x-kind": "judged"}}}, {"name": "easy"}],
  "routes": [
    {"models": ["auto"], "chain": {"hard": "premium", "judged": "careful"}, "default": "budget"},
    {"models": ["plain"], "chain": "premium"},
    {"models": ["alone"], "chain": "one"}
  ]"#;

pub(super) fn policy(more: &str) -> String {
    format!("{{{MODELS}{ROUTES}{more}}}")
}

const STICKY: &str = r#","sticky": {"by": "conversation"}"#;

/// A host that remembers, and stands still.
#[derive(Default)]
pub(super) struct Remembering {
    data: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    pub(super) now_ms: Cell<u64>,
    pub(super) unix_seconds: Cell<u64>,
    drawn: Cell<u64>,
}

impl Clock for Remembering {
    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    fn unix_seconds(&self) -> u64 {
        self.unix_seconds.get()
    }
}

impl Random for Remembering {
    fn unique(&self) -> u64 {
        self.drawn.get()
    }
}

impl Shared for Remembering {
    fn shared_data(&self, key: &str) -> (Vec<u8>, Option<u32>) {
        let data = self.data.borrow();
        data.get(key).map_or((Vec::new(), None), |(value, cas)| (value.clone(), Some(*cas)))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        let next = version.unwrap_or(0).wrapping_add(1);
        self.data.borrow_mut().insert(key.to_owned(), (value.to_vec(), next));
        true
    }
}

/// Who asks, and by which API.
#[derive(Clone, Copy)]
pub(super) struct App<'a> {
    pub(super) client: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) tenant: &'a Tenant,
}

pub(super) fn asked(policy: &str, app: App<'_>, body: &str, host: &Remembering) -> Decision {
    asked_as(policy, app, body, host, None)
}

/// The same of a copy for an experiment, where it is one.
fn asked_as(
    policy: &str,
    app: App<'_>,
    body: &str,
    host: &Remembering,
    copied: Option<usize>,
) -> Decision {
    let App { client, headers, tenant } = app;
    let asked = Asked { policy, client, headers, tenant, body, copied };
    asked.then(World::of(host), decide).unwrap()
}

fn answers(decision: &Decision, model: &str, call: &str, host: &Remembering) {
    let call = if call.is_empty() { 0 } else { digest(call) };
    let records = || Records::at(host, host.now_ms.get());
    let keeping = decision.outline.keeping.as_ref().unwrap();
    keeping.remember(records, (model, false), call);
}

/// The models that are tried, in order.
fn tried(decision: &Decision) -> Vec<&str> {
    decision.quote.primary.legs.iter().map(|leg| &*leg.model.name).collect()
}

pub(super) fn public() -> Tenant {
    Tenant { tenant: "public".to_owned(), ..Tenant::default() }
}

const TOOLS: &str = r#""tools":[{"type":"function","function":{"name":"f","parameters":{}}}]"#;

/// A request of OpenAI's API with that route and those messages; with a call and its result behind
/// them where the call has an id.
pub(super) fn request(route: &str, messages: &str, call: &str) -> String {
    let answered = match call {
        "" => String::new(),
        id => format!(
            r#",{{"role":"assistant","content":null,"tool_calls":[{{"id":"{id}","type":"function","function":{{"name":"f","arguments":"{{}}"}}}}]}},{{"role":"tool","tool_call_id":"{id}","content":"42"}}"#
        ),
    };
    format!(r#"{{"model":"{route}","messages":[{messages}{answered}],{TOOLS}}}"#)
}

pub(super) const HI: &str = r#"{"role":"user","content":"Hi"}"#;

#[test]
fn what_is_remembered_is_asked_for_only_where_it_may_matter() {
    let by_user = r#","sticky": {"by": "user"}"#;
    for (more, route, call, calls) in [
        // Nothing is kept but the calls of functions, which a first question answers none of.
        ("", "auto", "", 0),
        ("", "plain", "", 0),
        ("", "plain", "c", 1),
        ("", "auto", "c", 1),
        // One model serves whatever comes.
        ("", "alone", "c", 0),
        (STICKY, "alone", "c", 0),
        (STICKY, "plain", "", 1),
        (STICKY, "plain", "c", 2),
        // Nobody's user.
        (by_user, "plain", "", 0),
    ] {
        let host = Counting::default();
        decided_by(&policy(more), "openai", &request(route, HI, call), &host).unwrap();
        assert_eq!(host.0.get(), calls, "{more} {route} {call}");
    }
}

/// A conversation is the same one as it grows, wherever it is marked, and whatever is told on the
/// way; its beginning makes it another.
#[test]
fn a_conversation_stays_the_same_as_it_grows() {
    let (policy, tenant) = (policy(STICKY), public());
    let mark = r#","cache_control":{"type":"ephemeral"}"#;
    let billing = |own: &str| {
        format!(
            r#"{{"type":"text","text":"x-anthropic-billing-header: cc_version=2; cch={own};"}},"#
        )
    };
    let body = |billing: &str, marks: [&str; 2], said: &str, more: &str| {
        let [system, first] = marks;
        format!(
            r#"{{"model":"plain","max_tokens":9,"system":[{billing}{{"type":"text","text":"Be brief."{system}}}],"messages":[{{"role":"user","content":[{{"type":"text","text":"{said}"{first}}}]}}{more}]}}"#
        )
    };
    let grown = r#",{"role":"assistant","content":"Hello"},{"role":"user","content":"And?"}"#;
    let told = r#",{"role":"assistant","content":"Hello"},{"role":"system","content":"It is late."},{"role":"user","content":"And?"}"#;
    let begun = body("", [mark, mark], "Hi", "");
    let as_text = r#"{"model":"plain","max_tokens":9,"system":"Be brief.","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":"And?"}]}"#;
    let app = App { client: "anthropic", headers: &[], tenant: &tenant };
    for (then, same) in [
        (begun.clone(), true),
        (body("", [mark, ""], "Hi", grown), true),
        (body("", ["", ""], "Hi", grown), true),
        (body("", ["", ""], "Hi", told), true),
        (body(&billing("1a"), ["", ""], "Hi", grown), true),
        (as_text.to_owned(), true),
        (body("", [mark, mark], "Ho", grown), false),
        (body("", [mark, mark], "Hi", grown).replace("brief", "long"), false),
        (body("", ["", ""], "Hi", grown).replace("plain", "auto"), false),
    ] {
        let host = Remembering::default();
        answers(&asked(&policy, app, &begun, &host), "large", "", &host);
        let next = asked(&policy, app, &then, &host);
        let kept: Vec<&str> = next.trace.subjects(Verdict::Kept).collect();
        assert_eq!(kept, if same { vec!["large"] } else { vec![] }, "{then}");
    }
}

#[test]
fn a_model_that_is_kept_is_judged_like_any_other() {
    let (policy, tenant) = (policy(STICKY), public());
    let audited = Tags::from(vec![("audited".to_owned(), "true".to_owned())]);
    let strict = Tenant { require: audited, ..public() };
    let image = r#"{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image_url","image_url":{"url":"https://a.test/a.png"}}]}"#;
    let hard: &[(&str, &str)] = &[("x-kind", "hard")];
    let judged: &[(&str, &str)] = &[("x-kind", "judged")];
    let chosen: &[(&str, &str)] = &[("x-tradewind-class", "hard")];
    let may_choose = policy.replace(
        r#""default": "budget""#,
        r#""default": "budget", "app_may_choose": {"classes": ["hard"]}"#,
    );
    let across = policy.replace(r#""conversation""#, r#""conversation", "across_classes": true"#);
    for (policy, (model, call), (headers, tenant, messages), expected) in [
        // Within its chain, in front of the others.
        (&policy, ("large", ""), (&[][..], &tenant, HI), &["large", "mini"][..]),
        (&policy, ("mini", ""), (&[], &tenant, HI), &["mini", "large"]),
        // Its class has another chain: followed, but by what answers a call.
        (&policy, ("mini", ""), (hard, &tenant, HI), &["claude", "large"]),
        // It takes no attempt of theirs: two are what a chain has here.
        (&policy, ("mini", "c"), (hard, &tenant, HI), &["mini", "claude", "large"]),
        (&policy, ("large", "c"), (hard, &tenant, HI), &["large", "claude"]),
        (&across, ("mini", ""), (hard, &tenant, HI), &["mini", "claude", "large"]),
        // The app has chosen.
        (&may_choose, ("mini", "c"), (chosen, &tenant, HI), &["claude", "large"]),
        // What a caller requires, and what a request needs, is asked of it too.
        (&policy, ("mini", "c"), (hard, &strict, HI), &["claude", "large"]),
        (&policy, ("mini", "c"), (hard, &tenant, image), &["claude", "large"]),
        // A cascade goes on from it, or is left for it.
        (&policy, ("mini", ""), (judged, &tenant, HI), &["mini", "claude"]),
        (&policy, ("claude", ""), (judged, &tenant, HI), &["claude"]),
        (&policy, ("large", "c"), (judged, &tenant, HI), &["large", "claude"]),
        // A model that the policy no longer has.
        (&policy, ("gone", "c"), (hard, &tenant, HI), &["claude", "large"]),
    ] {
        let host = Remembering::default();
        let first = App { client: "openai", headers: &[], tenant };
        let begun = asked(policy, first, &request("auto", messages, ""), &host);
        answers(&begun, model, call, &host);
        let app = App { headers, ..first };
        let next = asked(policy, app, &request("auto", messages, call), &host);
        assert_eq!(tried(&next), expected, "{model} {call} {headers:?}");
        let is_judged = next.quote.primary.cascade.is_some();
        assert_eq!(is_judged, headers == judged && model == "mini", "{model} {call}");
    }
}

/// The arm of an experiment has its chain; only what answers a call goes elsewhere.
#[test]
fn an_arm_keeps_its_chain_but_for_what_answers_a_call() {
    let arms = r#", "experiments": [{"name": "try", "unit": "request", "arms": [
        {"name": "a", "weight": 1, "chain": "budget"}, {"name": "b", "weight": 1, "chain": "premium"}]}],
        "sticky": {"by": "conversation", "across_classes": true}"#;
    let (policy, tenant) = (policy(arms), public());
    let app = App { client: "openai", headers: &[], tenant: &tenant };
    let drawn = |chain: &str, body: &str, host: &Remembering| {
        (0..64).find_map(|number| {
            host.drawn.set(number);
            let decision = asked(&policy, app, body, host);
            (decision.quote.primary.chain == chain).then_some(decision)
        })
    };
    let host = Remembering::default();
    let begun = drawn("budget", &request("plain", HI, ""), &host).unwrap();
    answers(&begun, "mini", "c", &host);
    let follows = drawn("premium", &request("plain", HI, ""), &host).unwrap();
    assert_eq!(tried(&follows), ["claude", "large"]);
    let answers_it = drawn("premium", &request("plain", HI, "c"), &host).unwrap();
    assert_eq!(tried(&answers_it), ["mini", "claude", "large"]);
}

/// Of two models that are to agree neither answers without the other; what the last one has
/// answered goes on with that one.
#[test]
fn a_pair_of_a_cascade_stays_one() {
    let pair =
        r#"{"cascade": ["mini", "large", "claude"], "accept": {"agree": ["mini", "large"]}}"#;
    let careful = r#"{"cascade": ["mini", "claude"]}"#;
    let policy =
        policy(STICKY).replace(careful, pair).replace(r#""attempts": 2"#, r#""attempts": 3"#);
    let tenant = public();
    let app = App { client: "openai", headers: &[("x-kind", "judged")], tenant: &tenant };
    for (model, expected) in [
        ("mini", &["mini", "large", "claude"][..]),
        ("large", &["mini", "large", "claude"]),
        ("claude", &["claude"]),
    ] {
        let host = Remembering::default();
        answers(&asked(&policy, app, &request("auto", HI, ""), &host), model, "c", &host);
        for call in ["", "c"] {
            let next = asked(&policy, app, &request("auto", HI, call), &host);
            assert_eq!(tried(&next), expected, "{model} {call}");
        }
    }
}

/// A copy goes to its own chain, and leaves no trace in what is remembered.
#[test]
fn a_copy_keeps_nothing_and_is_kept_on_nothing() {
    let shadow = r#", "sticky": {"by": "conversation"},
        "experiments": [{"name": "copied", "shadow": {"rate": "1%", "chain": "budget"}}]"#;
    let (policy, tenant) = (policy(shadow), public());
    let app = App { client: "openai", headers: &[], tenant: &tenant };
    let host = Remembering::default();
    let body = request("plain", HI, "c");
    answers(&asked(&policy, app, &body, &host), "large", "c", &host);
    let copy = asked_as(&policy, app, &body, &host, Some(0));
    assert_eq!(tried(&copy), ["mini", "large"]);
    assert_eq!(copy.outline.keeping, None);
}

/// What a model has answered that its provider has retired since goes on with its replacement.
#[test]
fn what_a_retired_model_has_answered_goes_on_with_its_replacement() {
    let retired = |more: &str| {
        let mini = r#""name": "gpt-4.1-mini","#;
        let gone = format!(r#"{mini} "deprecated": {{"after": "1970-01-01"{more}}},"#);
        policy(STICKY).replace(mini, &gone)
    };
    let (before, tenant) = (policy(STICKY), public());
    let app = App { client: "openai", headers: &[], tenant: &tenant };
    for (after, expected) in [
        (retired(r#", "replacement": "large""#), &["large", "claude"][..]),
        (retired(r#", "replacement": "claude""#), &["claude", "large"]),
        (retired(""), &["claude", "large"]),
    ] {
        let host = Remembering::default();
        answers(&asked(&before, app, &request("auto", HI, ""), &host), "mini", "c", &host);
        let hard = App { headers: &[("x-kind", "hard")], ..app };
        let next = asked(&after, hard, &request("auto", HI, "c"), &host);
        assert_eq!(tried(&next), expected);
    }
    // In its chain the replacement has its place, wherever it stood.
    let three = retired(r#", "replacement": "large""#)
        .replace(r#"["mini", "large"]"#, r#"["mini", "claude", "large"]"#)
        .replace(r#""attempts": 2"#, r#""attempts": 3"#);
    let next = asked(&three, app, &request("auto", HI, ""), &Remembering::default());
    assert_eq!(tried(&next), ["large", "claude"]);
}

/// A model of another chain is kept on only where it was before: that it has stood in is no reason.
#[test]
fn who_stands_in_is_not_kept_on() {
    let policy = policy(&STICKY.replace('}', r#", "across_classes": true}"#));
    let tenant = public();
    let app = App { client: "openai", headers: &[], tenant: &tenant };
    let kept = |begun: &[(&str, bool)]| {
        let host = Remembering::default();
        let decision = asked(&policy, app, &request("auto", HI, ""), &host);
        let keeping = decision.outline.keeping.unwrap();
        for own in begun {
            keeping.remember(|| Records::at(&host, 0), *own, 0);
        }
        let next = asked(&policy, app, &request("auto", HI, ""), &host);
        let legs = next.quote.primary.legs.iter();
        legs.map(|leg| (leg.model.name.clone(), leg.is_guest())).collect::<Vec<_>>()
    };
    let own = |name: &str, is_guest| (name.to_owned(), is_guest);
    assert_eq!(kept(&[("claude", true)]), [own("mini", false), own("large", false)]);
    assert_eq!(
        kept(&[("claude", false), ("claude", true)]),
        [own("claude", true), own("mini", false), own("large", false)]
    );
    assert_eq!(
        kept(&[("large", false), ("claude", true)]),
        [own("large", false), own("mini", false)]
    );
}
