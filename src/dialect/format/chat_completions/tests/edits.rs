//! Bodies, before and after their edits.
use crate::dialect::format::chat_completions::INBOUND;
use crate::dialect::format::chat_completions::edits::edits;
use crate::dialect::format::chat_completions::read::read;
use crate::dialect::{Target, splice};
use crate::json::{Document, Limits};

#[test]
fn a_body_changes_in_these_places_only() {
    const USAGE: &str = r#""stream_options":{"include_usage":true},"#;
    let list = r#""messages":[{"role":"user","content":"\u0041"}]"#;
    // What stands beside the messages, before and after; `M` is the new model.
    let cases = [
        (r#" "model" : "old" , "#, r#" "model" : "M" , "#.to_owned()),
        (
            r#""model":"old","x":{"model":1},"mod\u0065l":"b","#,
            r#""model":"M","x":{"model":1},"mod\u0065l":"M","#.to_owned(),
        ),
        (r#""stream":false,"model":"old","#, r#""stream":false,"model":"M","#.to_owned()),
        (r#""stream":true,"model":"old","#, format!(r#"{USAGE}"stream":true,"model":"M","#)),
        (
            r#""stream":true,"model":"old","stream_options":{"include_usage":true},"#,
            r#""stream":true,"model":"M","stream_options":{"include_usage":true},"#.to_owned(),
        ),
        (
            r#""stream_options":null,"stream":true,"model":"old","#,
            format!(r#"{USAGE}"stream":true,"model":"M","#),
        ),
        (
            r#""stream_options":{ },"model":"old","stream":true,"#,
            format!(r#"{USAGE}"model":"M","stream":true,"#),
        ),
        (
            r#""stream_options":{ "other":1},"model":"old","stream":true,"#,
            r#""stream_options":{"include_usage":true, "other":1},"model":"M","stream":true,"#
                .to_owned(),
        ),
        (
            r#""stream_options":{"include_usage":true},"model":"a","stream":true,"model":"b","stream_options":{"include_usage":null,"include_usage":false},"#,
            format!(
                r#"{USAGE}"model":"M","stream":true,"model":"M","stream_options":{{"include_usage":true,"include_usage":true}},"#
            ),
        ),
    ];
    for (before, after) in cases {
        let body = format!("{{{before}{list}}}");
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let ask = read(&document).expect(&body);
        let edited = splice(body.as_bytes(), &edits(&document, &ask), "\"M\"", None).unwrap();
        let edited = String::from_utf8(edited).unwrap();
        assert_eq!(edited, format!("{{{after}{list}}}"));
        let document = Document::parse(edited.as_bytes(), Limits::default()).unwrap();
        let again = read(&document).unwrap();
        assert_eq!((&*again.model, again.stream_usage), ("M", ask.stream), "{edited}");
    }
}

/// The body that one model gets, and what is left out of it.
fn amended(body: &str, model: &str) -> (String, Vec<String>) {
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let ask = INBOUND.ask(&document).expect(body);
    let target = Target { model, max_output_tokens: 9000 };
    let change =
        INBOUND.change((&document, &ask), &target, (false, false), &edits(&document, &ask));
    let sent = splice(body.as_bytes(), &change.edits, &format!("\"{model}\""), None).unwrap();
    let left_out = change.left_out.iter().map(ToString::to_string).collect();
    (String::from_utf8(sent).unwrap(), left_out)
}

/// A model, what an app has written and what is sent, each beside the model and the messages, and
/// the fields that are named.
type Row = (&'static str, String, String, &'static [&'static str]);

const TOOL: &str = r#""tools":[{"type":"function","function":{"name":"f"}}]"#;
const SAMPLED: &str = r#""temperature":0,"top_p":0.5,"frequency_penalty":1"#;

fn tool(more: &str) -> String {
    format!("{TOOL}{more}")
}

fn said(text: &str) -> String {
    text.to_owned()
}

fn bounds_and_sampling() -> Vec<Row> {
    vec![
        // The bound by its newer name.
        ("gpt-5", said(r#""max_tokens":9"#), said(r#""max_completion_tokens":9"#), &[]),
        ("openai/gpt-6-luna", said(r#""max_tokens":9"#), said(r#""max_completion_tokens":9"#), &[]),
        ("o3", said(r#""max_tokens":null"#), said(r#""max_completion_tokens":null"#), &[]),
        (
            "o3",
            said(r#""max_tokens":9,"max_completion_tokens":9"#),
            said(r#""max_completion_tokens":9"#),
            &[],
        ),
        // Of a null and a number it is the number that bounds, and that was held for.
        (
            "gpt-5",
            said(r#""max_tokens":9,"max_completion_tokens":null"#),
            said(r#""max_completion_tokens":9"#),
            &[],
        ),
        (
            "gpt-5",
            said(r#""max_completion_tokens":9,"max_tokens":null"#),
            said(r#""max_completion_tokens":9"#),
            &[],
        ),
        (
            "gpt-5",
            said(r#""max_completion_tokens":null,"n":1,"max_tokens":9"#),
            said(r#""n":1,"max_completion_tokens":9"#),
            &[],
        ),
        (
            "gpt-5",
            said(r#""max_completion_tokens":null,"max_tokens":null"#),
            said(r#""max_completion_tokens":null"#),
            &[],
        ),
        ("gpt-4o", said(r#""max_tokens":9"#), said(r#""max_tokens":9"#), &[]),
        ("gpt-4o", said(r#""n":1,"reasoning_effort":"none""#), said(r#""n":1"#), &[]),
        ("my-finetune", said(r#""max_tokens":9"#), said(r#""max_tokens":9"#), &[]),
        // Sampling, where a model reasons.
        (
            "gpt-5-2025-08-07",
            said(&format!(r#""n":1,{SAMPLED}"#)),
            said(r#""n":1"#),
            &["temperature", "top_p", "frequency_penalty"],
        ),
        ("gpt-5", said(r#""temperature":1"#), said(r#""temperature":1"#), &[]),
        (
            "gpt-5.6-sol",
            said(&format!(r#"{SAMPLED},"reasoning_effort":"none""#)),
            said(&format!(r#"{SAMPLED},"reasoning_effort":"none""#)),
            &[],
        ),
        ("gpt-4o", said(SAMPLED), said(SAMPLED), &[]),
        ("my-finetune", said(SAMPLED), said(SAMPLED), &[]),
        ("gpt-4o", said(r#""top_k":4,"n":1"#), said(r#""n":1"#), &["top_k"]),
        ("my-finetune", said(r#""top_k":4,"n":1"#), said(r#""top_k":4,"n":1"#), &[]),
    ]
}

fn reasoning_and_functions() -> Vec<Row> {
    vec![
        // How much to reason, in words that the model knows.
        (
            "gpt-5.1",
            said(r#""reasoning_effort":"xhigh""#),
            said(r#""reasoning_effort":"high""#),
            &[],
        ),
        (
            "gpt-5.2",
            said(r#""reasoning_effort":"minimal""#),
            said(r#""reasoning_effort":"low""#),
            &[],
        ),
        (
            "gpt-6-luna",
            said(r#""reasoning_effort":"xhigh""#),
            said(r#""reasoning_effort":"xhigh""#),
            &[],
        ),
        (
            "gpt-5",
            said(r#""reasoning_effort":"none","n":1"#),
            said(r#""reasoning_effort":"minimal","n":1"#),
            &["reasoning_effort"],
        ),
        (
            "gpt-5",
            said(r#""thinking":{"type":"enabled","budget_tokens":5000},"n":1"#),
            said(r#""reasoning_effort":"medium","n":1"#),
            &[],
        ),
        // Functions beside reasoning.
        ("gpt-5.6-sol", tool(""), format!(r#""reasoning_effort":"none",{TOOL}"#), &[]),
        (
            "gpt-6-sol",
            tool(r#","reasoning_effort":"medium""#),
            tool(r#","reasoning_effort":"none""#),
            &["reasoning_effort"],
        ),
        (
            "gpt-6-sol",
            tool(r#","thinking":{"type":"adaptive"}"#),
            format!(r#""reasoning_effort":"none",{TOOL}"#),
            &["thinking"],
        ),
        (
            "gpt-4.1",
            said(r#""thinking":{"type":"adaptive"},"n":1"#),
            said(r#""n":1"#),
            &["thinking"],
        ),
        ("gpt-5.1", tool(""), tool(""), &[]),
        ("o3", tool(r#","parallel_tool_calls":false"#), tool(""), &["parallel_tool_calls"]),
        ("o3", tool(r#","parallel_tool_calls":true"#), tool(""), &[]),
        (
            "gpt-4o",
            tool(r#","parallel_tool_calls":false"#),
            tool(r#","parallel_tool_calls":false"#),
            &[],
        ),
        ("gpt-4o", said(r#""verbosity":"low","n":1"#), said(r#""n":1"#), &["verbosity"]),
        ("gpt-5", said(r#""verbosity":"low""#), said(r#""verbosity":"low""#), &[]),
    ]
}

#[test]
fn a_model_is_told_what_its_family_takes() {
    let messages = r#""messages":[{"role":"user","content":"x"}]"#;
    for (model, asked, sent, left_out) in
        bounds_and_sampling().into_iter().chain(reasoning_and_functions())
    {
        let body = |said: &str, model: &str| {
            // What is put before all others stands before the model.
            let first = r#""reasoning_effort":"#;
            match said.split_once(',') {
                Some((word, rest)) if word.starts_with(first) && !asked.contains(first) => {
                    format!(r#"{{{word},"model":"{model}",{rest},{messages}}}"#)
                }
                _ => format!(r#"{{"model":"{model}",{said},{messages}}}"#),
            }
        };
        let (found, named) = amended(&body(&asked, "a"), model);
        assert_eq!(found, body(&sent, model), "{asked}");
        assert_eq!(named, left_out, "{asked} {model}");
    }
}

/// What a model does not take and an app demands: the model is passed over.
#[test]
fn what_a_model_cannot_do_is_no_advice() {
    let tools = |count: usize| {
        let tool = r#"{"type":"function","function":{"name":"f"}}"#;
        format!(r#""tools":[{}]"#, vec![tool; count].join(","))
    };
    let refused = |rest: &str, model: &str| {
        let body =
            format!(r#"{{"model":"a","messages":[{{"role":"user","content":"x"}}],{rest}}}"#);
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let ask = INBOUND.ask(&document).unwrap();
        let target = Target { model, max_output_tokens: 9 };
        let mut fields = INBOUND.format.refused_by_model(&ask, &target);
        fields.retain(|field| !ask.is_best_effort(field));
        fields.into_iter().map(|field| field.field.into_owned()).collect::<Vec<_>>()
    };
    for (rest, model, expected) in [
        (r#""stop":["X"]"#.to_owned(), "gpt-5", "stop"),
        (r#""stop":["X"]"#.to_owned(), "gpt-4o", ""),
        (r#""stop":["X"]"#.to_owned(), "my-finetune", ""),
        (r#""logprobs":true"#.to_owned(), "o3", "logprobs"),
        (r#""logprobs":true"#.to_owned(), "gpt-4.1", ""),
        (r#""reasoning_effort":"low""#.to_owned(), "gpt-4o", "reasoning_effort"),
        (r#""reasoning_effort":"low""#.to_owned(), "my-finetune", ""),
        (tools(128), "gpt-4o", ""),
        (tools(129), "gpt-4o", "tools"),
        (tools(129), "my-finetune", ""),
    ] {
        assert_eq!(refused(&rest, model).join(","), expected, "{model}");
    }
}

#[test]
fn where_a_demand_is_dropped_it_is_gone() {
    let tool = r#"{"type":"function","function":{"name":"f"}}"#;
    let body = |model: &str, more: &str, count: usize| {
        let tools = vec![tool; count].join(",");
        format!(
            r#"{{"model":"{model}",{more}"tools":[{tools}],"messages":[{{"role":"user","content":"x"}}]}}"#
        )
    };
    let asked = body("a", r#""stop":"X","#, 130);
    let document = Document::parse(asked.as_bytes(), Limits::default()).unwrap();
    let ask = INBOUND.ask(&document).unwrap();
    let target = Target { model: "gpt-5", max_output_tokens: 9 };
    let change = INBOUND.change((&document, &ask), &target, (true, false), &edits(&document, &ask));
    let sent = splice(asked.as_bytes(), &change.edits, "\"gpt-5\"", None).unwrap();
    assert_eq!(String::from_utf8(sent).unwrap(), body("gpt-5", "", 128));
    assert_eq!(change.left_out, ["stop", "tools"]);
}

/// Where a model's answers have a price, none is served sooner for more.
#[test]
fn what_costs_more_is_left_out_where_somebody_pays() {
    let body = |model: &str, tier: &str| {
        format!(
            r#"{{"n":1{tier},"top_k":4,"model":"{model}","messages":[{{"role":"user","content":"x"}}]}}"#
        )
    };
    let tier = |word: &str| format!(r#","service_tier":"{word}""#);
    for (model, word, is_priced, goes) in [
        ("my-finetune", "priority", true, true),
        ("my-finetune", "priority", false, false),
        ("my-finetune", "flex", true, false),
        ("my-finetune", "auto", true, false),
        ("my-finetune", "default", true, false),
        ("my-finetune", "sooner", true, true),
    ] {
        let asked = body("a", &tier(word));
        let document = Document::parse(asked.as_bytes(), Limits::default()).unwrap();
        let ask = INBOUND.ask(&document).unwrap();
        let target = Target { model, max_output_tokens: 9 };
        let common = edits(&document, &ask);
        let change = INBOUND.change((&document, &ask), &target, (false, is_priced), &common);
        let sent = splice(asked.as_bytes(), &change.edits, &format!("\"{model}\""), None).unwrap();
        let kept = if goes { String::new() } else { tier(word) };
        assert_eq!(String::from_utf8(sent).unwrap(), body(model, &kept), "{word}");
        assert_eq!(change.left_out.iter().any(|own| own == "service_tier"), goes, "{word}");
    }
    // With what the model does not take, in one place.
    let asked = body("a", &tier("priority"));
    let document = Document::parse(asked.as_bytes(), Limits::default()).unwrap();
    let ask = INBOUND.ask(&document).unwrap();
    let target = Target { model: "gpt-4o", max_output_tokens: 9 };
    let common = edits(&document, &ask);
    let change = INBOUND.change((&document, &ask), &target, (false, true), &common);
    let sent = splice(asked.as_bytes(), &change.edits, "\"gpt-4o\"", None).unwrap();
    let sent = String::from_utf8(sent).unwrap();
    assert_eq!(sent, body("gpt-4o", "").replace(r#","top_k":4"#, ""));
    assert_eq!(change.left_out, ["top_k", "service_tier"]);
}
