//! What changes in a body between an app and a provider that both speak this format.
use super::{INBOUND, parse};
use crate::dialect::{Ask, Target, splice};

/// The body that a provider gets, whatever its model.
fn edited(body: &str) -> String {
    let document = parse(body);
    let edits = (INBOUND.edits)(&document, &Ask::default());
    String::from_utf8(splice(body.as_bytes(), &edits, "\"m\"", None).unwrap()).unwrap()
}

/// The body that a provider gets for a model with at most so many tokens of an answer, and what is
/// left out.
fn amended(body: &str, model: &str, most: u64) -> (String, Vec<String>) {
    let document = parse(body);
    let ask = INBOUND.ask(&document).unwrap();
    let target = Target { model, max_output_tokens: most };
    let change = INBOUND.change(
        (&document, &ask),
        &target,
        (false, false),
        &(INBOUND.edits)(&document, &ask),
    );
    let bound = ask.max_tokens.filter(|asked| asked.value > most).map(|_| most);
    let model = format!("\"{model}\"");
    let body = splice(body.as_bytes(), &change.edits, &model, bound).unwrap();
    let left_out = change.left_out.iter().map(ToString::to_string).collect();
    (String::from_utf8(body).unwrap(), left_out)
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
fn goes_on_without_a_budget_when_the_calls_came_without_signed_thoughts() {
    let result = r#"{"type":"tool_result","tool_use_id":"a","content":"1"}"#;
    let body = |first: &str, last: &str, thinking: &str, model: &str| {
        format!(
            r#"{{"max_tokens":4000,"thinking":{thinking},"model":"{model}","messages":[
                {{"role":"user","content":"x"}},
                {{"role":"assistant","content":[{first}{CALL}]}},
                {{"role":"user","content":[{last}]}}]}}"#
        )
    };
    let budget = r#"{"type":"enabled","budget_tokens":2048}"#;
    let adaptive = r#"{"type":"adaptive"}"#;
    let off = r#"{"type":"disabled"}"#;
    let (ours, theirs) = (format!("{OURS},"), format!("{THEIRS},"));
    let (old, new) = ("claude-sonnet-4-5", "claude-opus-4-8");
    // A model, thoughts before the call, what the app answers, thinking, and what is left of both.
    let table = [
        (old, &*ours, result, budget, "", off),
        (old, &*ours, HI, budget, "", budget),
        (new, &*ours, result, adaptive, "", adaptive),
        (old, &*ours, result, adaptive, "", off),
        (old, &*theirs, result, budget, &*theirs, budget),
        (old, "", result, budget, "", off),
        (old, "", result, off, "", off),
        // Of a name that nobody knows, only what holds for all of Anthropic's.
        ("my-finetune", "", result, budget, "", off),
        ("my-finetune", "", result, adaptive, "", adaptive),
    ];
    for (model, first, last, thinking, kept, left) in table {
        let (sent, left_out) = amended(&body(first, last, thinking, "a"), model, 8000);
        assert_eq!(sent, body(kept, last, left, model));
        assert_eq!(left_out, if thinking == left { vec![] } else { vec!["thinking"] }, "{sent}");
    }
}

#[test]
fn thoughts_before_the_first_of_ones_own_calls_are_enough() {
    let messages = |thought: &str, id: &str| {
        format!(
            r#"{{"model":"a","max_tokens":4000,"thinking":{{"type":"enabled","budget_tokens":2000}},
            "messages":[{{"role":"user","content":"x"}},
            {{"role":"assistant","content":[{thought}{{"type":"tool_use","id":"toolu_1","name":"f","input":{{}}}}]}},
            {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"toolu_1"}}]}},
            {{"role":"assistant","content":[{{"type":"tool_use","id":"{id}","name":"f","input":{{}}}}]}},
            {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"{id}"}}]}}]}}"#
        )
    };
    let theirs = format!("{THEIRS},");
    let table = [(&*theirs, "toolu_2", true), (&*theirs, "call_2", false), ("", "toolu_2", false)];
    for (thought, id, thinks) in table {
        let (sent, left_out) = amended(&messages(thought, id), "claude-sonnet-4-5", 8000);
        assert_eq!(sent.contains("budget_tokens"), thinks, "{sent}");
        assert_eq!(left_out.is_empty(), thinks, "{left_out:?}");
    }
}

