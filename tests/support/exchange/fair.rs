//! What fair weather costs: the host calls of a request under all that is there for bad weather,
//! while nothing fails, nobody is over a limit and no answer is given again. Each costs Envoy a
//! microsecond: one more is seen here, and has to be worth it.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::collections::BTreeMap;
use std::rc::Rc;

use tradewind::decide::open_breaker;

use super::support::{Answer, Common, Gateway, Play, World, message, request};

const POLICY: &str = include_str!("../../corpus/exchange/policy/rate.json");

/// All that is there for bad weather.
const WEATHER: &str = r#"
"resilience": {"breaker": {"failures": 5, "rate": {"share": "50%", "requests": 20}},
  "deadline": {"most": "300s", "header": "x-request-timeout-ms"},
  "retry_budget": {"share": "20%", "at_least": 50},
  "fallback": ["stale_cache", {"reply": "Nobody is here to answer."}]},
"limits": {"rate": [{"requests": 100000, "per": "minute"}, {"tokens": 100000000, "per": "minute"},
    {"concurrent": 1000}],
  "session": {"by": "conversation", "requests": 100000}},
"cache": {"ttl": "1h", "stale_for": "1h"},
"#;

const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"gpt-4.1",
"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hello."}}],
"usage":{"prompt_tokens":20,"completion_tokens":3}}"#;

/// What one request costs that others came before.
fn costs(policy: &str) -> BTreeMap<String, u64> {
    costs_among(policy, &Rc::default())
}

/// The same where a proxy's workers know that together.
fn costs_among(policy: &str, common: &Rc<Common>) -> BTreeMap<String, u64> {
    let gateway = Rc::new(Gateway::new(policy).unwrap());
    let mut last = BTreeMap::new();
    for number in 0..10 {
        let body = format!(
            "{{\"model\":\"gpt\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}},\
             {{\"role\":\"assistant\",\"content\":\"Yes?\"}},\
             {{\"role\":\"user\",\"content\":\"{number}\"}}]}}"
        );
        let text = format!(
            "POST /v1/chat/completions\nauthorization: Bearer app-key\n\
             content-type: application/json\n\n{body}"
        );
        let mut play = Play::new(&gateway, common);
        play.ask(&request(&text).unwrap());
        let answer = format!("content-type: application/json\n\n{ANSWER}");
        let answer = Answer::Message(message(&answer, &[(":status", "200")]).unwrap());
        play.answers.entry("gpt".to_owned()).or_default().push_back(answer);
        play.go_on();
        play.over();
        assert!(play.life.ended && play.life.world.refused.is_empty(), "{:?}", play.life.world);
        last = play.life.world.calls.take();
    }
    last
}

#[test]
fn fair_weather_costs_these_host_calls() {
    let (start, rest) = POLICY.split_once("\"limits\"").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    let without = costs(&format!("{start}{rest}"));
    let with = costs(&format!("{start}{WEATHER}{rest}"));
    let more: Vec<_> = with
        .iter()
        .map(|(call, times)| (call.as_str(), times - without.get(call).unwrap_or(&0)))
        .filter(|(_, times)| *times > 0)
        .collect();
    // Where an answer of the same request might stand, whether a failure came before this answer,
    // and where it is put.
    let wanted = [
        ("get clock", 1),
        ("get shared tw.answers.1.0", 1),
        ("get shared tw.breaker.3", 1),
        ("set shared tw.answers.1.0", 1),
    ];
    assert_eq!(more, wanted, "beside {without:#?}");
}

/// Nobody tries the models of a policy that is no longer in force: what stands of them stays.
#[test]
fn a_model_that_nobody_asks_any_more_is_no_bad_weather() {
    let policy = POLICY.replacen('{', &format!("{{{WEATHER}"), 1);
    let (start, rest) = policy.rsplit_once("\"limits\"").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    let policy = format!("{start}{rest}");
    let before = Gateway::new(&policy.replace("openai.test", "wrong.test")).unwrap().policy;
    let common = Rc::<Common>::default();
    let world = World { common: Rc::clone(&common), ..World::default() };
    open_breaker(&before, before.model("gpt").unwrap(), &world.view());
    assert!(common.shared.borrow().keys().any(|key| key.starts_with("tw.breaker")));
    assert_eq!(costs_among(&policy, &common), costs(&policy));
}
