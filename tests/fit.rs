//! What a policy that was read says: which models serve a request, whose it is, what it costs.
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]
use tradewind::credit::Credits;
use tradewind::decide::{Facts, misfit};
use tradewind::policy::{CallerFacts, Capability, Policy, Unsupported, answer_room};

/// Small sees nothing and is cheap; large can do everything; other speaks another dialect.
const MODELS: &str = r#"
  "version": "tradewind/v1",
  "providers": {
    "one": {"dialect": "openai", "endpoint": "https://one.example"},
    "two": {"dialect": "gemini", "endpoint": "https://two.example"}
  },
  "models": {
    "small": {"provider": "one", "name": "s", "context_window": 1000, "max_output_tokens": 200},
    "large": {"provider": "one", "name": "l", "context_window": 9000, "max_output_tokens": 4000,
      "capabilities": ["tools", "images", "json_schema", "reasoning"]},
    "other": {"provider": "two", "name": "o", "context_window": 9000, "max_output_tokens": 4000,
      "capabilities": ["tools"]}
  },
  "chains": {"all": ["small", "large", "other"]},
  "routes": [{"models": ["auto", "gpt-6-sol", "gpt-6-luna", "claude-sonnet"], "chain": "all"}],
"#;

fn policy(rest: &str) -> Policy {
    Policy::from_json(format!("{{{MODELS}{rest}}}").as_bytes()).unwrap()
}

fn public() -> Policy {
    policy(r#""identity": [{"anonymous": {"tenant": "public"}}]"#)
}

/// Input tokens, output tokens asked for, needs, and what comes of it: `+` for a model that fits,
/// `-` and the reason for one that does not.
type Case = (u64, Option<u64>, &'static [(Capability, &'static str)], &'static [&'static str]);

const CASES: &[Case] = &[
    (10, None, &[], &["+small", "+large", "+other"]),
    (800, Some(200), &[], &["+small", "+large", "+other"]),
    (
        801,
        Some(200),
        &[],
        &[
            "+large",
            "+other",
            "-small: about 801 input tokens and an answer of 200 do not fit its context window \
             of 1000",
        ],
    ),
    (999, None, &[], &["+small", "+large", "+other"]),
    (
        1000,
        None,
        &[],
        &[
            "+large",
            "+other",
            "-small: about 1000 input tokens do not fit its context window of 1000",
        ],
    ),
    (10, Some(201), &[], &["+small", "+large", "+other"]),
    (800, Some(u64::MAX), &[], &["+small", "+large", "+other"]),
    (
        5001,
        Some(u64::MAX),
        &[],
        &[
            "-small: about 5001 input tokens and an answer of 200 do not fit its context window of \
             1000",
            "-large: about 5001 input tokens and an answer of 4000 do not fit its context window \
             of 9000",
            "-other: about 5001 input tokens and an answer of 4000 do not fit its context window \
             of 9000",
        ],
    ),
    (
        10,
        None,
        &[(Capability::Tools, "tools"), (Capability::Images, "messages[0].content[1]")],
        &[
            "+large",
            "-small: it has no `tools`, which `tools` needs",
            "-other: it has no `images`, which `messages[0].content[1]` needs",
        ],
    ),
    (
        u64::MAX,
        Some(4000),
        &[],
        &[
            "-small: about 18446744073709551615 input tokens and an answer of 200 do not fit its \
             context window of 1000",
            "-large: about 18446744073709551615 input tokens and an answer of 4000 do not fit its \
             context window of 9000",
            "-other: about 18446744073709551615 input tokens and an answer of 4000 do not fit its \
             context window of 9000",
        ],
    ),
];

fn said(policy: &Policy, facts: &Facts, input_tokens: u64) -> Vec<String> {
    let chain = policy.chain(policy.route("auto").unwrap(), None);
    let (mut fits, mut dropped) = (Vec::new(), Vec::new());
    for model in chain.models() {
        match misfit(model, facts, model.max_output_tokens, input_tokens) {
            Some(why) => dropped.push(format!("-{}: {why}", model.name)),
            None => fits.push(format!("+{}", model.name)),
        }
    }
    fits.extend(dropped);
    fits
}

#[test]
fn a_chain_keeps_the_models_that_fit_in_order() {
    let policy = public();
    for (input_tokens, max_tokens, needs, expected) in CASES {
        let facts = Facts { max_tokens: *max_tokens, needs: needs.to_vec() };
        assert_eq!(said(&policy, &facts, *input_tokens), *expected, "{facts:?}");
    }
}