const SONNET_4_5: &str = "claude-sonnet-4-5";
const OPUS_4_6: &str = "anthropic/claude-opus-4.6";
const OPUS_4_8: &str = "us.anthropic.claude-opus-4-8-20260101-v1:0";
const SONNET_5_5: &str = "claude-sonnet-5-5";
const HAIKU_5_5: &str = "claude-haiku-5-5-20261001";
const OTHER: &str = "my-finetune";

/// A model with the most tokens of its answers, what an app has written and what is sent, each
/// beside the model and one message, and the fields that are named.
type Row = (&'static str, u64, String, String, &'static [&'static str]);

fn enabled(most: u64, budget: u64) -> String {
    format!(r#""max_tokens":{most},"thinking":{{"type":"enabled","budget_tokens":{budget}}}"#)
}

fn off(most: u64) -> String {
    format!(r#""max_tokens":{most},"thinking":{{"type":"disabled"}}"#)
}

fn said(text: &str) -> String {
    text.to_owned()
}

const ADAPTIVE: &str = r#""max_tokens":4000,"thinking":{"type":"adaptive"}"#;
const ADAPTIVE_SHOWN: &str =
    r#""max_tokens":4000,"thinking":{"type":"adaptive","display":"summarized"}"#;
const SAMPLERS: &str = r#""max_tokens":9,"temperature":0,"top_p":0.5,"top_k":4"#;

fn thoughts() -> Vec<Row> {
    vec![
        (SONNET_4_5, 8000, said(ADAPTIVE), enabled(4000, 3000), &[]),
        (OPUS_4_6, 8000, said(ADAPTIVE), said(ADAPTIVE), &[]),
        (OTHER, 8000, said(ADAPTIVE), said(ADAPTIVE), &[]),
        (
            SONNET_4_5,
            8000,
            said(r#""max_tokens":1000,"thinking":{"type":"adaptive"}"#),
            off(1000),
            &["thinking"],
        ),
        (OPUS_4_6, 8000, enabled(4000, 2000), enabled(4000, 2000), &[]),
        (
            OPUS_4_8,
            8000,
            enabled(4000, 2000),
            said(
                r#""output_config":{"effort":"low"},"max_tokens":4000,"thinking":{"type":"adaptive","display":"summarized"}"#,
            ),
            &[],
        ),
        // Budgets stay within an answer that is shortened, and may be more than one that is not.
        (SONNET_4_5, 8000, enabled(4000, 3999), enabled(4000, 3999), &[]),
        (SONNET_4_5, 8000, enabled(4000, 9000), enabled(4000, 9000), &[]),
        (SONNET_4_5, 8000, enabled(64_000, 31_999), enabled(8000, 6000), &[]),
        (SONNET_4_5, 8000, enabled(64_000, 7999), enabled(8000, 7999), &[]),
        (OTHER, 8000, enabled(64_000, 31_999), enabled(8000, 6000), &[]),
        (SONNET_4_5, 1200, enabled(64_000, 31_999), off(1200), &["thinking"]),
        (OTHER, 1200, enabled(64_000, 31_999), off(1200), &["thinking"]),
        (SONNET_4_5, 1200, enabled(64_000, 1024), enabled(1200, 1024), &[]),
        // What cannot be turned off.
        (SONNET_5_5, 8000, off(9), said(r#""max_tokens":9"#), &["thinking"]),
        (HAIKU_5_5, 8000, off(9), off(9), &[]),
        (SONNET_4_5, 8000, off(9), off(9), &[]),
    ]
}

fn sampling_and_effort() -> Vec<Row> {
    vec![
        // Sampling.
        (
            SONNET_4_5,
            8000,
            said(SAMPLERS),
            said(r#""max_tokens":9,"temperature":0,"top_k":4"#),
            &["top_p"],
        ),
        (
            OPUS_4_8,
            8000,
            said(SAMPLERS),
            said(r#""max_tokens":9"#),
            &["temperature", "top_p", "top_k"],
        ),
        (OPUS_4_8, 8000, said(r#""temperature":1,"max_tokens":9"#), said(r#""max_tokens":9"#), &[]),
        (OTHER, 8000, said(SAMPLERS), said(SAMPLERS), &[]),
        // Effort.
        (
            SONNET_4_5,
            8000,
            said(
                r#""max_tokens":4000,"output_config":{"effort":"low"},"thinking":{"type":"adaptive"}"#,
            ),
            enabled(4000, 3000),
            &[],
        ),
        (
            SONNET_4_5,
            8000,
            said(r#""output_config":{"effort":"low"},"temperature":0.5,"max_tokens":9"#),
            said(r#""temperature":0.5,"max_tokens":9"#),
            &["output_config.effort"],
        ),
        (
            OPUS_4_6,
            8000,
            said(r#""output_config":{"effort":"xhigh"},"max_tokens":9"#),
            said(r#""output_config":{"effort":"max"},"max_tokens":9"#),
            &[],
        ),
        (
            OPUS_4_8,
            8000,
            said(r#""output_config":{"effort":"xhigh"},"max_tokens":9"#),
            said(r#""output_config":{"effort":"xhigh"},"max_tokens":9"#),
            &[],
        ),
        // A null is no effort, and its place is taken.
        (
            OPUS_4_8,
            8000,
            said(&format!(r#"{},"output_config":{{"effort":null}}"#, enabled(4000, 2000))),
            said(&format!(r#"{ADAPTIVE_SHOWN},"output_config":{{"effort":"low"}}"#)),
            &[],
        ),
    ]
}

#[test]
fn a_model_is_told_what_its_generation_takes() {
    let body = |said: &str, model: &str| {
        format!(r#"{{{said},"model":"{model}","messages":[{{"role":"user","content":"x"}}]}}"#)
    };
    for (model, most, asked, sent, left_out) in thoughts().into_iter().chain(sampling_and_effort())
    {
        let (found, named) = amended(&body(&asked, "a"), model, most);
        assert_eq!(found, body(&sent, model), "{asked}");
        assert_eq!(named, left_out, "{asked} {model}");
    }
}

#[test]
fn instructions_among_the_messages_go_to_the_others_where_a_model_takes_none_there() {
    let (x, y) = (r#"{"role":"user","content":"x"}"#, r#"{"role":"user","content":"y"}"#);
    let nice = r#"{"role":"system","content":"be nice"}"#;
    let brief = r#"{"type":"text","text":"be brief"}"#;
    let blocks = format!(r#"{{"role":"system","content":[{brief}]}}"#);
    let within = format!(
        r#"{{"role":"user","content":[{HI},{{"type":"mid_conv_system","content":[{brief}]}}]}}"#
    );
    let text = r#"{"type":"text","text":"be nice"}"#;
    let body = |system: &str, messages: &str| {
        format!(r#"{{{system}"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{messages}]}}"#)
    };
    let table = [
        (
            body("", &[x, nice, y].join(",")),
            body(&format!(r#""system":[{text}],"#), &[x, y].join(",")),
        ),
        (body("", &[x, nice].join(",")), body(&format!(r#""system":[{text}],"#), x)),
        (
            body(r#""system":"be good","#, &[x, nice, y, &blocks].join(",")),
            body(
                &format!(r#""system":[{{"type":"text","text":"be good"}},{text},{brief}],"#),
                &[x, y].join(","),
            ),
        ),
        (
            body(&format!(r#""system":[{brief}],"#), &[x, nice].join(",")),
            body(&format!(r#""system":[{brief},{text}],"#), x),
        ),
        (body(r#""system":[],"#, &[nice, x].join(",")), body(&format!(r#""system":[{text}],"#), x)),
        (
            body("", &within),
            body(
                &format!(r#""system":[{brief}],"#),
                &format!(r#"{{"role":"user","content":[{HI}]}}"#),
            ),
        ),
        (
            body("", nice),
            body(&format!(r#""system":[{text}],"#), r#"{"role":"user","content":"."}"#),
        ),
    ];
    for (before, after) in table {
        assert_eq!(amended(&before, "claude-sonnet-4-5", 99), (after, Vec::new()));
        for model in ["claude-opus-4-8", "my-finetune"] {
            let kept = before.replace("claude-sonnet-4-5", model);
            assert_eq!(amended(&before, model, 99), (kept, Vec::new()));
        }
    }
}

/// What stands last once the instructions are gone is not gone on with by a model that does not.
#[test]
fn instructions_after_the_assistant_leave_its_words_to_the_user() {
    let (x, i) = (r#"{"role":"user","content":"x"}"#, r#"{"role":"assistant","content":"I"}"#);
    let nice = r#"{"role":"system","content":"be nice"}"#;
    let text = r#"{"type":"text","text":"be nice"}"#;
    let go_on = r#"{"role":"user","content":"Continue."}"#;
    for (model, rest) in [
        ("claude-sonnet-4-5", format!("{x},{i}")),
        ("claude-sonnet-4-6", format!("{x},{i},{go_on}")),
    ] {
        let body = |system: &str, messages: &str| {
            format!(r#"{{{system}"model":"{model}","max_tokens":9,"messages":[{messages}]}}"#)
        };
        let (sent, _) = amended(&body("", &format!("{x},{i},{nice}")), model, 99);
        assert_eq!(sent, body(&format!(r#""system":[{text}],"#), &rest));
    }
}

/// Where a demand is dropped, it is the right tool that is no longer held to its schema.
#[test]
fn tools_of_a_server_are_not_counted_among_the_apps() {
    let body = |strict: &str| {
        format!(
            r#"{{"model":"claude-sonnet-4-20250514","max_tokens":9,"messages":[{{"role":"user","content":"x"}}],"tools":[{{"type":"web_search_20250305","name":"web_search"}},{{"name":"f","input_schema":{{}}{strict}}}]}}"#
        )
    };
    let (model, asked) = ("claude-sonnet-4-20250514", body(r#","strict":true"#));
    let document = parse(&asked);
    let ask = INBOUND.ask(&document).unwrap();
    let target = Target { model, max_output_tokens: 99 };
    let common = (INBOUND.edits)(&document, &ask);
    let change = INBOUND.change((&document, &ask), &target, (true, false), &common);
    let sent = splice(asked.as_bytes(), &change.edits, &format!("\"{model}\""), None).unwrap();
    assert_eq!(String::from_utf8(sent).unwrap(), body(""));
}

/// What a model does not take and an app demands: the model is passed over.
#[test]
fn what_a_model_cannot_do_is_no_advice() {
    let refused = |rest: &str, model: &str| {
        let body = format!(r#"{{"model":"a","max_tokens":9,{rest}}}"#);
        let document = parse(&body);
        let ask = INBOUND.ask(&document).unwrap();
        let target = Target { model, max_output_tokens: 99 };
        let mut fields = INBOUND.format.refused_by_model(&ask, &target);
        fields.retain(|field| !ask.is_best_effort(field));
        fields.into_iter().map(|field| field.field.into_owned()).collect::<Vec<_>>()
    };
    let messages = r#""messages":[{"role":"user","content":"x"}]"#;
    let prefill =
        r#""messages":[{"role":"user","content":"x"},{"role":"assistant","content":"I"}]"#;
    let tool =
        |more: &str| format!(r#"{messages},"tools":[{{"name":"f","input_schema":{{}}{more}}}]"#);
    let second = tool(r#","strict":true"#)
        .replace(r#""tools":["#, r#""tools":[{"type":"web_search_20250305","name":"web_search"},"#);
    let forced = tool("") + r#","tool_choice":{"type":"any"}"#;
    for (rest, model, expected) in [
        (prefill, "claude-sonnet-4-5", ""),
        (prefill, "claude-sonnet-4-6", "messages[1]"),
        (prefill, "my-finetune", ""),
        (&*forced, "claude-haiku-5-5", ""),
        (&*forced, "claude-sonnet-5-5", "tool_choice"),
        (&*tool(r#","strict":true"#), "claude-sonnet-4-5", ""),
        (&*tool(r#","strict":true"#), "claude-sonnet-4-20250514", "tools[0]"),
        (&*tool(r#","strict":true"#), "my-finetune", ""),
        // By its place among all that the app lists.
        (&*second, "claude-sonnet-4-20250514", "tools[1]"),
    ] {
        assert_eq!(refused(rest, model).join(","), expected, "{rest} {model}");
    }
}
