//! What an app asks to be taken out of a conversation.
use super::{INBOUND, parse};
use crate::dialect::{Target, splice};

/// The body that a provider gets for a model, and what is left out.
fn amended(body: &str, model: &str) -> (String, Vec<String>) {
    priced(body, model, false)
}

fn priced(body: &str, model: &str, is_priced: bool) -> (String, Vec<String>) {
    let document = parse(body);
    let ask = INBOUND.ask(&document).unwrap();
    let target = Target { model, max_output_tokens: 8000 };
    let common = (INBOUND.edits)(&document, &ask);
    let change = INBOUND.change((&document, &ask), &target, (false, is_priced), &common);
    let body = splice(body.as_bytes(), &change.edits, &format!("\"{model}\""), None).unwrap();
    let left_out = change.left_out.iter().map(ToString::to_string).collect();
    (String::from_utf8(body).unwrap(), left_out)
}

const CLEAR: &str = r#"{"type":"clear_thinking_20251015","keep":"all"}"#;
const TOOLS: &str = r#"{"type":"clear_tool_uses_20250919"}"#;
const BUDGET: &str = r#"{"type":"enabled","budget_tokens":2048}"#;
const ADAPTIVE: &str = r#"{"type":"adaptive"}"#;
const OFF: &str = r#"{"type":"disabled"}"#;

/// Anthropic refuses to take thoughts out of a request that does not think.
#[test]
fn thoughts_are_not_taken_out_where_none_are_had() {
    let body = |rest: &str, thinking: &str, context: &str, messages: &str| {
        format!(
            r#"{{"max_tokens":4000,{thinking}"messages":[{{"role":"user","content":"x"}}{messages}]{rest}{context},"model":"m"}}"#
        )
    };
    let named = |thinking: &str| format!(r#""thinking":{thinking},"#);
    let calls = concat!(
        r#",{"role":"assistant","content":[{"type":"tool_use","id":"call_1","name":"f","input":{}}]},"#,
        r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1"}]}"#
    );
    let forced = concat!(
        r#","tools":[{"name":"f","input_schema":{"type":"object"}}],"#,
        r#""tool_choice":{"type":"any"}"#
    );
    let alone = format!(r#","context_management":{{"edits":[{CLEAR}]}}"#);
    let both = format!(r#","context_management":{{"edits":[{CLEAR},{TOOLS}]}}"#);
    let rest = format!(r#","context_management":{{"edits":[{TOOLS}]}}"#);
    let later = format!(r#","context_management":{{"edits":[{CLEAR}],"new":1}}"#);
    let new = r#","context_management":{"new":1}"#;
    let (off, budget, adaptive) = (&*named(OFF), &*named(BUDGET), &*named(ADAPTIVE));
    // A model, thinking, the rest, the context; what is left of thinking and of the context.
    let table = [
        // Another provider's model made the calls that are answered.
        ("claude-sonnet-4-5", budget, "", calls, &*alone, off, ""),
        ("claude-sonnet-4-5", budget, "", calls, &both, off, &*rest),
        ("claude-sonnet-4-5", budget, "", calls, &later, off, new),
        ("my-finetune", budget, "", calls, &alone, off, ""),
        // A tool that must be called.
        ("claude-haiku-4-5", budget, forced, "", &alone, off, ""),
        ("claude-sonnet-4-5", adaptive, forced, "", &alone, off, ""),
        ("claude-opus-4-8", adaptive, forced, "", &alone, off, ""),
        ("claude-opus-4-8", budget, forced, "", &alone, off, ""),
        ("claude-haiku-5-5", budget, forced, "", &alone, "", ""),
    ];
    for (model, thinking, rest, messages, context, thinks, left) in table {
        let asked = body(rest, thinking, context, messages);
        let (sent, left_out) = amended(&asked, model);
        let expected = body(rest, thinks, left, messages);
        assert_eq!(sent, expected.replace(r#""m""#, &format!("\"{model}\"")), "{model}");
        assert!(left_out.contains(&"context_management.edits".to_owned()), "{model} {left_out:?}");
    }
    // Where the model thinks, thoughts are taken out.
    for (model, thinking, rest, messages) in [
        ("claude-sonnet-4-5", budget, "", ""),
        ("claude-opus-4-8", budget, "", calls),
        ("claude-opus-4-8", adaptive, "", calls),
        ("claude-haiku-5-5", adaptive, forced, ""),
    ] {
        let (sent, left_out) = amended(&body(rest, thinking, &both, messages), model);
        assert!(sent.contains(CLEAR) && left_out.is_empty(), "{model} {sent} {left_out:?}");
    }
}

/// Where a model's answers have a price, none is served sooner for more.
#[test]
fn speed_is_left_out_where_somebody_pays() {
    let body = |speed: &str, model: &str| {
        format!(
            r#"{{"max_tokens":9,{speed}"model":"{model}","messages":[{{"role":"user","content":"x"}}]}}"#
        )
    };
    let model = "claude-opus-4-8";
    for (speed, is_priced, left) in [
        (r#""speed":"fast","#, true, ""),
        (r#""speed":"fast","temperature":0,"#, true, ""),
        (r#""speed":"fast","#, false, r#""speed":"fast","#),
        (r#""speed":"standard","#, true, r#""speed":"standard","#),
        (r#""service_tier":"standard_only","#, true, r#""service_tier":"standard_only","#),
    ] {
        let (sent, left_out) = priced(&body(speed, "a"), model, is_priced);
        assert_eq!(sent, body(left, model), "{speed}");
        assert_eq!(left_out.iter().any(|own| own == "speed"), left.is_empty(), "{left_out:?}");
    }
}

/// A result of a provider's own tool tells of the file that it wrote, and comes back as it was.
#[test]
fn files_that_a_tool_of_the_providers_wrote_are_only_told_of() {
    let stored = |block: &str, role: &str| {
        let body = format!(
            r#"{{"model":"a","max_tokens":9,"messages":[{{"role":"user","content":"x"}},{{"role":"{role}","content":[{block}]}}]}}"#
        );
        let document = parse(&body);
        INBOUND.ask(&document).unwrap().stored.join(",")
    };
    let result = r#"{"type":"bash_code_execution_tool_result","tool_use_id":"srvtoolu_1","content":{"type":"bash_code_execution_result","stdout":"","content":[{"type":"bash_code_execution_output","file_id":"file_1"}]}}"#;
    assert_eq!(stored(result, "assistant"), "");
    let upload = r#"{"type":"container_upload","file_id":"file_1"}"#;
    assert_eq!(stored(upload, "user"), "messages[1].content[0].file_id");
}

/// A title or a context of no words is no text, which Anthropic refuses.
#[test]
fn a_document_without_words_beside_it_is_alone() {
    let body = r#"{"model":"a","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","title":"","context":"","source":{"type":"text","media_type":"text/plain","data":"words"}}]}]}"#;
    let document = parse(body);
    let ask = INBOUND.ask(&document).unwrap();
    assert_eq!(ask.turns.iter().flat_map(|turn| &turn.blocks).count(), 1);
}
