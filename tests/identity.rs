//! Whose a request is: by what the host tells of its caller, and by nothing that a caller sends.
//! What Envoy tells of whom is proved in `tests/e2e/test_identity*.py`.
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::cell::RefCell;
use std::collections::BTreeMap;

use tradewind::policy::{CallerFacts, Policy, Tenant};

const REST: &str = r#"
  "providers": {"p": {"dialect": "openai", "endpoint": "http://p.test"}},
  "models": {"m": {"provider": "p", "name": "m", "context_window": 1000, "max_output_tokens": 9}},
  "chains": {"all": ["m"]},
  "routes": [{"models": ["auto", "cheap"], "chain": "all"}]"#;

fn policy(identity: &str) -> Policy {
    let text = format!(r#"{{"version": "tradewind/v1", "identity": [{identity}], {REST}}}"#);
    Policy::from_json(text.as_bytes()).unwrap()
}

/// What a host knows of a caller, and what it was asked.
#[derive(Default)]
struct Host {
    headers: Vec<(&'static str, String)>,
    properties: BTreeMap<String, Vec<u8>>,
    now: u64,
    asked: RefCell<Vec<String>>,
}

impl CallerFacts for Host {
    fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| value.as_bytes())
    }

    fn last_header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().rev().find(|(own, _)| *own == name);
        found.map(|(_, value)| value.as_bytes())
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        let path = path.join("|");
        self.asked.borrow_mut().push(path.clone());
        self.properties.get(&path).cloned()
    }

    fn unix_seconds(&self) -> u64 {
        self.asked.borrow_mut().push("the time".to_owned());
        self.now
    }
}

impl Host {
    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn property(mut self, path: &str, value: impl AsRef<[u8]>) -> Self {
        self.properties.insert(path.to_owned(), value.as_ref().to_vec());
        self
    }

    /// A claim of a token that has been verified.
    fn claim(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.property(&format!("{CLAIMS}|tradewind-0|{name}"), value)
    }

    /// Who this is: the tenant and the user, the status of a refusal, or nobody.
    fn whose(&self, policy: &Policy) -> String {
        match policy.identify(self) {
            Ok(None) => "nobody".to_owned(),
            Ok(Some(Tenant { tenant, user, .. })) => match user {
                Some(user) => format!("{tenant} {user}"),
                None => tenant,
            },
            Err(fault) => format!("{}: {}", fault.status, fault.message),
        }
    }
}

const CLAIMS: &str = "metadata|filter_metadata|envoy.filters.http.jwt_authn";
const TOKEN: &str = "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
const PEER: &str = "connection|uri_san_peer_certificate";
const XFCC: &str = "x-forwarded-client-cert";

const JWT: &str = r#"{"jwt": {"issuer": "https://i.test", "jwks": {"file": "/jwks"},
  "tenant_claim": "org.name", "user_claim": "https://i.test/user", "labels": {"team": "team"}}}"#;

fn token() -> Host {
    Host::default()
        .header("authorization", TOKEN)
        .claim("iss", "https://i.test")
        .claim("org|name", "acme")
        .claim("https://i.test/user", "carol")
        .claim("team", "search")
}

#[test]
fn a_token_that_was_verified_says_whose_it_is() {
    let policy = policy(JWT);
    assert_eq!(token().whose(&policy), "acme carol");
    let tenant = policy.identify(&token()).unwrap().unwrap();
    assert_eq!(tenant.label("team"), Some("search"));
    assert!(!policy.has_one_tenant());
    // A label that is none is left out; a user or a tenant that is none is not.
    let odd = token().claim("team", [0, 159, 146, 150]);
    assert_eq!(policy.identify(&odd).unwrap().unwrap().label("team"), None);
    for user in ["two words", "", "\u{e9}", &"u".repeat(129)] {
        let whose = token().claim("https://i.test/user", user).whose(&policy);
        assert!(whose.starts_with("403: "), "{whose}");
    }
    for tenant in ["", "a b", "a..b", "-a", "a\0", "\u{e9}", &"t".repeat(65)] {
        let whose = token().claim("org|name", tenant).whose(&policy);
        assert!(whose.starts_with("403: the token's claim `org.name`"), "{whose}");
    }
    assert_eq!(token().claim("org|name", "t".repeat(64)).whose(&policy), "t".repeat(64) + " carol");
}

