//! How cascades are decided: who is judged, and what is held.
use tradewind::decide::{Decision, Expected};

use super::{Counting, POLICY, decided, decided_by};

/// The models that a decision leaves, whether their answers are judged, and why not.
fn served(decision: &Decision) -> (Vec<&str>, bool, String) {
    let primary = &decision.quote.primary;
    let models = primary.legs.iter().map(|leg| leg.model.name.as_str()).collect();
    let own = decision.trace.of(Some(&primary.chain)).filter(|entry| entry.step == "cascade");
    let why = own.map(|entry| format!("{} {}", entry.verdict.name(), entry.subject));
    (models, primary.cascade.is_some(), why.collect::<Vec<_>>().join(", "))
}

#[test]
fn what_cannot_be_judged_goes_to_the_last_model_of_a_cascade() {
    let schema = |bytes: usize| {
        format!(
            r#","response_format":{{"type":"json_object"}},"tools":[{{"type":"function","function":{{"name":"f","parameters":{{"type":"object","title":"{}"}}}}}}]"#,
            "x".repeat(bytes)
        )
    };
    for (model, rest, models, why) in [
        ("careful", String::new(), 2, "judged gemini"),
        ("careful", r#","stream":true"#.to_owned(), 1, "skipped gemini"),
        ("patient", r#","stream":true"#.to_owned(), 2, "judged claude"),
        ("twins", r#","n":2"#.to_owned(), 1, "skipped nano"),
        // One that is left of a cascade is the last.
        ("careful", r#","logit_bias":{"1":2}"#.to_owned(), 1, ""),
    ] {
        let body =
            format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"Hi"}}]{rest}}}"#);
        let decision = decided(&body, &Counting::default()).unwrap();
        let (left, judged, said) = served(&decision);
        assert_eq!((left.len(), judged, &*said), (models, models > 1, why), "{body}");
        assert_eq!(left.last(), Some(&"gpt"), "{body}");
    }
    let asks = |bytes| {
        let policy = POLICY.replace(
            "\"max_output_tokens\": 4000, \"price\"",
            "\"max_output_tokens\": 4000, \"capabilities\": [\"tools\", \"json_schema\"], \"price\"",
        );
        let body = format!(
            r#"{{"model":"patient","messages":[{{"role":"user","content":"Hi"}}]{}}}"#,
            schema(bytes)
        );
        let decision = decided_by(&policy, "openai", &body, &Counting::default()).unwrap();
        let own = served(&decision);
        (own.0.len(), own.2, decision.outline.expected)
    };
    let (models, why, expected) = asks(65_536 - 100);
    assert_eq!((models, &*why), (2, "judged claude"));
    assert_eq!(expected.tools.len(), 1);
    assert_eq!(expected.text.as_deref(), Some(r#"{"type":"object"}"#));
    let (models, why, expected) = asks(65_536);
    assert_eq!((models, &*why), (1, "skipped claude"));
    assert_eq!(expected, Expected::default());
}

/// Whichever of a chain's models answers, its failures cost nothing; of a cascade all may be paid.
#[test]
fn the_hold_of_a_cascade_is_for_all_of_its_models() {
    let cost = |model: &str| {
        let body =
            format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"Hi"}}]}}"#);
        decided(&body, &Counting::default()).unwrap().quote.primary.max_cost
    };
    let (one, both, cascade) = (cost("gemini"), cost("auto"), cost("careful"));
    let more = cascade.checked_sub(one.checked_add(both).unwrap()).unwrap();
    // Its name in the body is some bytes longer than the others'.
    assert!(more.micros() < 20, "{one} and {both}, the dearer is the last: {cascade}");
}

/// Of two models whose answers are to agree both answer before another one, or neither does.
#[test]
fn a_model_that_nobody_can_agree_with_is_left_out() {
    // What Gemini cannot be told, and what only fits into larger windows.
    let biased = r#","logit_bias":{"1":2}"#;
    let long = "word ".repeat(20_000);
    let longer = "word ".repeat(120_000);
    for (model, rest, text, models, why) in [
        ("agreeing", "", "Hi", &["gemini", "nano", "gpt"][..], "judged gemini, judged nano"),
        ("agreeing", biased, "Hi", &["gpt"], "skipped nano"),
        ("agreeing", "", &long, &["gpt"], "skipped nano"),
        ("agreeing", "", &longer, &["gpt"], ""),
        ("agreeing", r#","stream":true"#, "Hi", &["gpt"], "skipped gemini, skipped nano"),
        (
            "agreeing-late",
            "",
            "Hi",
            &["nano", "claude", "gemini", "gpt"],
            "judged nano, judged claude, judged gemini",
        ),
        ("agreeing-late", "", &long, &["nano", "gpt"], "skipped claude, judged nano"),
        // The last one is nobody's pair.
        ("agreeing-wide", "", &long, &["claude"], "skipped gpt, unjudged claude"),
    ] {
        let body = format!(
            r#"{{"model":"{model}","messages":[{{"role":"user","content":"{text}"}}]{rest}}}"#
        );
        let decision = decided(&body, &Counting::default()).unwrap();
        let (left, judged, said) = served(&decision);
        assert_eq!((&*left, judged, &*said), (models, models.len() > 1, why), "{model} {rest}");
    }
}