#[test]
fn an_answer_without_a_bound_gets_the_room_that_is_left() {
    let policy = public();
    let [small, ..] = policy.models() else { panic!("no models") };
    assert_eq!(
        [0, 800, 900, 2000].map(|input| answer_room(
            small.max_output_tokens,
            small.context_window,
            input
        )),
        [200, 200, 100, 1]
    );
}

#[test]
fn the_nearest_routes_are_named_nearest_first() {
    let policy = public();
    let cases: &[(&str, &[&str])] = &[
        ("gpt-6", &["gpt-6-sol", "gpt-6-luna"]),
        ("GPT-6", &["gpt-6-sol", "gpt-6-luna"]),
        ("gtp-6-sol", &["gpt-6-sol"]),
        ("sonnet", &["claude-sonnet"]),
        ("atuo", &["auto"]),
        ("gpt-6-sol-2026-11-20", &["gpt-6-sol"]),
        ("mistral", &[]),
        ("", &[]),
        ("o", &[]),
    ];
    for (asked, expected) in cases {
        assert_eq!(policy.nearest(asked), *expected, "{asked}");
    }
    assert_eq!(policy.nearest(&"gpt-6-sol".repeat(100_000)), [""; 0]);
}

/// The digests of `alpha` and `beta`, as `sha256sum` prints them.
const KEYS: &str = r#""identity": [
  {"api_key": {"header": "X-Team-Key", "keys": [
    {"sha256": "8ED3F6AD685B959EAD7022518E1AF76CD816F8E8EC7CCDDA1ED4018E8F2223F8",
     "tenant": "team"}]}},
  {"api_key": {"keys": [
    {"sha256": "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa",
     "tenant": "other"},
    {"sha256": "f44e64e75f3948e9f73f8dfa94721c4ce8cbb4f265c4790c702b2d41cfbf2753",
     "tenant": "acme", "user": "ci"}]}}
]"#;

/// Headers, and the tenant they are known as.
type Known = (&'static [(&'static str, &'static str)], Option<&'static str>);

/// A caller who has sent these headers, over a connection of which nobody asks anything.
struct Sent<'s>(&'s [(&'s str, &'s str)]);

impl CallerFacts for Sent<'_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_bytes())
    }

    fn last_header(&self, name: &str) -> Option<&[u8]> {
        panic!("{name} is read, and no entry needs it")
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        panic!("{path:?} is read, and no entry needs it")
    }

    fn unix_seconds(&self) -> u64 {
        panic!("the time is read, and no key expires")
    }
}

#[test]
fn a_key_is_found_where_the_sdks_put_it() {
    let policy = policy(KEYS);
    let cases: &[Known] = &[
        (&[], None),
        (&[("authorization", "Bearer beta")], Some("acme")),
        (&[("authorization", "bearer  beta ")], Some("acme")),
        (&[("authorization", "beta")], None),
        (&[("authorization", "Basic beta")], None),
        (&[("x-api-key", "beta")], Some("acme")),
        (&[("x-goog-api-key", "beta")], Some("acme")),
        (&[("x-api-key", "Bearer beta")], None),
        (&[("authorization", "Bearer wrong"), ("x-api-key", "beta")], Some("acme")),
        (&[("x-api-key", "Beta")], None),
        (&[("x-api-key", "")], None),
        (&[("x-team-key", "alpha")], Some("team")),
        (&[("x-team-key", "Bearer alpha"), ("x-api-key", "beta")], Some("team")),
        (&[("x-team-key", "beta")], None),
        (&[("x-api-key", "alpha")], None),
    ];
    for (headers, expected) in cases {
        let tenant = policy.identify(&Sent(headers)).unwrap();
        let name = tenant.as_ref().map(|tenant| tenant.tenant.as_str());
        assert_eq!(name, *expected, "{headers:?}");
        let user = tenant.as_ref().and_then(|tenant| tenant.user.as_deref());
        assert_eq!(user, expected.filter(|tenant| *tenant == "acme").map(|_| "ci"));
    }
}

