//! What an app's request is read as, and what is wrong with those that are refused.
use super::ask;
use crate::dialect::{Ask, Block, Image, ResponseFormat, Role};

/// A body with the fields that every request needs, and some more.
fn body(more: &str) -> String {
    format!(
        r#"{{"model":"auto","max_tokens":9,"messages":[{{"role":"user","content":"hi"}}]{more}}}"#
    )
}

fn of_messages(messages: &str) -> String {
    format!(r#"{{"model":"auto","max_tokens":9,"messages":{messages}}}"#)
}

/// Blocks as one line, for comparing.
fn blocks(blocks: &[Block<'_>]) -> String {
    let lines: Vec<String> = blocks.iter().map(block).collect();
    lines.join(" | ")
}

fn block(block: &Block<'_>) -> String {
    match block {
        Block::Text(text) => format!("text {text}"),
        Block::Image(Image::Url(url)) => format!("url {url}"),
        Block::Image(Image::Base64 { media_type, data }) => format!("image {media_type} {data}"),
        Block::ToolCall { id, name, arguments } => format!("call {id} {name} {arguments}"),
        Block::ToolResult { id, name, content, failed } => {
            format!("result {id} {name} {failed} ({})", blocks(content))
        }
        Block::Reasoning(text) => format!("reasoning {text}"),
        Block::Refusal(text) => format!("refusal {text}"),
        Block::File(file) => format!("file {:?}", file.source),
    }
}

fn turns(ask: &Ask<'_>) -> Vec<String> {
    let line = |role: Role, said: &[Block<'_>]| {
        format!("{}: {}", if role == Role::User { "user" } else { "assistant" }, blocks(said))
    };
    ask.turns.iter().map(|turn| line(turn.role, &turn.blocks)).collect()
}

/// Whole bodies, and the field at fault.
const BODIES: &[(&str, &str)] = &[
    ("[]", ""),
    (r#"{"max_tokens":9,"messages":[]}"#, "model"),
    (r#"{"model":7,"max_tokens":9,"messages":[]}"#, "model"),
    (r#"{"model":"a","messages":[]}"#, "max_tokens"),
    (r#"{"model":"a","max_tokens":1.5,"messages":[]}"#, "max_tokens"),
    (r#"{"model":"a","max_tokens":"9","messages":[]}"#, "max_tokens"),
    (r#"{"model":"a","max_tokens":9}"#, "messages"),
    (r#"{"model":"a","max_tokens":9,"messages":null}"#, "messages"),
    (r#"{"model":"a","max_tokens":9,"messages":[]}"#, "messages"),
    (r#"{"model":"a","max_tokens":9,"messages":{}}"#, "messages"),
];

/// Values of `messages`, and the field at fault after `messages`.
const MESSAGES: &[(&str, &str)] = &[
    ("[7]", "[0]"),
    (r#"[{"content":"x"}]"#, "[0].role"),
    (r#"[{"role":"tool","content":"x"}]"#, "[0].role"),
    (r#"[{"role":"user"}]"#, "[0].content"),
    (r#"[{"role":"user","content":7}]"#, "[0].content"),
    (
        r#"[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"user","content":
            [{"type":"image","source":{"type":"base64","media_type":"image/png"}}]}]"#,
        "[2].content[0].source.data",
    ),
];

/// The one block of a user's message, and the field at fault after it.
const USER_BLOCKS: &[(&str, &str)] = &[
    (r#""x""#, ""),
    ("{}", ".type"),
    (r#"{"type":"text"}"#, ".text"),
    (r#"{"type":"image"}"#, ".source"),
    (r#"{"type":"tool_use","id":"a","name":"f","input":{}}"#, ".type"),
    (r#"{"type":"thinking","thinking":"x","signature":"s"}"#, ".type"),
    (r#"{"type":"tool_result"}"#, ".tool_use_id"),
    (r#"{"type":"tool_result","tool_use_id":"a","is_error":1}"#, ".is_error"),
    (r#"{"type":"tool_result","tool_use_id":"a","content":[{"type":"text"}]}"#, ".content[0].text"),
];

/// The one block of an assistant's message, and the field at fault after it.
const ASSISTANT_BLOCKS: &[(&str, &str)] = &[
    (r#"{"type":"tool_use","id":"a","name":"f","input":"{}"}"#, ".input"),
    (r#"{"type":"tool_use","id":"a","input":{}}"#, ".name"),
    (r#"{"type":"tool_result","tool_use_id":"a"}"#, ".type"),
    (r#"{"type":"thinking"}"#, ".thinking"),
];

/// A field beside those that every request needs, and the field at fault.
const FIELDS: &[(&str, &str)] = &[
    (r#","system":7"#, "system"),
    (r#","system":[{"type":"image"}]"#, "system[0].type"),
    (r#","stream":"yes""#, "stream"),
    (r#","temperature":1.1"#, "temperature"),
    (r#","temperature":1e999"#, "temperature"),
    (r#","top_p":-0.1"#, "top_p"),
    (r#","top_k":1.5"#, "top_k"),
    (r#","stop_sequences":"x""#, "stop_sequences"),
    (r#","stop_sequences":["x",7]"#, "stop_sequences[1]"),
    (r#","tools":{}"#, "tools"),
    (r#","tools":[{"name":"f"}]"#, "tools[0].input_schema"),
    (r#","tools":[{"input_schema":{}}]"#, "tools[0].name"),
    (r#","tools":[{"name":"f","input_schema":{},"strict":1}]"#, "tools[0].strict"),
    (r#","tool_choice":"auto""#, "tool_choice"),
    (r#","tool_choice":{"type":"tool"}"#, "tool_choice.name"),
    (r#","thinking":{"type":7}"#, "thinking.type"),
    (r#","thinking":{"type":"enabled"}"#, "thinking.budget_tokens"),
    (r#","thinking":{"type":"enabled","budget_tokens":1023}"#, "thinking.budget_tokens"),
    (r#","output_config":{"effort":3}"#, "output_config.effort"),
    (r#","output_config":{"format":{}}"#, "output_config.format.type"),
    (r#","output_config":{"format":{"type":"json_schema"}}"#, "output_config.format.schema"),
    (r#","metadata":{"user_id":7}"#, "metadata.user_id"),
];

/// A message of one block.
fn of_block(role: &str, block: &str) -> String {
    of_messages(&format!(r#"[{{"role":"{role}","content":[{block}]}}]"#))
}

fn refused(body: &str, path: &str) {
    let fault = ask(body, |ask| ask.unwrap_err());
    assert_eq!(fault.param.as_deref().unwrap_or_default(), path, "{body}");
    assert_eq!(fault.status, 400, "{body}");
    assert!(fault.message.contains(path), "{}", fault.message);
}

#[test]
fn names_the_field_that_is_missing_or_wrong() {
    BODIES.iter().for_each(|(body, path)| refused(body, path));
    FIELDS.iter().for_each(|(more, path)| refused(&body(more), path));
    for (messages, path) in MESSAGES {
        refused(&of_messages(messages), &format!("messages{path}"));
    }
    for (role, blocks) in [("user", USER_BLOCKS), ("assistant", ASSISTANT_BLOCKS)] {
        for (block, path) in blocks {
            refused(&of_block(role, block), &format!("messages[0].content[0]{path}"));
        }
    }
}

/// A field beside those that every request needs, what is passed through only and what is
/// best effort.
const NOTED_FIELDS: &[(&str, &str, &str)] = &[
    ("", "", ""),
    (r#","container":null,"mcp_servers":[],"context_management":{},"metadata":{}"#, "", ""),
    (r#","service_tier":"auto","thinking":{"type":"disabled"}"#, "", ""),
    (r#","tool_choice":{"type":"auto"},"stop_sequences":[]"#, "", ""),
    (r#","service_tier":"standard_only","metadata":{"team":"x"}"#, "", "service_tier metadata"),
    (r#","container":"c","mcp_servers":[{}],"new":0"#, "container mcp_servers new", ""),
    (r#","cache_control":{"type":"ephemeral"}"#, "", "cache_control"),
    (r#","speed":"fast","diagnostics":{"x":1}"#, "", "speed diagnostics"),
    (r#","context_management":{"edits":[{"type":"x"}]}"#, "", "context_management"),
    (
        r#","thinking":{"type":"between_tools"},"tool_choice":{"type":"new"}"#,
        "tool_choice",
        "thinking",
    ),
    (r#","output_config":{"effort":"huge"}"#, "", "output_config.effort"),
    (r#","output_config":{"format":{"type":"new"}}"#, "output_config.format", ""),
    (r#","system":[{"type":"text","text":"x","cache_control":{}}]"#, "", "cache_control"),
    (r#","tools":[{"type":"web_search_20250305","name":"web_search"}]"#, "tools[0]", ""),
    (
        r#","tools":[{"name":"f","input_schema":{},"defer_loading":true,"type":"custom",
            "allowed_callers":["direct"],"input_examples":[{}]}]"#,
        "",
        "tools[].defer_loading tools[].input_examples",
    ),
    (r#","tools":[{"name":"f","defer_loading":true}]"#, "", "tools[].defer_loading"),
    (
        r#","output_config":{"effort":"low","task_budget":{"total":1}}"#,
        "",
        "output_config.task_budget",
    ),
    (
        r#","thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted"},
            "output_config":{"effort":"low"}"#,
        "",
        "output_config.effort thinking.display",
    ),
];

/// The one block of a user's message, and what is passed through only of it, after the block's own
/// path.
const NOTED_BLOCKS: &[(&str, &str)] = &[
    (r#"{"type":"document","source":{"type":"base64","media_type":"text/csv","data":""}}"#, ""),
    (r#"{"type":"document","source":{"type":"file","file_id":"f"}}"#, ".source"),
    (
        r#"{"type":"document","source":{"type":"text","data":"x"},"citations":{"enabled":true}}"#,
        ".citations",
    ),
    (r#"{"type":"search_result","source":"x","title":"y","content":[]}"#, ""),
    (r#"{"type":"image","source":{"type":"file","file_id":"f"}}"#, ".source"),
    (r#"{"type":"text","text":"x","citations":[{}]}"#, ".citations"),
    (r#"{"type":"tool_result","tool_use_id":"a","content":[{"type":"new"}]}"#, ".content[0]"),
];

fn noted(body: &str, passthrough_only: &str, best_effort: &str) {
    ask(body, |ask| {
        let ask = ask.unwrap();
        assert_eq!(
            (&*ask.passthrough_only.join(" "), &*ask.best_effort.join(" ")),
            (passthrough_only, best_effort),
            "{body}"
        );
    });
}

#[test]
fn notes_what_only_this_dialect_can_say_and_what_only_advises() {
    for (more, passthrough_only, best_effort) in NOTED_FIELDS {
        noted(&body(more), passthrough_only, best_effort);
    }
    for (block, path) in NOTED_BLOCKS {
        noted(&of_block("user", block), &format!("messages[0].content[0]{path}"), "");
    }
    let prefill = r#"[{"role":"user","content":"x"},{"role":"assistant","content":"It is"}]"#;
    noted(&of_messages(prefill), "messages[1]", "");
    noted(&body(r#","max_tokens":0"#), "max_tokens", "");
}

#[test]
fn reads_a_conversation_into_turns() {
    let messages = r#"[
        {"role":"user","content":"look"},
        {"role":"user","content":[{"type":"text","text":"h\u00e9"},
            {"type":"image","source":{"type":"url","url":"https://x/y.png"}},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aGk="}}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
            {"type":"redacted_thinking","data":"zz"},{"type":"text","text":"ok"},
            {"type":"tool_use","id":"a","name":"f","input":{"n": 1.0}},
            {"type":"tool_use","id":"b","name":"g","input":{}}]},
        {"role":"user","content":[{"type":"text","text":"there"},
            {"type":"tool_result","tool_use_id":"b","is_error":true,"content":"no"},
            {"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"1"},{"type":
                "image","source":{"type":"base64","media_type":"image/gif","data":"AA=="}}]},
            {"type":"tool_result","tool_use_id":"c"}]},
        {"role":"system","content":"be brief"},
        {"role":"user","content":"go"}
    ]"#;
    ask(&of_messages(messages), |ask| {
        let ask = ask.unwrap();
        let expected = [
            "user: text look | text hé | url https://x/y.png | image image/png aGk=",
            r#"assistant: reasoning hm | text ok | call a f {"n": 1.0} | call b g {}"#,
            "user: result b g true (text no) | result a f false (text 1 | image image/gif AA==) \
             | result c  false () | text there | text go",
        ];
        assert_eq!(turns(&ask), expected);
        assert_eq!((ask.messages, ask.system.join("/")), (6, "be brief".to_owned()));
        assert!(ask.passthrough_only.is_empty() && ask.best_effort.is_empty());
    });
}

#[test]
fn reads_options() {
    let more = r#","stream":true,"system":[{"type":"text","text":"a"},{"type":"text","text":"b"}],
        "temperature":0.50,"top_p":1,"top_k":5,"stop_sequences":["END"],"metadata":{"user_id":"u"},
        "tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true}],
        "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},
        "thinking":{"type":"adaptive"},
        "output_config":{"effort":"xhigh","format":
            {"type":"json_schema","schema":{"type":"object"}}},
        "max_tokens":77"#;
    ask(&body(more), |ask| {
        let ask = ask.unwrap();
        assert!(ask.stream && ask.stream_usage);
        assert_eq!(ask.system, ["a", "b"]);
        assert_eq!(ask.max_tokens.unwrap().value, 77, "the last of equal keys counts");
        assert_eq!(ask.temperature.unwrap().value.text, "0.50");
        assert_eq!((ask.top_p.unwrap().field, ask.top_k.unwrap().value.text), ("top_p", "5"));
        assert_eq!(ask.stop.unwrap().value, ["END"]);
        assert_eq!(ask.user.unwrap().value, "u");
        let tool = &ask.tools[0];
        assert_eq!(
            (&*tool.name, tool.schema, tool.strict),
            ("f", Some(r#"{"type":"object"}"#), Some(true))
        );
        assert_eq!(format!("{:?}", ask.tool_choice.unwrap().value), "Named(\"f\")");
        assert!(!ask.parallel_tools.unwrap().value);
        let reasoning = ask.reasoning.unwrap();
        assert_eq!(
            (format!("{:?}", reasoning.value), reasoning.field),
            ("Effort(Max)".into(), "output_config.effort")
        );
        let format = ask.format.unwrap();
        assert!(matches!(
            format.value,
            ResponseFormat::JsonSchema { schema: r#"{"type":"object"}"#, .. }
        ));
        assert!(ask.passthrough_only.is_empty() && ask.best_effort.is_empty());
    });
}

#[test]
fn many_results_and_texts_in_turns_stay_quick() {
    let pair =
        r#"{"type":"text","text":"x"},{"type":"tool_result","tool_use_id":"a","content":"y"}"#;
    let content = vec![pair; 20_000].join(",");
    let body = of_messages(&format!(r#"[{{"role":"user","content":[{content}]}}]"#));
    ask(&body, |ask| {
        let ask = ask.unwrap();
        let results = |block: &&Block<'_>| matches!(block, Block::ToolResult { .. });
        assert_eq!(ask.turns[0].blocks.iter().take_while(results).count(), 20_000);
    });
}
