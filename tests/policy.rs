//! Policies: what is read, and every problem of the wrong ones.
use tradewind::policy::{Policy, Vocabulary};

const DIALECTS: Vocabulary<'static> = Vocabulary { dialects: &["anthropic", "gemini", "openai"] };

#[test]
fn a_small_policy_is_read_from_json() {
    let text = include_bytes!("corpus/policy/small.json");
    let policy = Policy::from_json(text, DIALECTS).unwrap();
    let route = policy.route("gpt-4o").unwrap();
    let chain: Vec<&str> = policy.chain(route).map(|model| model.name.as_str()).collect();
    assert_eq!(chain, ["claude", "llama"]);
    let endpoints: Vec<String> =
        policy.models().iter().map(|model| model.provider.endpoint.to_string()).collect();
    assert_eq!(endpoints, ["https://api.anthropic.com", "http://[::1]:8080/vllm"]);
    assert_eq!(policy.nearest("gpt-4"), ["gpt-4o"]);
}
