//! What the edge role lets go: nothing that may be a credential, and no request that could be sent
//! as it is.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::rc::Rc;

use tradewind::exchange::filter_state::JUDGED;

use super::support::{Given, gateway, live};

/// What no provider role and no other filter needs of an app's request.
const GONE: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "x-auth-token",
    "x-amz-security-token",
    "x-client-secret",
    "cookie",
    "x-envoy-retry-on",
    "x-envoy-hedge-on-per-try-timeout",
];
/// What other filters may need.
const KEPT: &[&str] = &["x-forwarded-for", "traceparent", "x-envoy-external-address", "accept"];

/// What is in the request's header map once the edge role has let it go.
fn left(policy: &str, path: &str) -> Vec<String> {
    let header = |name: &&str| format!("{name}: app-key\n");
    let headers: String = GONE.iter().chain(KEPT).chain(&["x-team"]).map(header).collect();
    let body = r#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#;
    let script = format!(
        "# One.\n\n--- policy {policy}\n--- app\nPOST {path}\n{headers}\n{body}\n--- bare claude\n"
    );
    let given = Given::read(&script).unwrap();
    let life = live(&Rc::new(gateway(policy).unwrap()), &given);
    let refused = life.headers.iter().any(|(name, value)| name == ":status" && value == b"500");
    assert!(refused, "{}", String::from_utf8_lossy(&life.body));
    let told =
        |(name, value): &(String, Vec<u8>)| format!("{name}: {}", String::from_utf8_lossy(value));
    life.world.request.iter().map(told).collect()
}

#[test]
fn nothing_that_may_be_a_credential_leaves_the_edge() {
    for policy in ["usual", "own-header"] {
        let left = left(policy, "/v1/chat/completions?key=app-key");
        for name in GONE {
            let there = left.iter().any(|line| line.starts_with(&format!("{name}:")));
            assert!(!there, "{policy}: {name} in {left:?}");
        }
        for name in KEPT {
            let there = left.iter().any(|line| line.starts_with(&format!("{name}:")));
            assert!(there, "{policy}: no {name} in {left:?}");
        }
        // The header in which this policy looks for a key, whatever its name.
        let team = left.iter().any(|line| line.starts_with("x-team:"));
        assert_eq!(team, policy == "usual", "{left:?}");
        assert!(left.contains(&":path: /v1/chat/completions".to_owned()), "{left:?}");
        assert!(!left.iter().any(|line| line.starts_with(":method")), "{left:?}");
    }
}

/// Whether the mark of a judged answer, and the request's method, stand after one that came.
fn stands(script: &str) -> (Option<bool>, bool) {
    let app = "POST /v1/chat/completions\nauthorization: Bearer app-key\n\n\
               {\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}\n";
    let given = Given::read(&format!("# One.\n\n--- policy usual\n--- app\n{app}{script}"));
    let life = live(&Rc::new(gateway("usual").unwrap()), &given.unwrap());
    assert_eq!(life.world.refused, [""; 0]);
    let judged = life.world.state.get(JUDGED);
    let method = life.world.request.iter().any(|(name, _)| name == ":method");
    (judged.map(|told| !told.is_empty()), method)
}

/// What a provider was sent is taken back only where another is asked next, and so is the mark of
/// a judged answer.
#[test]
fn an_answer_stays_judged_and_a_failure_that_is_handed_on_does_not() {
    let good = r#"--- claude 200
content-type: application/json

{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"Hi"}],
"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}
"#;
    assert_eq!(stands(good), (Some(true), true));
    let refused = "--- claude 400\ncontent-type: application/json\n\n\
                   {\"error\":{\"type\":\"invalid_request_error\",\"message\":\"no\"}}\n";
    assert_eq!(stands(refused), (Some(true), true));
    let bare = "--- claude 529\n\n{}\n--- bare gpt\n";
    assert_eq!(stands(bare), (Some(false), false));
}
