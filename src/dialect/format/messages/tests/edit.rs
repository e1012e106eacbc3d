//! What changes in a body between an app and a provider that both speak this format.
use super::{INBOUND, parse};
use crate::dialect::{Ask, splice};

/// The body that a provider gets.
fn edited(body: &str) -> String {
    let document = parse(body);
    let edits = (INBOUND.edits)(&document, &Ask::default());
    String::from_utf8(splice(body.as_bytes(), &edits, "\"m\"", None).unwrap()).unwrap()
}

const OURS: &str = r#"{"type":"thinking","thinking":"hm","signature":"tradewind"}"#;
const ESCAPED: &str = r#"{"signature":"trade\u0077ind","type":"th\u0069nking","thinking":""}"#;
const THEIRS: &str = r#"{"type":"thinking","thinking":"hm","signature":"Eqo="}"#;
const HI: &str = r#"{"type":"text","text":"tradewind"}"#;
const FILLER: &str = r#"{"type":"text","text":"."}"#;
const CALL: &str = r#"{"type":"tool_use","id":"a","name":"f","input":{}}"#;

#[test]
fn puts_the_model_in_every_place_and_nothing_else() {
    let body =
        r#" {"x":[1e400,"\u00e9"], "model" : "a" ,"messages":[{"model":"no"}],"model":"b"} "#;
    let expected =
        r#" {"x":[1e400,"\u00e9"], "model" : "m" ,"messages":[{"model":"no"}],"model":"m"} "#;
    assert_eq!(edited(body), expected);
}

#[test]
fn takes_out_our_own_thoughts() {
    let table = [
        (format!("[{THEIRS} , {HI}]"), format!("[{THEIRS} , {HI}]")),
        (format!("[ {OURS} , {HI} ]"), format!("[ {HI} ]")),
        (format!("[{HI} , {OURS} ]"), format!("[{HI} ]")),
        (format!("[{HI}, {OURS} , {CALL}]"), format!("[{HI} , {CALL}]")),
        (format!("[{OURS},{ESCAPED},{HI},{OURS},{OURS},{CALL}]"), format!("[{HI},{CALL}]")),
        (format!("[ {OURS} ]"), format!("[ {FILLER} ]")),
        (format!("[{OURS} , {ESCAPED}]"), format!("[{FILLER}]")),
        ("[]".to_owned(), "[]".to_owned()),
        ("\"tradewind\"".to_owned(), "\"tradewind\"".to_owned()),
    ];
    for (before, after) in table {
        let body = |content: &str, model: &str| {
            format!(
                r#"{{"messages":[{{"role":"assistant","content":{content}}},
                    {{"role":"user","content":"x"}}],"model":"{model}"}}"#
            )
        };
        assert_eq!(edited(&body(&before, "a")), body(&after, "m"));
    }
}

#[test]
fn goes_on_without_a_budget_when_the_thoughts_before_a_call_were_ours() {
    let result = r#"{"type":"tool_result","tool_use_id":"a","content":"1"}"#;
    let body = |first: &str, last: &str, thinking: &str, model: &str| {
        format!(
            r#"{{"thinking":{thinking},"model":"{model}","messages":[
                {{"role":"user","content":"x"}},
                {{"role":"assistant","content":[{first}{CALL}]}},
                {{"role":"user","content":[{last}]}}]}}"#
        )
    };
    let budget = r#"{"type":"enabled","budget_tokens":2048}"#;
    let adaptive = r#"{"type":"adaptive"}"#;
    let off = r#"{"type":"disabled"}"#;
    let (ours, theirs) = (format!("{OURS},"), format!("{THEIRS},"));
    // Thoughts before the call, what the app answers, thinking, and what is left of both.
    let table = [
        (&*ours, result, budget, "", off),
        (&*ours, HI, budget, "", budget),
        (&*ours, result, adaptive, "", adaptive),
        (&*theirs, result, budget, &*theirs, budget),
        ("", result, budget, "", budget),
    ];
    for (first, last, thinking, kept, left) in table {
        assert_eq!(edited(&body(first, last, thinking, "a")), body(kept, last, left, "m"));
    }
}
