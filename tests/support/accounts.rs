//! At which accounts a model is asked: in their order, without those that are left alone or have
//! cost their budget, and never more often than a request has attempts.
use super::decided::Asked;
use super::kept::{App, Remembering, asked};
use tradewind::credit::Credits;
use tradewind::decide::{Decision, Spent, Verdict, World, decide, open_breaker};
use tradewind::policy::{Node, Policy, Tenant};
use tradewind::port::Host;
use tradewind::resilience::Records;

const DAY: u64 = 86_400;
/// The 14th of a month.
const TODAY: u64 = 1_700_000_000;

fn policy(more: &str) -> String {
    let text = r#"{
  "version": "tradewind/v1",
  "identity": [{"anonymous": {"tenant": "public"}}],
  "providers": {
    "openai": {"dialect": "openai", "endpoint": "https://openai.test", "accounts": [
      {"name": "a", "secret": "a", "budget": {"credits": "5", "per": "day"}},
      {"name": "b", "secret": "b", "budget": {"credits": "5", "per": "month"}}]},
    "anthropic": {"dialect": "anthropic", "endpoint": "https://anthropic.test"}
  },
  "models": {
    "gpt": {"provider": "openai", "name": "gpt-4.1", "context_window": 9000000,
      "max_output_tokens": 4000, "price": {"input": "2", "output": "8"}},
    "claude": {"provider": "anthropic", "name": "claude-sonnet-4-5", "context_window": 9000000,
      "max_output_tokens": 4000, "price": {"input": "3", "output": "15"}},
    "old": {"provider": "anthropic", "name": "claude-3-5-haiku", "context_window": 9000000,
      "max_output_tokens": 4000, "price": {"input": "1", "output": "5"},
      "deprecated": {"after": "2020-01-01", "replacement": "gpt"}}
  },
  "chains": {"main": ["gpt", "claude"], "one": ["claude"], "careful": {"cascade": ["claude", "gpt"]},
    "left": ["old", "claude"]},
  "routes": [{"models": ["auto"], "chain": "main"}, {"models": ["one"], "chain": "one"},
    {"models": ["careful"], "chain": "careful"}, {"models": ["left"], "chain": "left"}],
  "credits": {"endpoint": "http://ledger.test", "on_unavailable": "deny"},
  "resilience": RESILIENCE
}"#;
    text.replace("RESILIENCE", more)
}

const USUAL: &str = r#"{"attempts": 3, "breaker": {"open_for": "20s"}}"#;

fn host() -> Remembering {
    let host = Remembering::default();
    host.now_ms.set(1_000_000);
    host.unix_seconds.set(TODAY);
    host
}

