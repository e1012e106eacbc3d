//! Texts that are searched, compared or read for one thing: what users and models say, what
//! headers and the proxies in front tell.
use tradewind::complexity::{Classifier, features};
use tradewind::credit::{AlertRule, Budget, Credits, Share, Threshold, Window};
use tradewind::dialect::{quotes_key, tokens, wait};
use tradewind::exchange::conclusion::{Called, Conclusion};
use tradewind::json::Writer;
use tradewind::policy::{CallerFacts, Policy, byte_size, folded, metric_label, shown};

use super::{BETWEEN, parts};
use crate::decided::decided_by;
use crate::lives::World;

/// Texts as inputs, each of several parts.
fn inputs<const N: usize>(all: &[[&str; N]]) -> Vec<Vec<u8>> {
    all.iter().map(|parts| parts.map(str::as_bytes).join(&BETWEEN)).collect()
}

fn string(text: &str) -> String {
    let mut out = Writer::new();
    out.string(text);
    String::from_utf8_lossy(&out.finish()).into_owned()
}

pub(super) fn patterns() -> Vec<Vec<u8>> {
    inputs(&[
        ["prove|proof", "Please prove it"],
        [r"(?i)\bhello\s+world\b", "Hello  WORLD"],
        [r"^(?:[a-c_-]+|\d{2,5}?)*$", "aab-123"],
        [r"(?im-s:^é.ж$)", "x\néяж"],
        [r"[^\s\w&&é]{0,3}\z", "!?"],
        ["((a*)*)*b", "aaaaaaaaaaaaaaaaaaaaaaaa"],
    ])
}

/// A pattern of a policy, and a text that it is searched in.
pub(super) fn pattern(bytes: &[u8]) {
    let mut parts = parts(bytes).map(String::from_utf8_lossy);
    let (pattern, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let policy = format!(
        r#"{{"version": "tradewind/v1", "identity": [{{"anonymous": {{"tenant": "public"}}}}],
        "providers": {{"p": {{"dialect": "openai", "endpoint": "https://p.test"}}}},
        "models": {{"m": {{"provider": "p", "name": "m", "context_window": 90000,
          "max_output_tokens": 9}}}},
        "chains": {{"all": ["m"]}}, "routes": [{{"models": ["auto"], "chain": {{"yes": "all",
          "no": "all"}}}}],
        "classes": [{{"name": "yes", "when": {{"text_matches": {}}}}}, {{"name": "no"}}]}}"#,
        string(&pattern)
    );
    if Policy::from_json(policy.as_bytes()).is_err() {
        return;
    }
    let text = string(&text);
    let body =
        format!(r#"{{"model": "auto", "messages": [{{"role": "user", "content": {text}}}]}}"#);
    assert!(decided_by(&policy, "openai", &body, &World::default().view()).is_ok());
}

pub(super) fn endings() -> Vec<Vec<u8>> {
    let plain = inputs(&[
        ["The answer is **42 km**.", "42,0 kilometres"],
        ["\\boxed{\\frac{1}{2}}", "Answer: 0.5"],
        ["(B)", "The correct option is B) because"],
        ["```json\n{\"a\": [1, 2.0]}\n```", "{\"a\":[1.0,2]}"],
        ["```rust\nfn main() {}\n```", "Here:\n~~~\nfn main(){}\n~~~"],
        ["1.234.567,89 €", "1,234,567.89 EUR"],
    ]);
    let calls = inputs(&[["f", r#"{"a":1,"b":[true]}"#, r#"{"b":[true],"a":1.0}"#]]);
    [plain, calls].concat()
}

/// Two answers, or a function with two arguments: each agrees with itself.
pub(super) fn conclusion(bytes: &[u8]) {
    let parts: Vec<_> = parts(bytes).map(String::from_utf8_lossy).collect();
    let both = match parts.as_slice() {
        [one, other] => [one, other].map(|text| Conclusion::of(text, core::iter::empty())),
        [name, one, other] => [one, other]
            .map(|arguments| Conclusion::of("", core::iter::once(Called { name, arguments }))),
        _ => return,
    };
    let [one, other] = &both;
    assert_eq!(one.agrees_with(other), other.agrees_with(one), "{both:?}");
    for own in &both {
        assert!(!own.is_comparable() || own.agrees_with(own), "{own:?}");
        assert_eq!(own.is_comparable(), own.digest().is_some());
    }
}

pub(super) fn callers() -> Vec<Vec<u8>> {
    const XFCC: &str = "By=spiffe://hop;Hash=ab;Subject=\"CN=a,O=b;c\";URI=spiffe://a/ns/b/sa/c,\
                        Hash=cd;uri=\"spiffe://x/ns/acme/sa/shop\";DNS=x, Hash=ef";
    const TOKEN: &str = "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
    const PEER: &str = "spiffe://cluster.local/ns/edge/sa/gateway";
    inputs(&[
        [PEER, XFCC, "", "", ""],
        ["spiffe://cluster.local/ns/acme/sa/shop", "", "", "", ""],
        ["", "URI=spiffe://a/ns/acme/sa/shop", TOKEN, "https://i.test", "acme"],
        ["", "", TOKEN, "", "Jwt is expired"],
        ["acme", "", "Bearer test", "acme", "shop"],
    ])
}

/// What a caller sends and what the host tells of it: the certificate, the header of proxies in
/// front, the credential, the issuer of its token, and everything else.
struct Caller<'c>([&'c [u8]; 5]);

impl CallerFacts for Caller<'_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        let [_, xfcc, credential, ..] = self.0;
        let value = if name == "x-forwarded-client-cert" { xfcc } else { credential };
        Some(value).filter(|value| !value.is_empty())
    }

    fn last_header(&self, name: &str) -> Option<&[u8]> {
        self.header(name)
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        let [peer, _, _, issuer, claim] = self.0;
        let value = match path {
            ["connection", ..] => peer,
            [.., "iss"] => issuer,
            _ => claim,
        };
        Some(value.to_vec()).filter(|value| !value.is_empty())
    }

    fn unix_seconds(&self) -> u64 {
        1_700_000_000
    }
}

