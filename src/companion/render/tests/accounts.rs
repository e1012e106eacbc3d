//! What the configuration says of a provider with accounts.
use std::path::Path;

use serde_json::{Value, json};

use super::super::{Before, CLUSTERS, Mesh, MeshProxy, alike_in_a_mesh, dynamic, istio};
use super::{Checked, POLICY, at, configuration, envoy, filters, place, secrets};
use crate::policy::Policy;

fn policy() -> Policy {
    let text = POLICY.replace(
        r#""https://api.example.com/base", "secret": "cloud-key"}"#,
        r#""https://api.example.com/base", "accounts": [
            {"name": "a", "secret": "local-key"},
            {"name": "b", "secret": "cloud-key", "endpoint": "http://127.0.0.1:9001/eu"}]}"#,
    );
    let text = text.replace(r#""attempts": 3"#, r#""attempts": 4"#);
    Policy::from_json(text.as_bytes()).unwrap()
}

fn mesh() -> Mesh {
    Mesh {
        proxy: MeshProxy::Sidecar,
        namespace: "shop".to_owned(),
        label: ("tradewind".to_owned(), "on".to_owned()),
        host: "llm.mesh".to_owned(),
        sds: "/sds".to_owned(),
    }
}

/// What both accounts are: their cluster, where it leads, and whose key it has.
const ACCOUNTS: [(usize, &str, &str, &str, &str, &str); 2] = [
    (0, "cloud-4.1@a", "api.example.com", "/base", "local-key", "cloud-key"),
    (1, "cloud-4.1@b", "127.0.0.1:9001", "/eu", "cloud-key", "local-key"),
];

/// An account is reached like a provider of its own: nobody but its cluster has its key.
#[test]
fn each_account_has_a_cluster_with_its_own_key() {
    let policy = policy();
    let rendered = envoy(Checked { policy: &policy, json: "{}" }, &place(), &secrets());
    let shown = rendered.to_string();
    for (model, account) in [("c@a", "cloud-4.1@a"), ("c@b", "cloud-4.1@b")] {
        assert!(shown.contains(&format!(r#""{model}":{{"action""#)), "{model}");
        assert!(shown.contains(&format!(r#""cluster":"{account}""#)), "{account}");
    }
    assert!(!shown.contains(r#""cloud-4.1""#) && !shown.contains(r#""c":{"action""#));
    for own in ACCOUNTS {
        holds(&at(&rendered, &format!("/static_resources/clusters/{}", own.0)).clone(), own);
    }
}

/// That a cluster is the one of an account.
fn holds(
    cluster: &Value,
    (index, account, authority, prefix, key, other): (usize, &str, &str, &str, &str, &str),
) {
    assert_eq!(cluster["name"], account);
    let filters = filters(cluster);
    assert_eq!(
        configuration(&filters[0])["provider"],
        json!({"name": account, "dialect": "openai", "authority": authority,
               "prefix": prefix, "tls": index == 0})
    );
    let injected = filters[1].to_string();
    assert!(injected.contains(key) && !injected.contains(other), "{injected}");
}

#[test]
fn the_clusters_that_envoy_watches_are_the_same() {
    let policy = policy();
    let found = (Path::new("/config"), &Before::default(), 0);
    let own = dynamic(Checked { policy: &policy, json: "{}" }, &place(), &secrets(), found);
    let (_, clusters) = own.watched.iter().find(|(name, _)| name == CLUSTERS).unwrap();
    for own in ACCOUNTS {
        holds(at(clusters, &format!("/resources/{}", own.0)), own);
    }
}

#[test]
fn in_a_mesh_each_account_is_a_subset() {
    let policy = policy();
    let checked = Checked { policy: &policy, json: "{}" };
    let objects = istio(checked, &place(), &secrets(), &mesh());
    let rules = objects.iter().filter(|own| own["kind"] == "DestinationRule");
    let subsets = rules.flat_map(|own| own["spec"]["subsets"].as_array().unwrap());
    let names: Vec<&str> = subsets.map(|own| own["name"].as_str().unwrap()).collect();
    for name in ["cloud-4.1--a", "cloud-4.1--b"] {
        assert_eq!(names.iter().filter(|own| **own == name).count(), 1, "{names:?}");
    }
    let shown = json!(objects).to_string();
    for (model, cluster) in [
        ("c@a", "outbound|443|cloud-4.1--a|api.example.com"),
        ("c@b", "outbound|9001|cloud-4.1--b|127-0-0-1.tradewind.internal"),
    ] {
        assert!(shown.contains(&format!(r#""{model}":{{"action""#)), "{model}");
        assert!(shown.contains(&format!(r#""cluster":"{cluster}""#)), "{cluster}");
    }
    for (_, account, _, _, key, other) in ACCOUNTS {
        let subset = account.replace('@', "--");
        let patches = objects.iter().filter(|own| own["kind"] == "EnvoyFilter");
        let patches = patches.flat_map(|own| own["spec"]["configPatches"].as_array().unwrap());
        let mut own = patches.filter(|own| own["match"]["cluster"]["subset"] == *subset);
        let patched = own.next().unwrap().to_string();
        assert!(patched.contains(key) && !patched.contains(other), "{patched}");
    }
}

#[test]
fn two_that_a_mesh_would_take_for_one_are_found() {
    assert_eq!(alike_in_a_mesh(&policy()), None);
    let text = POLICY
        .replace(
            r#""secure": {"dialect": "openai", "endpoint": "https://[::1]:9443""#,
            r#"
            "local--a": {"dialect": "openai", "endpoint": "http://127.0.0.1:9000""#,
        )
        .replace(r#""provider": "secure""#, r#""provider": "local--a""#)
        .replace(
            r#""http://127.0.0.1:9000/base", "secret": "local-key"}"#,
            r#"
            "http://127.0.0.1:9000/base", "accounts": [{"name": "a", "secret": "local-key"}]}"#,
        );
    let policy = Policy::from_json(text.as_bytes()).unwrap();
    assert_eq!(alike_in_a_mesh(&policy), Some(("local@a", "local--a")));
}
