//! What is counted and measured of attempts, and that all of it is there before it happens.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::collections::BTreeSet;
use std::rc::Rc;

use tradewind::exchange::metric::{ALL, Kind, declared};
use tradewind::policy::Policy;

use super::files::texts;
use super::support::{Answer, Gateway, Given, Proxy, gateway, live, message, request, split};

const POLICY: &str = include_str!("../../corpus/exchange/policy/usual.json");

fn names(policy: &Policy) -> BTreeSet<String> {
    declared(Some(policy)).into_iter().map(|(_, name)| name).collect()
}

#[test]
fn whatever_is_counted_was_there_from_the_start() {
    let mut counted = 0;
    for (name, text) in texts("exchange", ".txt") {
        let given = Given::read(split(&text).0).unwrap();
        let gateway = Rc::new(gateway(&given.policy).unwrap());
        let there = names(&gateway.policy);
        let world = live(&gateway, &given).world;
        let measured = world.measured.iter().map(|(name, _)| name);
        for own in world.counted.keys().chain(measured) {
            assert!(there.contains(own), "{name}: {own}");
            counted += 1;
        }
    }
    assert!(counted > 500, "{counted}");
}

#[test]
fn without_a_policy_what_has_no_labels_is_there() {
    let there: Vec<_> = declared(None).into_iter().map(|(_, name)| name).collect();
    let plain = ALL.iter().filter(|metric| metric.labels.is_empty() && metric.kind != Kind::Gauge);
    assert_eq!(there, plain.map(|metric| metric.name).collect::<Vec<_>>());
}

/// A policy with so many models.
fn policy_of(models: usize) -> Policy {
    let all: Vec<String> = (0..models).map(|number| format!("m{number}")).collect();
    let each = |write: &dyn Fn(&String) -> String| all.iter().map(write).collect::<Vec<_>>();
    let model = each(&|name| {
        format!(
            "\"{name}\":{{\"provider\":\"p\",\"name\":\"{name}\",\"context_window\":1000,\
             \"max_output_tokens\":100}}"
        )
    });
    let chain = each(&|name| format!("\"{name}\":[\"{name}\"]"));
    let route = each(&|name| format!("{{\"models\":[\"{name}\"],\"chain\":\"{name}\"}}"));
    let text = format!(
        "{{\"version\":\"tradewind/v1\",\"identity\":[{{\"anonymous\":{{\"tenant\":\"t\"}}}}],\
         \"providers\":{{\"p\":{{\"dialect\":\"openai\",\"endpoint\":\"http://127.0.0.1:1\"}}}},\
         \"models\":{{{}}},\"chains\":{{{}}},\"routes\":[{}]}}",
        model.join(","),
        chain.join(","),
        route.join(",")
    );
    Policy::from_json(text.as_bytes()).unwrap()
}

#[test]
fn a_large_policy_declares_no_more_than_a_bound() {
    let attempts = |models| {
        let there = names(&policy_of(models));
        assert!(there.len() <= 2_400, "{}", there.len());
        assert!(there.contains("tradewind_refused_total"));
        assert!(there.contains("tradewind_time_to_first_token_milliseconds.model.m0"));
        there.iter().filter(|name| name.starts_with("tradewind_attempts_total.")).count()
    };
    assert_eq!(attempts(80) % 80, 0);
    assert!(attempts(80) > 0);
    assert_eq!(attempts(300), 0, "they come with their first count");
}

fn asks(model: &str, streamed: bool) -> String {
    format!(
        "POST /v1/chat/completions\nauthorization: Bearer app-key\n\
         content-type: application/json\n\n{{\"model\":\"{model}\",\"stream\":{streamed},\
         \"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}}]}}"
    )
}

#[test]
fn a_silence_is_booked_on_whoever_was_silent() {
    let script = texts("exchange", ".txt").remove("fallback-unreached").unwrap();
    let given = Given::read(split(&script).0).unwrap();
    let measured = live(&Rc::new(gateway("usual").unwrap()), &given).world.measured;
    let took = |model: &str| format!("tradewind_attempt_duration_milliseconds.model.{model}");
    let expected = [(took("claude"), 0), (took("gpt"), 60_000), (took("gemini"), 0)];
    assert_eq!(measured, expected);
}

#[test]
fn the_first_token_is_measured_of_streams_alone() {
    let chunk = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
    let done = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
                data: [DONE]\n\n";
    let whole = "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\
                 \"Hi\"},\"finish_reason\":\"stop\"}]}";
    for (streamed, body) in [(true, format!("{chunk}{done}")), (false, whole.to_owned())] {
        let mut proxy = Proxy::new(Rc::new(Gateway::new(POLICY).unwrap()));
        proxy.ask("one", &request(&asks("gpt", streamed)).unwrap());
        proxy.pass(700);
        let kind = if streamed { "text/event-stream" } else { "application/json" };
        let text = format!("content-type: {kind}\n\n{body}");
        proxy.answers("gpt", Answer::Message(message(&text, &[(":status", "200")]).unwrap()));
        let model = |name: &str| (format!("tradewind_{name}_milliseconds.model.gpt"), 700);
        let first = streamed.then(|| model("time_to_first_token"));
        let expected: Vec<_> = [model("attempt_duration")].into_iter().chain(first).collect();
        assert_eq!(proxy.measured(), expected, "{streamed}");
    }
}