fn decided(policy: &str, route: &str, host: &Remembering) -> Decision {
    let tenant = Tenant { tenant: "public".to_owned(), ..Tenant::default() };
    let body = format!(r#"{{"model":"{route}","messages":[{{"role":"user","content":"Hi"}}]}}"#);
    asked(policy, App { client: "openai", headers: &[], tenant: &tenant }, &body, host)
}

/// Who is asked, in order.
fn chain(policy: &str, route: &str, host: &Remembering) -> String {
    let decision = decided(policy, route, host);
    let names = decision.quote.primary.legs.iter().map(|leg| leg.model.name.as_str());
    names.collect::<Vec<_>>().join(" ")
}

fn spend(policy: &str, account: usize, credits: &str, host: &Remembering) {
    let policy = Policy::from_json(policy.as_bytes()).unwrap();
    let account = &policy.model("gpt").unwrap().accounts.get(account).unwrap().provider;
    let records = Records::at(host, host.now_ms.get());
    let credits: Credits = credits.parse().unwrap();
    Spent::add(records, account, credits, host.unix_seconds.get());
}

fn doubts(policy: &str) -> Vec<String> {
    let root = Node::from_json(policy.as_bytes()).unwrap();
    Policy::from_node(&root).unwrap().doubts(&root, TODAY)
}

fn opened(policy: &str, accounts: &[&str]) -> Remembering {
    let (host, policy) = (host(), Policy::from_json(policy.as_bytes()).unwrap());
    for name in accounts {
        let model = policy.asked().find(|own| own.name == *name).unwrap();
        open_breaker(&policy, model, &host as &dyn Host);
    }
    host
}

#[test]
fn an_account_that_has_cost_its_budget_is_asked_when_its_time_is_over() {
    let (policy, host) = (policy(USUAL), host());
    assert_eq!(chain(&policy, "auto", &host), "gpt@a gpt@b claude");
    spend(&policy, 0, "4.999999", &host);
    spend(&policy, 1, "5", &host);
    assert_eq!(chain(&policy, "auto", &host), "gpt@a claude");
    spend(&policy, 0, "0.000001", &host);
    assert_eq!(chain(&policy, "auto", &host), "claude");
    let said = decided(&policy, "auto", &host);
    let said: Vec<String> = said
        .trace
        .of(Some("main"))
        .filter(|entry| entry.verdict == Verdict::Skipped)
        .map(|entry| format!("{}: {}", entry.subject, entry.reason))
        .collect();
    assert_eq!(
        said,
        [
            "gpt@a: the 5 credits of its account for this day are used up",
            "gpt@b: the 5 credits of its account for this month are used up",
        ]
    );
    host.unix_seconds.set(TODAY + DAY);
    assert_eq!(chain(&policy, "auto", &host), "gpt@a claude");
    host.unix_seconds.set(TODAY + 20 * DAY);
    assert_eq!(chain(&policy, "auto", &host), "gpt@a gpt@b claude");
    // What is spent then begins at nothing.
    spend(&policy, 1, "4", &host);
    assert_eq!(chain(&policy, "auto", &host), "gpt@a gpt@b claude");
}

/// Whoever has nobody left is told when the first of the days and months is over.
#[test]
fn where_all_accounts_have_cost_their_budget_it_is_said_until_when() {
    let policy = policy(USUAL).replace(r#""main": ["gpt", "claude"]"#, r#""main": ["gpt"]"#);
    let (host, tenant) = (host(), Tenant { tenant: "public".to_owned(), ..Tenant::default() });
    spend(&policy, 0, "5", &host);
    spend(&policy, 1, "5", &host);
    let body = r#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#;
    let (policy, client, headers) = (policy.as_str(), "openai", &[] as &[(&str, &str)]);
    let asked = Asked { policy, client, headers, tenant: &tenant, body, copied: None };
    let refused = asked.then(World::of(&host), decide).unwrap_err();
    assert_eq!(refused.fault.wait_ms, (DAY - TODAY % DAY) * 1_000);
}

#[test]
fn each_account_is_left_alone_by_itself() {
    let policy = policy(USUAL);
    let open = |accounts: &[&str], route| chain(&policy, route, &opened(&policy, accounts));
    // One that is left alone is a last resort.
    assert_eq!(open(&["gpt@a"], "auto"), "gpt@b claude gpt@a");
    assert_eq!(open(&["gpt@b"], "auto"), "gpt@a claude gpt@b");
    assert_eq!(open(&["gpt@a", "gpt@b"], "auto"), "claude gpt@a gpt@b");
}

/// Without its last model a cascade's answers would go out that nobody has judged: one of the
/// model's accounts is enough.
#[test]
fn the_last_model_of_a_cascade_is_left_an_account() {
    let policy = policy(USUAL);
    for (accounts, left, tried) in [
        (&["gpt@a"] as &[&str], "claude gpt@b", 0),
        (&["gpt@b"], "claude gpt@a", 0),
        (&["gpt@a", "gpt@b"], "claude gpt@a", 1),
    ] {
        let host = opened(&policy, accounts);
        assert_eq!(chain(&policy, "careful", &host), left);
        let decision = decided(&policy, "careful", &host);
        let all = decision.trace.of(Some("careful"));
        assert_eq!(all.filter(|entry| entry.verdict == Verdict::Tried).count(), tried);
        assert!(decision.quote.primary.cascade.is_some());
    }
}

#[test]
fn who_stands_in_has_room_for_all_of_its_accounts() {
    for (attempts, expected) in [(3, "claude gpt@a gpt@b"), (2, "claude")] {
        let resilience =
            format!(r#"{{"attempts": {attempts}, "fallback": [{{"chain": "only"}}, "error"]}}"#);
        let policy = policy(&resilience)
            .replace(r#""main": ["gpt", "claude"]"#, r#""only": ["gpt"]"#)
            .replace(r#"{"models": ["auto"], "chain": "main"}, "#, "")
            .replace(r#", "careful": {"cascade": ["claude", "gpt"]}"#, "")
            .replace(r#"{"models": ["careful"], "chain": "careful"}, "#, "");
        assert_eq!(chain(&policy, "one", &host()), expected);
        let doubts = doubts(&policy);
        let doubted = doubts.iter().any(|own| own.contains("is asked after those of `one`"));
        assert_eq!(doubted, attempts == 2, "{doubts:?}");
    }
}

/// Its replacement may have more accounts than it had.
#[test]
fn a_replacement_is_asked_no_more_often_than_there_are_attempts() {
    for (attempts, expected) in [(3, "gpt@a gpt@b claude"), (2, "gpt@a claude")] {
        let policy = policy(&format!(r#"{{"attempts": {attempts}}}"#))
            .replace(r#""main": ["gpt", "claude"], "#, "")
            .replace(r#"{"models": ["auto"], "chain": "main"}, "#, "")
            .replace(r#", "careful": {"cascade": ["claude", "gpt"]}"#, r#", "gpt": ["gpt"]"#)
            .replace(
                r#"{"models": ["careful"], "chain": "careful"}"#,
                r#"{"models": ["gpt"], "chain": "gpt"}"#,
            );
        assert_eq!(chain(&policy, "left", &host()), expected);
    }
}
