//! What the configuration says of a provider with accounts.
use serde_json::json;

use super::{Checked, POLICY, at, configuration, envoy, filters, place, secrets};
use crate::policy::Policy;

/// An account is reached like a provider of its own: nobody but its cluster has its key.
#[test]
fn each_account_has_a_cluster_with_its_own_key() {
    let text = POLICY.replace(
        r#""https://api.example.com/base", "secret": "cloud-key"}"#,
        r#""https://api.example.com/base", "accounts": [
            {"name": "a", "secret": "local-key"},
            {"name": "b", "secret": "cloud-key", "endpoint": "http://127.0.0.1:9001/eu"}]}"#,
    );
    let text = text.replace(r#""attempts": 3"#, r#""attempts": 4"#);
    let policy = Policy::from_json(text.as_bytes()).unwrap();
    let rendered = envoy(Checked { policy: &policy, json: "{}" }, &place(), &secrets());
    let shown = rendered.to_string();
    for (model, account) in [("c@a", "cloud-4.1@a"), ("c@b", "cloud-4.1@b")] {
        assert!(shown.contains(&format!(r#""{model}":{{"action""#)), "{model}");
        assert!(shown.contains(&format!(r#""cluster":"{account}""#)), "{account}");
    }
    assert!(!shown.contains(r#""cloud-4.1""#) && !shown.contains(r#""c":{"action""#));
    for (index, account, authority, prefix, key, other) in [
        (0, "cloud-4.1@a", "api.example.com", "/base", "local-key", "cloud-key"),
        (1, "cloud-4.1@b", "127.0.0.1:9001", "/eu", "cloud-key", "local-key"),
    ] {
        let cluster = at(&rendered, &format!("/static_resources/clusters/{index}")).clone();
        assert_eq!(cluster["name"], account);
        let filters = filters(&cluster);
        let own = configuration(&filters[0]);
        assert_eq!(
            own["provider"],
            json!({"name": account, "dialect": "openai", "authority": authority,
                   "prefix": prefix, "tls": index == 0})
        );
        let injected = filters[1].to_string();
        assert!(injected.contains(key) && !injected.contains(other), "{injected}");
    }
}
