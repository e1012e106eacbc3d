//! Whatever becomes of attempts, with everything on that carries requests through it: each request
//! ends once, no model is asked twice, each attempt is settled once, what runs is let go of, and
//! tokens are corrected to what was used, once.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not there fails its test"
)]
use std::rc::Rc;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use tradewind::credit::Credits;

use super::any_story::{Happening, all_end, asks, happening, happens, wanted};
use super::cases::cases;
use super::support::{Answer, Gateway, Proxy, message};

const POLICY: &str = include_str!("../../corpus/exchange/policy/weather.json");
/// How many requests the policy lets run at once.
const RUNNING: usize = 3;
/// What answers have used, in tokens of input and output.
const USED: (u64, u64) = (1000, 500);

const ASKS: &[&str] = &[
    r#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#,
    r#"{"model":"auto","messages":[{"role":"user","content":"Ho"}]}"#,
    r#"{"model":"auto","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#,
    r#"{"model":"auto","temperature":0,"messages":[{"role":"user","content":"Again"}]}"#,
    r#"{"model":"careful","messages":[{"role":"user","content":"Hi"}]}"#,
    r#"{"model":"careful","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#,
    r#"{"model":"gpt","temperature":0,"messages":[{"role":"user","content":"Again"}]}"#,
    r#"{"model":"gpt","messages":[{"role":"user","content":"Hi"}]}"#,
];

/// The request by which the limits are asked what is left.
const PROBE: &str =
    r#"{"model":"gpt","max_tokens":1,"messages":[{"role":"user","content":"What is left?"}]}"#;

/// An answer of OpenAI's, which says what it used.
fn tells(text: &str, (input, output): (u64, u64)) -> Answer {
    let body = format!(
        "content-type: application/json\n\n{{\"id\":\"c\",\"choices\":[{{\"index\":0,\"message\":\
         {{\"role\":\"assistant\",\"content\":\"{text}\"}},\"finish_reason\":\"stop\"}}],\
         \"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output}}}}}"
    );
    Answer::Message(message(&body, &[(":status", "200")]).unwrap())
}

/// A failure with this status, perhaps with a hint when to come again.
fn fails(status: &str, hint: &str) -> Answer {
    let text =
        format!("content-type: application/json\n{hint}\n{{\"error\":{{\"message\":\"x\"}}}}");
    Answer::Message(message(&text, &[(":status", status)]).unwrap())
}

/// What becomes of an attempt whose use is known to the token: it is told, or nothing was used.
fn known() -> impl Strategy<Value = Answer> {
    select(vec![
        tells("Hello", USED),
        tells("Hello", USED),
        tells("No", USED),
        fails("429", "retry-after: 1\n"),
        fails("429", ""),
        fails("503", "retry-after: 2\n"),
        fails("500", ""),
        fails("529", ""),
        fails("401", ""),
        fails("404", ""),
        fails("400", ""),
        Answer::Refused,
        Answer::Silent,
        Answer::Stale,
        Answer::HungUp,
        Answer::Unconnected,
    ])
}

/// A member of a request's line of the access log.
fn line(proxy: &Proxy, name: &str) -> Value {
    serde_json::from_str(&proxy.line(name)).unwrap_or_default()
}

/// The models that a request has asked, each with its account where it has one, in order.
fn asked(line: &Value) -> Vec<(&str, Option<&str>)> {
    let attempts = line["attempts"].as_array();
    let attempts = attempts.into_iter().flatten();
    attempts.filter_map(|own| Some((own["model"].as_str()?, own["account"].as_str()))).collect()
}

/// Checks what holds once all is over, for requests of these names.
fn adds_up(proxy: &Proxy, names: &[String]) -> Result<(), TestCaseError> {
    let story = proxy.told.join("\n");
    prop_assert!(proxy.wrong.is_empty(), "{:?}\n{story}", proxy.wrong);
    prop_assert_eq!(proxy.open().count(), 0, "{}", &story);
    for name in names {
        let ends = proxy.told.iter().filter(|told| {
            told.starts_with(&format!("{name} gets ")) || **told == format!("{name} leaves")
        });
        prop_assert_eq!(ends.count(), 1, "{}: {}", name, &story);
        let line = line(proxy, name);
        let models = asked(&line);
        let mut once = models.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), models.len(), "{}: {:?}\n{}", name, models, &story);
        // A kept connection may be stale: then, and only then, the same model is asked again.
        for own in line["attempts"].as_array().into_iter().flatten() {
            prop_assert!(own["tries"].as_u64().unwrap_or(1) <= 3, "{}: {own}\n{story}", name);
        }
    }
    prop_assert_eq!(proxy.bank.held("acme"), Credits::ZERO, "{}", &story);
    prop_assert_eq!(proxy.bank.audit("acme"), Vec::<String>::new(), "{}", &story);
    let mut charged = proxy.bank.charged_attempts();
    charged.sort_unstable();
    let twice = charged.windows(2).find(|pair| pair[0] == pair[1]);
    prop_assert_eq!(twice, None, "{}", &story);
    Ok(())
}

