//! Who finds out whether a model serves again: one request, that is sent.
use super::decided::Asked;
use super::kept::Remembering;
use tradewind::decide::{World, decide, open_breaker};
use tradewind::policy::{Policy, Tenant};
use tradewind::port::Host;

const POLICY: &str = r#"{
  "version": "tradewind/v1",
  "identity": [{"anonymous": {"tenant": "public"}}],
  "providers": {"anthropic": {"dialect": "anthropic", "endpoint": "https://anthropic.test"}},
  "models": {
    "sonnet": {"provider": "anthropic", "name": "claude-sonnet-4-5", "context_window": 9000000,
      "max_output_tokens": 4000},
    "haiku": {"provider": "anthropic", "name": "claude-haiku-4-5", "context_window": 9000000,
      "max_output_tokens": 4000}
  },
  "chains": {"main": ["sonnet", "haiku"]},
  "routes": [{"models": ["auto"], "chain": "main"}],
  "resilience": {"breaker": {"open_for": "20s"}}
}"#;

/// A conversation with so many thoughts of another model, each of which is left out.
fn thoughts(count: usize) -> String {
    let thought =
        r#"{"type":"thinking","thinking":"","signature":"tradewind"},{"type":"text","text":"b"}"#;
    let said = vec![thought; count].join(",");
    format!(
        r#"{{"model":"auto","max_tokens":9,"messages":[{{"role":"user","content":"Hi"}},
            {{"role":"assistant","content":[{said}]}},{{"role":"user","content":"On"}}]}}"#
    )
}

/// Whether a request is decided on, and tries a model.
fn tries(host: &Remembering, body: &str) -> Option<bool> {
    let tenant = Tenant { tenant: "public".to_owned(), ..Tenant::default() };
    let (policy, client, copied) = (POLICY, "anthropic", None);
    let asked = Asked { policy, client, headers: &[], tenant: &tenant, body, copied };
    asked.then(World::of(host), decide).ok().map(|decision| !decision.probes.is_empty())
}

#[test]
fn a_request_that_is_refused_leaves_the_trial_to_the_next() {
    let (host, policy) = (Remembering::default(), Policy::from_json(POLICY.as_bytes()).unwrap());
    host.now_ms.set(1_000_000);
    open_breaker(&policy, policy.model("sonnet").unwrap(), &host as &dyn Host);
    assert_eq!(tries(&host, &thoughts(1)), Some(false));
    host.now_ms.set(1_021_000);
    assert_eq!(tries(&host, &thoughts((32 << 10) + 1)), None);
    assert_eq!(tries(&host, &thoughts(1)), Some(true));
    assert_eq!(tries(&host, &thoughts(1)), Some(false), "another one tries it");
}