/// Every key in an entry of its own, between entries that look elsewhere.
#[test]
fn keys_may_be_listed_in_any_number_of_entries() {
    let entry = |header: &str, digest: &str, tenant: &str| {
        let key = format!(r#"{{"sha256": "{digest}", "tenant": "{tenant}"}}"#);
        format!(r#"{{"api_key": {{{header}"keys": [{key}]}}}}"#)
    };
    let team = r#""header": "X-Team-Key", "#;
    let [alpha, beta, gamma, delta] = [
        "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8",
        "f44e64e75f3948e9f73f8dfa94721c4ce8cbb4f265c4790c702b2d41cfbf2753",
        "be9d587defa1f0c09ef49eb17e206983a5f8f8289e4281860bd0ee5a19592c67",
        "18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4",
    ];
    let entries = [
        entry("", beta, "b"),
        entry("", gamma, "c"),
        entry(team, alpha, "a"),
        entry("", delta, "d"),
    ];
    let policy = policy(&format!(r#""identity": [{}]"#, entries.join(", ")));
    assert_eq!(policy.identity().len(), 3, "two that stand together look in the same place");
    let ask = |name, key| {
        let tenant = policy.identify(&Sent(&[(name, key)])).unwrap();
        tenant.map(|tenant| tenant.tenant)
    };
    assert_eq!(ask("x-api-key", "beta").as_deref(), Some("b"));
    assert_eq!(ask("x-api-key", "d").as_deref(), Some("d"));
    assert_eq!(ask("x-team-key", "alpha").as_deref(), Some("a"));
    assert_eq!(ask("x-api-key", "alpha"), None);
}

#[test]
fn without_a_key_everybody_is_the_anonymous_tenant() {
    let identity = KEYS.replace("]}}\n]", "]}}, {\"anonymous\": {\"tenant\": \"public\"}}\n]");
    let policy = policy(&identity);
    let sent: [(&[(&str, &str)], &str); 3] = [
        (&[], "public"),
        (&[("x-api-key", "wrong")], "public"),
        (&[("x-api-key", "beta")], "acme"),
    ];
    for (headers, expected) in sent {
        let tenant = policy.identify(&Sent(headers)).unwrap();
        assert_eq!(tenant.map(|tenant| tenant.tenant).as_deref(), Some(expected));
    }
}

#[test]
fn what_is_not_said_has_a_default() {
    let policy = public();
    let (limits, resilience) = (policy.limits(), policy.resilience());
    assert_eq!((limits.max_body_bytes, limits.max_messages), (4_194_304, 1000));
    assert_eq!((limits.max_output_tokens, resilience.attempts), (None, 4));
    assert_eq!(resilience.idle_timeout_ms, 60_000);
    let [small, ..] = policy.models() else { panic!("no models") };
    assert_eq!((small.price, small.unsupported), (None, Unsupported::Skip));
}

#[test]
fn sizes_and_durations_have_units() {
    let sizes =
        [("1", 1), ("\"512KiB\"", 524_288), ("\"4MiB\"", 4_194_304), ("\"3MB\"", 3_000_000)];
    for (size, bytes) in sizes {
        let limits = format!(r#""limits": {{"request": {{"max_body_bytes": {size}}}}},"#);
        let policy =
            policy(&format!(r#"{limits} "identity": [{{"anonymous": {{"tenant": "t"}}}}]"#));
        assert_eq!(policy.limits().max_body_bytes, bytes, "{size}");
    }
    for (duration, ms) in
        [("1ms", 1), ("1500ms", 1500), ("20s", 20_000), ("2m", 120_000), ("1h", 3_600_000)]
    {
        let idle = format!(r#""resilience": {{"idle_timeout": "{duration}"}},"#);
        let policy = policy(&format!(r#"{idle} "identity": [{{"anonymous": {{"tenant": "t"}}}}]"#));
        assert_eq!(policy.resilience().idle_timeout_ms, ms, "{duration}");
    }
}

#[test]
fn prices_are_exact() {
    let price = |text: &str| {
        let price = format!(r#""name": "s", "price": {text}"#);
        let document = format!(r#"{{{MODELS} "identity": [{{"anonymous": {{"tenant": "t"}}}}]}}"#);
        let document = document.replace(r#""name": "s""#, &price);
        let policy = Policy::from_json(document.as_bytes()).unwrap();
        policy.models().iter().find_map(|model| model.price).unwrap()
    };
    let short = price(r#"{"input": "3", "output": "0.000001"}"#);
    let input = [short.input, short.cached_input, short.cache_write, short.cache_write_1h];
    assert_eq!(input.map(Credits::micros), [3_000_000; 4]);
    assert_eq!([short.output, short.reasoning].map(Credits::micros), [1; 2]);
    assert_eq!([short.per_image, short.per_request], [Credits::ZERO; 2]);
    let long = price(
        r#"{"input": "0.1", "cached_input": "0.30", "cache_write": "3.75", "cache_write_1h": "6.0",
            "output": "999999999.999999", "reasoning": "0", "per_image": "0.000387",
            "per_request": "00.010"}"#,
    );
    assert_eq!([long.input, long.cached_input].map(Credits::micros), [100_000, 300_000]);
    assert_eq!(
        [long.cache_write, long.cache_write_1h].map(Credits::micros),
        [3_750_000, 6_000_000]
    );
    assert_eq!([long.output, long.reasoning].map(Credits::micros), [999_999_999_999_999, 0]);
    assert_eq!([long.per_image, long.per_request].map(Credits::micros), [387, 10_000]);
}