fn names(asked: usize) -> Vec<String> {
    (1..=asked).map(|number| format!("r{number}")).collect()
}

/// The same with two accounts of the provider that stands in all of its chains.
fn with_accounts() -> String {
    let accounts = r#""accounts": [{"name": "a", "secret": "a"}, {"name": "b", "secret": "b"}]"#;
    let policy = POLICY.replace(r#""secret": "openai-key""#, accounts);
    let more = policy.replace(r#""attempts": 4"#, r#""attempts": 6"#);
    assert!(policy != POLICY && more != policy, "the policy is written otherwise");
    more
}

/// `accounts` is whether one of its providers has several.
fn proxy(accounts: bool) -> Proxy {
    let policy = if accounts { with_accounts() } else { POLICY.to_owned() };
    let mut proxy = Proxy::new(Rc::new(Gateway::new(&policy).unwrap()));
    proxy.bank.buy("acme", Credits::of_micros(5_000_000).unwrap(), proxy.now());
    proxy
}

/// As many requests as may run at once do, and no more: whatever ran has been let go of.
fn slots_are_free(proxy: &mut Proxy, asked: &mut usize) -> Result<(), TestCaseError> {
    let before = *asked;
    for number in 0..=RUNNING {
        *asked = asked.saturating_add(1);
        let body = format!(
            r#"{{"model":"gpt","messages":[{{"role":"user","content":"Probe {number}"}}]}}"#
        );
        proxy.ask(&format!("r{asked}"), &asks(&body));
    }
    let story = || proxy.told.join("\n");
    let names = names(*asked);
    let (last, first) = names.get(before..).and_then(<[String]>::split_last).unwrap();
    for name in first {
        prop_assert_eq!(&line(proxy, name)["limited_by"], &Value::Null, "{}\n{}", name, story());
    }
    // Where some of them have ended already, there is room for the last.
    if proxy.open().count() == RUNNING {
        let refused = line(proxy, last);
        prop_assert_eq!(&refused["refused_by"], "rate", "{}: {}\n{}", last, &refused, story());
    }
    Ok(())
}

/// Tokens that are left of the tenant's, as its app is told.
fn left(proxy: &mut Proxy, name: &str) -> Option<u64> {
    proxy.ask(name, &asks(PROBE));
    // Whoever is asked answers: one whose breaker is closed, or a spare.
    while let Some(model) = wanted(proxy) {
        proxy.answers(&model, tells("Hello", (9, 1)));
    }
    let told = proxy.told.iter().find(|told| told.starts_with(&format!("{name} gets ")))?;
    let (_, after) = told.split_once("x-ratelimit-remaining-tokens: ")?;
    after.split(' ').next()?.parse().ok()
}

/// Tokens that requests have used, as their lines say.
fn used(proxy: &Proxy, names: &[String]) -> u64 {
    let lines = names.iter().map(|name| line(proxy, name));
    let hit = |line: &Value| line["cache"].is_string();
    let own = lines.filter(|line| !hit(line)).map(|line| {
        let of = |name: &str| line[name].as_u64().unwrap_or(0);
        of("input_tokens").saturating_add(of("output_tokens"))
    });
    own.sum()
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn no_model_is_asked_twice_and_what_ran_is_let_go_of(
        accounts in any::<bool>(),
        happenings in proptest::collection::vec(happening(ASKS), 1..40),
    ) {
        let mut proxy = proxy(accounts);
        let mut asked = 0_usize;
        for what in &happenings {
            happens(&mut proxy, what, &mut asked);
        }
        all_end(&mut proxy);
        slots_are_free(&mut proxy, &mut asked)?;
        all_end(&mut proxy);
        proxy.pass(60_000);
        adds_up(&proxy, &names(asked))?;
    }

    #[test]
    fn tokens_are_corrected_once_to_what_was_used(
        accounts in any::<bool>(),
        steps in proptest::collection::vec(
            prop_oneof![
                2 => select(ASKS).prop_map(|ask| (Some(Happening::Ask(ask)), None)),
                4 => known().prop_map(|answer| (None, Some(answer))),
                1 => (1..3000_u64).prop_map(|ms| (Some(Happening::Pass(ms)), None)),
            ],
            1..40,
        ),
    ) {
        let mut proxy = proxy(accounts);
        let full = left(&mut proxy, "full").unwrap();
        let mut asked = 0_usize;
        for (happening, answer) in steps {
            if let Some(what) = happening {
                happens(&mut proxy, &what, &mut asked);
            }
            if let (Some(answer), Some(model)) = (answer, wanted(&proxy)) {
                proxy.answers(&model, answer);
            }
        }
        all_end(&mut proxy);
        proxy.pass(10_000);
        let left = left(&mut proxy, "left").unwrap();
        proxy.pass(60_000);
        let mut names = names(asked);
        adds_up(&proxy, &names)?;
        names.push("full".to_owned());
        let used = used(&proxy, &names);
        let gone = full.saturating_sub(left);
        // What the last request itself is thought to answer with is one token at most.
        prop_assert!(gone.abs_diff(used) <= 1, "{gone} gone, {used} used\n{}", proxy.told.join("\n"));
    }
}
