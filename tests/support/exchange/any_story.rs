//! Whatever happens in whatever order: each request ends once and is charged once, nothing stays
//! held, and the accounts add up.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::rc::Rc;

use proptest::prelude::*;
use proptest::sample::select;
use tradewind::credit::Credits;

use super::cases::cases;
use super::support::{Answer, Gateway, Message, Proxy, Weather, message, request};

const POLICIES: [&str; 3] = [
    include_str!("../../corpus/exchange/policy/credits.json"),
    include_str!("../../corpus/exchange/policy/lease.json"),
    include_str!("../../corpus/exchange/policy/grace.json"),
];

const ASKS: &[&str] = &[
    r#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#,
    r#"{"model":"gpt","messages":[{"role":"user","content":"Hi"}]}"#,
    r#"{"model":"auto","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#,
    r#"{"model":"nobody","messages":[{"role":"user","content":"Hi"}]}"#,
    "{",
];

/// What a provider answers, whichever it is: a status, the kind, and the body in its chunks.
const ANSWERS: &[(&str, &str, &[&str])] = &[
    (
        "200",
        "application/json",
        &[
            r#"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":500}}"#,
        ],
    ),
    (
        "200",
        "application/json",
        &[
            r#"{"id":"m","type":"message","role":"assistant","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":3}}"#,
        ],
    ),
    (
        "200",
        "text/event-stream",
        &[
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
            "data: [DONE]\n\n",
        ],
    ),
    (
        "200",
        "text/event-stream",
        &["data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n"],
    ),
    ("200", "application/json", &["{}"]),
    ("429", "application/json", &[r#"{"error":{"message":"slow down"}}"#]),
    ("500", "text/html", &["<html>"]),
    ("400", "application/json", &[r#"{"error":{"message":"no"}}"#]),
];

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    Ask(&'static str),
    Answer(usize, bool),
    Unreached(Answer),
    Leave(usize),
    Ledger(Weather),
    Pass(u64),
}

pub(super) fn happening(asks: &'static [&'static str]) -> impl Strategy<Value = Happening> {
    let weather = select(vec![
        Weather::Fair,
        Weather::Fair,
        Weather::Slow,
        Weather::Lost,
        Weather::Status(503),
        Weather::Status(0),
    ]);
    prop_oneof![
        4 => select(asks).prop_map(Happening::Ask),
        6 => (0..ANSWERS.len(), any::<bool>()).prop_map(|(which, reset)| {
            Happening::Answer(which, reset && which % 2 == 0)
        }),
        1 => select(vec![Answer::Refused, Answer::Silent, Answer::Stale])
            .prop_map(Happening::Unreached),
        1 => (0..4_usize).prop_map(Happening::Leave),
        2 => weather.prop_map(Happening::Ledger),
        2 => (1..3000_u64).prop_map(Happening::Pass),
    ]
}

pub(super) fn asks(body: &str) -> Message {
    let text = format!(
        "POST /v1/chat/completions\nauthorization: Bearer app-key\n\
         content-type: application/json\n\n{body}"
    );
    request(&text).unwrap()
}

fn answer(which: usize, reset: bool) -> Answer {
    let (status, kind, chunks) = ANSWERS.get(which).copied().unwrap();
    let mut text = format!("content-type: {kind}\n\n{}", chunks.join("~~~\n"));
    if reset {
        text.push_str("~~~ reset\n");
    }
    Answer::Message(message(&text, &[(":status", status)]).unwrap())
}

/// What the first request that waits is waiting for.
pub(super) fn wanted(proxy: &Proxy) -> Option<String> {
    proxy.open().find_map(|(_, model)| model.map(str::to_owned))
}

pub(super) fn happens(proxy: &mut Proxy, what: &Happening, asked: &mut usize) {
    match what {
        Happening::Ask(body) => {
            *asked = asked.saturating_add(1);
            proxy.ask(&format!("r{asked}"), &asks(body));
        }
        Happening::Answer(which, reset) => {
            if let Some(model) = wanted(proxy) {
                proxy.answers(&model, answer(*which, *reset));
            }
        }
        Happening::Unreached(how) => {
            if let Some(model) = wanted(proxy) {
                proxy.answers(&model, how.clone());
            }
        }
        Happening::Leave(index) => {
            let name = proxy.open().nth(*index).map(|(name, _)| name.to_owned());
            name.into_iter().for_each(|name| proxy.leaves(&name));
        }
        Happening::Ledger(weather) => {
            proxy.bank.weather = *weather;
            proxy.ledger_answers();
        }
        Happening::Pass(ms) => proxy.pass(*ms),
    }
}

/// Every request ends: the ledger is back, every provider fails.
pub(super) fn all_end(proxy: &mut Proxy) {
    proxy.bank.weather = Weather::Fair;
    proxy.ledger_answers();
    while let Some(model) = wanted(proxy) {
        proxy.answers(&model, Answer::Refused);
    }
}

/// Everything ends, and time passes.
fn comes_to_its_end(proxy: &mut Proxy) {
    all_end(proxy);
    proxy.pass(60_000);
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn each_request_ends_once_and_is_charged_once(
        policy in select(POLICIES.to_vec()),
        happenings in proptest::collection::vec(happening(ASKS), 1..40),
    ) {
        let mut proxy = Proxy::new(Rc::new(Gateway::new(policy).unwrap()));
        proxy.bank.buy("acme", Credits::of_micros(5_000_000).unwrap(), proxy.now());
        let mut asked = 0_usize;
        for what in &happenings {
            happens(&mut proxy, what, &mut asked);
        }
        comes_to_its_end(&mut proxy);
        let story = proxy.told.join("\n");
        prop_assert!(proxy.wrong.is_empty(), "{:?}\n{story}", proxy.wrong);
        prop_assert_eq!(proxy.open().count(), 0, "{}", &story);
        let ended = |line: &&String| line.contains(" gets ") || line.ends_with(" leaves");
        prop_assert_eq!(proxy.told.iter().filter(ended).count(), asked, "{}", &story);
        prop_assert_eq!(proxy.bank.held("acme"), Credits::ZERO, "{}", &story);
        prop_assert_eq!(proxy.bank.audit("acme"), Vec::<String>::new(), "{}", &story);
        let mut charged = proxy.bank.charges();
        charged.sort_unstable();
        let twice = charged.windows(2).find(|pair| pair[0].0 == pair[1].0);
        prop_assert_eq!(twice, None, "{}", &story);
        let counted = proxy.take_counted();
        let sum = |prefix: &str| -> u64 {
            let own = counted.iter().filter(|(name, _)| name.starts_with(prefix));
            own.map(|(_, count)| count).sum()
        };
        // What ran was counted as settled, and what was settled was set aside before.
        let ran = ["held", "lease", "drawn", "grace", "allowed"]
            .map(|word| sum(&format!("tradewind_holds_total.outcome.{word}")));
        prop_assert_eq!(sum("tradewind_settled_total"), ran.iter().sum::<u64>(), "{}", &story);
    }
}