/// The parts of a [`Caller`]: every kind of identity knows it, or says why not.
pub(super) fn identity(bytes: &[u8]) {
    const KINDS: [&str; 5] = [
        r#"{"spiffe": {"pattern": "spiffe://*/ns/{tenant}/sa/{user}",
            "xfcc": "spiffe://*/ns/edge/sa/gateway"}}"#,
        r#"{"spiffe": {"pattern": "spiffe://*/ns/{tenant}/sa/{user}", "xfcc": "trusted"}}"#,
        r#"{"jwt": {"issuer": "https://i.test", "jwks": {"file": "/jwks"},
            "tenant_claim": "org.name", "user_claim": "sub", "labels": {"team": "team"}}}"#,
        r#"{"workload": {"labels": {"app": "LABELS.app.kubernetes.io/name"}}}"#,
        r#"{"api_key": {"keys": [{"tenant": "acme", "user": "ci", "sha256":
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}}"#,
    ];
    let mut parts = parts(bytes);
    let caller = Caller([(); 5].map(|()| parts.next().unwrap_or_default()));
    for kind in KINDS {
        let text = format!(
            r#"{{"version": "tradewind/v1", "identity": [{kind}],
            "providers": {{"p": {{"dialect": "openai", "endpoint": "http://p.test"}}}},
            "models": {{"m": {{"provider": "p", "name": "m", "context_window": 1000,
              "max_output_tokens": 9}}}},
            "chains": {{"all": ["m"]}}, "routes": [{{"models": ["auto"], "chain": "all"}}]}}"#
        );
        let policy = Policy::from_json(text.as_bytes());
        assert!(policy.is_ok(), "{policy:?}");
        let _ = policy.map(|policy| policy.identify(&caller).is_ok());
    }
}

pub(super) fn headers() -> Vec<Vec<u8>> {
    [
        "retry-after: 120\nretry-after-ms: 1500.5",
        "retry-after: Sun, 06 Nov 1994 08:49:37 GMT",
        "retry-after: Sunday, 06-Nov-94 08:49:37 GMT",
        "retry-after: Sun Nov  6 08:49:37 1994",
        "anthropic-ratelimit-tokens-remaining: 0\nanthropic-ratelimit-tokens-reset: \
         2026-11-29T12:00:00.5Z",
        "x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 6m0s",
        "x-ratelimit-reset-tokens: 1795995000\nx-ratelimit-remaining-tokens: 1",
        r#"{"error":{"details":[{"@type":"x","retryDelay":"33.5s"}]}}"#,
        "a: 12.000001\nb: -3\nc: 20%\nd: 2026-11\ne: 512KiB\nf: day:user=ci:5\ng: <20%",
        "key sk-proj-abcdefghijklmnopqrstuvwxyz0123456789 and AKIAIOSFODNN7EXAMPLE",
        "Приве́т, 今年春天, 𝄞 \u{200b}x",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Headers of a failure, a line each, and its body; the values are everything else that is one
/// word, and the whole is what somebody says.
pub(super) fn words(bytes: &[u8]) {
    let _ = wait::of_body(bytes);
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<_> = text.lines().filter_map(|line| line.split_once(": ")).collect();
    let header = |name: &str| lines.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
    for limited in [false, true] {
        let asked = wait::of_headers(&header, limited, &|| 1_700_000_000);
        assert!(asked.is_none_or(|ms| ms > 0 && (1..=86_400).contains(&wait::told(ms))));
    }
    for (_, value) in &lines {
        if let Ok(credits) = value.parse::<Credits>() {
            assert_eq!(credits.to_string().parse(), Ok(credits), "{value}");
        }
        let _ = value.parse::<Window>();
        let _ = value.parse::<Budget>();
        let _ = value.parse::<Share>();
        let _ = value.parse::<Threshold>();
        let _ = value.parse::<AlertRule>();
        let _ = byte_size(value);
        let _ = wait::decimal(value, 1000);
        let _ = metric_label(value);
    }
    let _ = (quotes_key(&text), folded(&text), shown(&text), tokens::estimate(&text));
    let _ = features([&*text], lines.len());
    let _ = Classifier::baseline().judge([&*text], lines.len(), None);
}
