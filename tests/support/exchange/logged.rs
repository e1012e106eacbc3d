//! A request's line in the access log, as the module leaves it.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::rc::Rc;

use tradewind::json::{Document, Limits};

use super::files::texts;
use super::support::{Gateway, Given, Proxy, gateway, line, live, request, split};

const POLICY: &str = include_str!("../../corpus/exchange/policy/usual.json");

/// The line of a script's request.
fn of(script: &str) -> String {
    let text = texts("exchange", ".txt").remove(script).unwrap();
    let given = Given::read(split(&text).0).unwrap();
    line(&live(&Rc::new(gateway(&given.policy).unwrap()), &given)).unwrap()
}

#[test]
fn it_says_who_asked_for_what_who_answered_and_what_that_cost() {
    let before = r#"{"details":"via_upstream","request_id":"req-1","method":"POST","#;
    for (script, expected) in [
        (
            "credits-labels",
            r#""path":"/v1/chat/completions","api":"openai","operation":"chat","tenant":"acme","user":"ci","key":"nightly","route":"small","stream":false,"policy":"21dbef86b000","chain":"small","model":"small","first_ms":0,"attempts":[{"model":"small","outcome":"answered","status":200,"first_ms":0,"ms":0}],"held_in":"hold","input_tokens":10,"output_tokens":3,"credits":0.000016,"outcome":"answered"}"#,
        ),
        (
            "fallback-unreached",
            r#""path":"/v1/chat/completions","api":"openai","operation":"chat","tenant":"acme","route":"auto","stream":false,"policy":"a3a23df905d0","chain":"three","model":"gemini","first_ms":60000,"attempts":[{"model":"claude","outcome":"unreachable","ms":0},{"model":"gpt","outcome":"silent","ms":60000},{"model":"gemini","outcome":"answered","status":200,"first_ms":0,"ms":0}],"input_tokens":3,"output_tokens":2,"outcome":"answered"}"#,
        ),
    ] {
        assert_eq!(of(script), format!("{before}{expected}"), "{script}");
    }
}

/// A model's name with what JSON has to escape.
const ODD: &str = r#"{"model":"a\"b\nc","messages":[{"role":"user","content":"secret"}]}"#;

/// What an app chooses stands in it as JSON, and no longer than it need be.
#[test]
fn whatever_an_app_sends_is_text_in_it() {
    let long = "x".repeat(3_000);
    for (path, key, body, by) in [
        ("/a\"b\\c\u{7f}?key=secret", "app-key", "{}", "request"),
        ("/v1/chat/completions", "secret", "{}", "request"),
        ("/v1/chat/completions", "app-key", ODD, "route"),
        (&format!("/{long}"), "app-key", "{}", "request"),
    ] {
        let mut proxy = Proxy::new(Rc::new(Gateway::new(POLICY).unwrap()));
        let text = format!(
            "POST {path}\nauthorization: Bearer {key}\ncontent-type: application/json\n\n{body}"
        );
        proxy.ask("one", &request(&text).unwrap());
        let line = proxy.line("one");
        let read = Document::parse(line.as_bytes(), Limits::default());
        let read = read.unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(read.root().str_of("refused_by").as_deref(), Some(by), "{line}");
        assert_eq!(read.root().str_of("outcome").as_deref(), Some("refused"), "{line}");
        let shown: String = path.split('?').next().unwrap().chars().take(400).collect();
        assert!(read.root().str_of("path").unwrap().starts_with(&shown), "{line}");
        assert!(line.len() < 1_500 && !line.contains("secret"), "{line}");
    }
}
