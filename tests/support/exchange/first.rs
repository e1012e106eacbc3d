//! The body of the first attempt: where the edge role writes it, and what is kept beside it.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::rc::Rc;

use tradewind::exchange::filter_state::{ORIGINAL, PLAN};
use tradewind::exchange::{Plan, StreamBuffer};

use super::support::{Gateway, Given, Life, live};

/// Longest body that is kept beside the one that was written, in bytes.
const KEPT_MAX: usize = 4 << 20;

const SCRIPT: &str = r#"# One.

--- policy usual
--- app
POST /v1/chat/completions
authorization: Bearer app-key
content-type: application/json

{}
--- claude 529
content-type: application/json

{}
--- gpt 200
content-type: application/json

{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}
"#;

/// A request for that model whose body has so many bytes; claude fails, gpt answers.
fn ask(model: &str, length: usize) -> Life {
    let policy = include_str!("../../corpus/exchange/policy/usual.json");
    let policy =
        policy.replace("65536", "8388608").replace("_window\": 200000,", "_window\": 9000000,");
    let policy = policy.replace("_window\": 1000000,", "_window\": 9000000,");
    let gateway = Gateway::with_buffer(&policy, |_| StreamBuffer::of(16 << 20)).unwrap();
    let mut given = Given::read(SCRIPT).unwrap();
    given.answers.retain(|own, _| model == "auto" || model == own);
    let body = |text: &str| {
        format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"{text}"}}]}}"#)
    };
    let text = "x".repeat(length.saturating_sub(body("").len()));
    given.request.chunks = vec![body(&text).into_bytes()];
    let life = live(&Rc::new(gateway), &given);
    assert_eq!(life.world.refused, [""; 0]);
    life
}

/// Whether the edge role has written the first body, and whether it has kept the app's own.
fn written(life: &Life) -> (bool, bool) {
    let plan = Plan::decode(life.world.state.get(PLAN).unwrap()).unwrap();
    assert!(plan.first.iter().all(|first| first.fits));
    let keeps = plan.first.as_ref().is_some_and(|first| first.keeps_original);
    assert_eq!(keeps, life.world.state.contains_key(ORIGINAL));
    (plan.first.is_some(), keeps)
}

#[test]
fn an_own_body_is_kept_for_models_of_another_format_up_to_its_bound() {
    for (length, expected) in [(KEPT_MAX, (true, true)), (KEPT_MAX + 1, (false, false))] {
        let life = ask("auto", length);
        assert_eq!(written(&life), expected, "{length}");
        // Whoever writes them, claude gets its own words and gpt the app's with another name.
        let saw: Vec<(&str, usize)> =
            life.saw.iter().map(|(model, _, body)| (model.as_str(), body.len())).collect();
        let [("claude", claude), ("gpt", gpt)] = saw.as_slice() else { panic!("{saw:?}") };
        assert!(*claude > length, "{claude}");
        assert_eq!(*gpt, length + "gpt-4.1".len() - "auto".len());
    }
}

#[test]
fn a_body_that_nobody_needs_again_has_no_such_bound() {
    for model in ["gpt", "claude"] {
        assert_eq!(written(&ask(model, KEPT_MAX + 1)), (true, false), "{model}");
    }
}