#[test]
fn who_sends_no_token_costs_no_call_of_the_host() {
    let policy = policy(JWT);
    for host in [
        Host::default(),
        Host::default().header("authorization", "Bearer sk-key"),
        Host::default().header("authorization", "Basic eyJ.x"),
        Host::default().header("x-api-key", TOKEN),
    ] {
        assert_eq!(host.whose(&policy), "nobody");
        assert_eq!(host.asked.take(), Vec::<String>::new());
    }
}

#[test]
fn a_token_that_is_not_good_makes_nobody_and_is_told() {
    let policy = policy(&format!(r#"{JWT}, {{"anonymous": {{"tenant": "public"}}}}"#));
    assert_eq!(Host::default().whose(&policy), "public");
    let bad = || Host::default().header("authorization", TOKEN);
    let told = "401: the token is not good: it is not one of an issuer that is known here, or has \
                expired";
    assert_eq!(bad().whose(&policy), told);
    let why = bad().property(&format!("{CLAIMS}|tradewind-0-failed|message"), "Jwt is expired");
    assert_eq!(why.whose(&policy), "401: the token is not good: Jwt is expired");
    // What it claims is of another issuer: this is another's token, or a filter that is not ours.
    assert_eq!(token().claim("iss", "https://other.test").whose(&policy), "public");
}

#[test]
fn another_filter_may_verify() {
    let policy = policy(
        r#"{"jwt": {"issuer": "https://i.test", "metadata": "payload", "tenant_claim": "org",
            "tenants": ["acme"]}}"#,
    );
    let verified = |tenant: &str| {
        let at = |name: &str| format!("{CLAIMS}|payload|{name}");
        Host::default().property(&at("iss"), "https://i.test").property(&at("org"), tenant)
    };
    assert_eq!(verified("acme").whose(&policy), "acme");
    assert_eq!(
        verified("other").whose(&policy),
        "403: the token's claim `org` is of the tenant `other`, who is not served here"
    );
    assert_eq!(Host::default().whose(&policy), "nobody");
}

const SPIFFE: &str = r#""pattern": "spiffe://*/ns/{tenant}/sa/{user}""#;

fn id(tenant: &str) -> String {
    format!("spiffe://cluster.local/ns/{tenant}/sa/shop")
}

