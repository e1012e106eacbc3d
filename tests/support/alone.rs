//! Which decisions are the same of the same request every time: those that ask nothing of the
//! world. An answer that is there already is found without deciding anew on such a request alone.
use super::decided::Asked;
use super::kept::{HI, Remembering, policy, public, request};
use tradewind::decide::{World, assemble, decide_unless};
use tradewind::policy::Tenant;

const CACHE: &str = r#", "cache": {"ttl": "5m"}"#;

/// Whether what was decided of a request whose answer is there has asked for anything, or what was
/// added to it.
fn asks(more: &str, route: &str, tenant: &Tenant) -> bool {
    let host = Remembering::default();
    let (policy, body) = (policy(&format!("{CACHE}{more}")), request(route, HI, ""));
    let headers = &[("x-kind", "hard"), ("x-session", "s")];
    let (client, policy, body) = ("openai", &*policy, &*body);
    let asked = Asked { policy, client, headers, tenant, body, copied: None };
    let mut found = 0_u32;
    let decides = asked.then(World::of(&host), |request| {
        decide_unless(request, &mut |_| {
            found = found.saturating_add(1);
            true
        })
        .unwrap();
        request.world.was_asked()
    });
    assert_eq!(found, 1, "{more}");
    let adds = asked.then(World::of(&host), |request| {
        assemble(request).unwrap();
        request.world.was_asked()
    });
    decides || adds
}

#[test]
fn what_asks_the_world_is_decided_anew_each_time() {
    let caller = Tenant { user: Some("ann".to_owned()), key: Some("k".to_owned()), ..public() };
    let arms = |unit: &str| {
        format!(
            r#", "experiments": [{{"name": "try", "unit": {unit},
              "arms": [{{"name": "a", "weight": 1}}, {{"name": "b", "weight": 1}}]}}]"#
        )
    };
    let when = |question: &str| {
        format!(r#", "prompt": [{{"when": {question}, "append_system": "Be brief."}}]"#)
    };
    let says = |text: &str| format!(r#", "prompt": [{{"append_system": "{text}"}}]"#);
    for (more, asks_for) in [
        (String::new(), false),
        // Limits: what is taken of them is asked each time, what they are is not.
        (
            r#", "limits": {"rate": [{"requests": 9, "per": "minute", "by": "user"},
            {"tokens": 9, "per": "minute"}], "session": {"by": "conversation", "requests": 3}}"#
                .to_owned(),
            false,
        ),
        // Chance, and what keeps its arm.
        (arms(r#""request""#), true),
        (arms(r#""user""#), false),
        (arms(r#""conversation""#), false),
        (arms(r#"{"header": "x-session"}"#), false),
        (
            r#", "experiments": [{"name": "copies", "shadow": {"rate": "1%", "chain": "one"}}]"#
                .to_owned(),
            true,
        ),
        // The time.
        (when(r#"{"time": {"hours": "08:00-18:00"}}"#), true),
        (when(r#"{"all": [{"tools": false}, {"time": {"hours": "08:00-18:00"}}]}"#), false),
        (when(r#"{"header": {"x-kind": "hard"}}"#), false),
        (says("Today is {{date}}."), true),
        (says("You work for {{tenant}}, for {{user}}."), false),
        // What is kept of whoever has answered is asked for after that.
        (r#", "sticky": {"by": "conversation"}"#.to_owned(), false),
    ] {
        assert_eq!(asks(&more, "auto", &caller), asks_for, "{more}");
    }
}
