//! What an answer that is kept depends on, and how an app asks for a new one.
use super::kept::{App, HI, Remembering, asked, policy, public, request};
use tradewind::policy::{Tags, Tenant};

/// What of a policy makes an answer another one counts for what is kept of answers.
#[test]
fn what_shapes_an_answer_counts_for_what_is_kept() {
    let tenant = public();
    let strict =
        Tenant { require: Tags::from(vec![("audited".to_owned(), "true".to_owned())]), ..public() };
    let first = policy(r#", "cache": {"ttl": "5m"}"#);
    let made = |policy: &str, tenant: &Tenant, headers: &[(&str, &str)], body: &str| {
        let app = App { client: "openai", headers, tenant };
        asked(policy, app, body, &Remembering::default()).caching.map(|own| own.chain)
    };
    let plain = request("plain", HI, "");
    let careful = request("auto", HI, "");
    let judged: &[(&str, &str)] = &[("x-kind", "judged")];
    let large = r#""name": "gpt-4.1","#;
    for (from, to) in [
        (large, r#""name": "gpt-5","#),
        (large, r#""name": "gpt-4.1", "unsupported": "drop","#),
        ("https://openai.test", "https://other.test"),
        (r#""resilience""#, r#""context": {"overflow": "drop_oldest"}, "resilience""#),
    ] {
        let then = first.replace(from, to);
        assert_ne!(made(&first, &tenant, &[], &plain), made(&then, &tenant, &[], &plain), "{to}");
    }
    let tagged = first.replace(r#""tags": ["audited"]}"#, r#""tags": ["audited", "eu"]}"#);
    assert_eq!(made(&first, &tenant, &[], &plain), made(&tagged, &tenant, &[], &plain));
    assert_ne!(made(&first, &strict, &[], &plain), made(&tagged, &strict, &[], &plain));
    let cascade = r#"{"cascade": ["mini", "claude"]"#;
    let mut seen = vec![made(&first, &tenant, judged, &careful)];
    for more in [
        r#""streaming": "wait""#,
        r#""accept": {"min_chars": 4}"#,
        r#""accept": {"max_chars": 4}"#,
        r#""accept": {"hedging": ["perhaps"]}"#,
    ] {
        let then = first.replace(cascade, &format!("{cascade}, {more}"));
        let own = made(&then, &tenant, judged, &careful);
        assert!(own.is_some() && !seen.contains(&own), "{more}");
        seen.push(own);
    }
}

/// An app says in several ways, and in several headers, that it wants a new answer.
#[test]
fn a_new_answer_is_asked_for_in_any_header() {
    let (policy, tenant) = (policy(r#", "cache": {"ttl": "5m"}"#), public());
    let oldest = |headers: &[(&str, &str)]| {
        let app = App { client: "openai", headers, tenant: &tenant };
        let decision = asked(&policy, app, &request("plain", HI, ""), &Remembering::default());
        decision.caching.map(|own| own.max_age_ms)
    };
    let name = "cache-control";
    for (headers, most) in [
        (&[][..], Some(u64::MAX)),
        (&[(name, "max-age=60")], Some(60_000)),
        (&[(name, "Max-Age=\"60\""), (name, "x, max-age=30")], Some(30_000)),
        (&[(name, "max-age=99999999999999999999")], Some(u64::MAX)),
        (&[(name, "max-age=0")], Some(0)),
        (&[(name, "max-age=-1")], Some(0)),
        (&[(name, "max-age=")], Some(0)),
        (&[(name, "max-age=60"), (name, "no-cache")], Some(0)),
        (&[(name, "no-cache"), (name, "x, No-Store")], None),
    ] {
        assert_eq!(oldest(headers), most, "{headers:?}");
    }
}