#[test]
fn a_certificate_says_whose_it_is_and_a_header_does_not() {
    let policy = policy(&format!(r#"{{"spiffe": {{{SPIFFE}}}}}"#));
    let forged = || Host::default().header(XFCC, &format!("URI={}", id("victim")));
    assert_eq!(forged().whose(&policy), "nobody");
    assert_eq!(forged().property(PEER, "").whose(&policy), "nobody");
    assert_eq!(forged().property(PEER, id("acme")).whose(&policy), "acme shop");
    assert_eq!(forged().property(PEER, [0xFF, 0xFE]).whose(&policy), "nobody");
    assert_eq!(forged().property(PEER, "spiffe://a/ns/acme").whose(&policy), "nobody");
    assert!(forged().property(PEER, id("a..b")).whose(&policy).starts_with("403: "));
}

#[test]
fn a_hop_is_believed_for_the_last_element_that_is_not_its_own() {
    let hop = "spiffe://cluster.local/ns/edge/sa/gateway";
    let policy =
        policy(&format!(r#"{{"spiffe": {{{SPIFFE}, "xfcc": "spiffe://*/ns/edge/sa/gateway"}}}}"#));
    let said = |peer: &str, xfcc: &str| {
        Host::default().property(PEER, peer).header(XFCC, xfcc).whose(&policy)
    };
    let of = |tenant: &str| format!("By={hop};Hash=1;Subject=\"CN=a,b\";URI={}", id(tenant));
    assert_eq!(said(hop, &of("acme")), "acme shop");
    assert_eq!(said(hop, &format!("{},{}", of("victim"), of("acme"))), "acme shop");
    assert_eq!(said(hop, &format!("{},{},URI={hop}", of("victim"), of("acme"))), "acme shop");
    assert_eq!(said(hop, &format!("{},Hash=1", of("victim"))), "nobody");
    assert_eq!(said(hop, &format!("URI={hop}")), "nobody");
    assert_eq!(said(hop, ""), "nobody");
    assert_eq!(said(&id("acme"), &of("victim")), "acme shop");
    let nobody = Host::default().header(XFCC, &of("victim"));
    assert_eq!(nobody.whose(&policy), "nobody");
    let twice =
        Host::default().property(PEER, hop).header(XFCC, &of("victim")).header(XFCC, &of("acme"));
    assert_eq!(twice.whose(&policy), "acme shop");
}

#[test]
fn a_hop_without_a_certificate_is_believed_where_the_policy_says_so() {
    let policy = policy(&format!(r#"{{"spiffe": {{{SPIFFE}, "xfcc": "trusted"}}}}"#));
    let of = |tenant: &str| format!("URI={}", id(tenant));
    let xfcc = format!("{},{}", of("victim"), of("acme"));
    assert_eq!(Host::default().header(XFCC, &xfcc).whose(&policy), "acme shop");
    let own = Host::default().header(XFCC, &xfcc).property(PEER, id("own"));
    assert_eq!(own.whose(&policy), "own shop");
    assert_eq!(Host::default().whose(&policy), "nobody");
}

#[test]
fn a_node_is_asked_once() {
    let policy = policy(r#"{"workload": {"labels": {"app": "LABELS.app.kubernetes.io/name"}}}"#);
    let node = "xds|node|metadata";
    let host = || {
        Host::default()
            .property(&format!("{node}|NAMESPACE"), "acme")
            .property(&format!("{node}|SERVICE_ACCOUNT"), "shop")
            .property(&format!("{node}|LABELS|app.kubernetes.io/name"), "web")
    };
    let first = host();
    assert_eq!(first.whose(&policy), "acme shop");
    assert_eq!(first.asked.borrow().len(), 3);
    let second = host();
    let tenant = policy.identify(&second).unwrap().unwrap();
    assert_eq!(tenant.label("app"), Some("web"));
    assert_eq!(second.asked.borrow().len(), 0);
}

#[test]
fn a_node_that_says_nothing_is_nobody() {
    assert_eq!(Host::default().whose(&policy(r#"{"workload": {}}"#)), "nobody");
    let fixed = policy(r#"{"workload": {"tenant": "acme"}}"#);
    assert_eq!(Host::default().whose(&fixed), "acme");
    assert!(fixed.has_one_tenant());
}

/// The keys `old`, `new` and `crowd`.
const KEYS: &str = r#"{"api_key": {"keys": [
  {"sha256": "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4",
   "tenant": "acme", "expires": "2027-01-01"},
  {"sha256": "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437",
   "tenant": "acme", "user": "ci", "models": ["cheap"]},
  {"sha256": "5b4535bdd79ff9cd7894fcc2779dc3ee7c819a557555a7289dc286263be589e0",
   "tenant": "acme", "user": "nobody", "user_header": "X-User"}]}}"#;

fn keys() -> Policy {
    policy(KEYS)
}

fn key(name: &str) -> Host {
    Host::default().header("x-api-key", name)
}

#[test]
fn a_key_expires_at_its_moment() {
    let policy = keys();
    let at = |now: u64| Host { now, ..key("old") };
    assert_eq!(at(1_798_761_599).whose(&policy), "acme");
    let told = at(1_798_761_600).whose(&policy);
    assert!(
        told.starts_with("401: the API key has expired: it was good until 2027-01-01"),
        "{told}"
    );
    let other = key("new");
    assert_eq!(other.whose(&policy), "acme ci");
    assert_eq!(other.asked.borrow().len(), 0, "a key that does not expire needs no clock");
}

#[test]
fn a_user_is_believed_of_whom_the_policy_trusts_alone() {
    let policy = keys();
    assert_eq!(key("crowd").whose(&policy), "acme nobody");
    assert_eq!(key("crowd").header("x-user", "carol").whose(&policy), "acme carol");
    let two = key("crowd").header("x-user", "root").header("x-user", "carol");
    assert!(two.whose(&policy).starts_with("400: `x-user`: expected the name of one user"));
    assert_eq!(key("new").header("x-user", "root").whose(&policy), "acme ci");
    for wrong in ["", "two words", "\u{e9}", &"u".repeat(129)] {
        let told = key("crowd").header("x-user", wrong).whose(&policy);
        assert!(told.starts_with("400: `x-user`: expected"), "{told}");
    }
}

#[test]
fn a_caller_may_ask_for_its_own_models() {
    let policy = keys();
    let tenant = policy.identify(&key("new")).unwrap().unwrap();
    assert!(tenant.may_ask_for("cheap") && !tenant.may_ask_for("auto"));
    let tenant = policy.identify(&key("crowd")).unwrap().unwrap();
    assert!(tenant.may_ask_for("auto") && tenant.may_ask_for("anything"));
}

#[test]
fn the_first_way_that_tells_counts() {
    let both = || token().header("x-api-key", "new");
    assert_eq!(both().whose(&policy(&format!("{KEYS}, {JWT}"))), "acme ci");
    assert_eq!(both().whose(&policy(&format!("{JWT}, {KEYS}"))), "acme carol");
}
