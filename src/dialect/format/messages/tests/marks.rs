//! Where a request is marked for Anthropic's cache.
use super::{FORMAT, INBOUND, parse};
use crate::dialect::{CacheMarks, Target, splice};

const MARK: &str = r#""cache_control":{"type":"ephemeral"}"#;
const ALL: CacheMarks = CacheMarks { hour: false, turns: true };
const SHORT: &str = r#"{"role":"user","content":"x"}"#;

/// The body with its marks, as a provider of this format is sent an app's own.
fn marked(body: &str, marks: CacheMarks, model: &str) -> String {
    let document = parse(body);
    let ask = INBOUND.ask(&document).unwrap();
    let target = Target { model, max_output_tokens: 99 };
    let common = (INBOUND.edits)(&document, &ask);
    let change = INBOUND.change((&document, &ask), &target, (false, false), &common);
    let edits = INBOUND.marked(&document, change.edits, Some(marks));
    assert!(edits.iter().zip(edits.iter().skip(1)).all(|(one, next)| one.at.end <= next.at.start));
    let sent = splice(body.as_bytes(), &edits, "\"m\"", None).unwrap();
    let sent = String::from_utf8(sent).unwrap();
    let document = parse(&sent);
    INBOUND.ask(&document).unwrap();
    let count = sent.matches(r#""cache_control""#).count();
    assert!(count <= 4, "{count} marks in {sent}");
    sent
}

fn body(messages: &str, rest: &str) -> String {
    format!(r#"{{"model":"a","max_tokens":9{rest},"messages":[{messages}]}}"#)
}

/// The messages with their marks.
fn turns(messages: &str) -> String {
    let sent = marked(&body(messages, ""), ALL, "claude-sonnet-5-5");
    let (_, own) = sent.split_once(r#""messages":["#).unwrap();
    own.strip_suffix("]}").unwrap().replace(MARK, "MARK")
}

#[test]
fn the_last_turn_of_the_user_and_the_one_before_it_are_marked() {
    let text = |text: &str| format!(r#"{{"type":"text","text":"{text}"}}"#);
    let marked = |text: &str| format!(r#"{{MARK,"type":"text","text":"{text}"}}"#);
    let said = |role: &str, content: &str| format!(r#"{{"role":"{role}","content":{content}}}"#);
    let user = |content: &str| said("user", content);
    let call = said("assistant", r#"[{"type":"tool_use","id":"a","name":"f","input":{}}]"#);
    let result = |more: &str| format!(r#"{{{more}"type":"tool_result","tool_use_id":"a"}}"#);
    let image = |more: &str| {
        format!(
            r#"{{{more}"type":"image","source":{{"type":"url","url":"https://a.test/a.png"}}}}"#
        )
    };
    let alone = |own: &str| user(&format!(r#"[{{"type":"text","text":"{own}",MARK}}]"#));
    let strange = r#"{"type":"container_upload","file_id":"f"}"#;
    let thought = r#"{"type":"thinking","thinking":"hm","signature":"Eqo="}"#;
    for (before, after) in [
        // A text becomes a block, as it stands.
        (user(r#""\u00e9""#), alone(r"\u00e9")),
        (
            [user(r#""a""#), said("assistant", r#""b""#), user(r#""c""#)].join(","),
            [alone("a"), said("assistant", r#""b""#), alone("c")].join(","),
        ),
        // The block that ends the turn, of those that may be marked.
        (
            user(&format!("[{},{}]", text("a"), text("b"))),
            user(&format!("[{},{}]", text("a"), marked("b"))),
        ),
        (
            user(&format!("[{},{}]", text("a"), image(""))),
            user(&format!("[{},{}]", text("a"), image("MARK,"))),
        ),
        (
            user(&format!("[{},{strange}]", text("a"))),
            user(&format!("[{},{strange}]", marked("a"))),
        ),
        // Calls and their results: the turn before them was the last one of the request before.
        (
            [user(r#""a""#), call.clone(), user(&format!("[{}]", result("")))].join(","),
            [alone("a"), call.clone(), user(&format!("[{}]", result("MARK,")))].join(","),
        ),
        // Two messages of one turn are one turn.
        (
            [user(r#""a""#), call.clone(), user(&format!("[{}]", result(""))), user(r#""b""#)]
                .join(","),
            [alone("a"), call, user(&format!("[{}]", result(""))), alone("b")].join(","),
        ),
        // A turn of nothing that may be marked is passed over.
        (
            [user(r#""a""#), said("assistant", r#""b""#), user(&format!("[{strange}]"))].join(","),
            [alone("a"), said("assistant", r#""b""#), user(&format!("[{strange}]"))].join(","),
        ),
        // Instructions among the messages are no turn, and thoughts are never marked.
        (
            [user(r#""a""#), said("assistant", &format!("[{thought},{}]", text("b")))].join(","),
            [alone("a"), said("assistant", &format!("[{thought},{}]", text("b")))].join(","),
        ),
        ([user(r#""a""#), said("system", r#""s""#)].join(","), {
            [alone("a"), said("system", r#""s""#)].join(",")
        }),
    ] {
        assert_eq!(turns(&before), after);
    }
}

#[test]
fn functions_and_instructions_are_marked_where_they_end() {
    let tools = |tools: &str| format!(r#","tools":[{tools}]"#);
    let tool = |name: &str, more: &str| format!(r#"{{"name":"{name}","input_schema":{{}}{more}}}"#);
    let marked_tool = |name: &str| format!(r#"{{MARK,"name":"{name}","input_schema":{{}}}}"#);
    let search = r#"{"type":"web_search_20250305","name":"web_search"}"#;
    let late = tool("late", r#","defer_loading":true"#);
    let blocks = r#","system":[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#;
    let before = r#","system":[{"type":"text","text":"a"},{MARK,"type":"text","text":"b"}]"#;
    for (rest, after) in [
        (
            r#","system":"a""#.to_owned(),
            r#","system":[{"type":"text","text":"a",MARK}]"#.to_owned(),
        ),
        (r#","system":" ""#.to_owned(), r#","system":" ""#.to_owned()),
        (r#","system":[]"#.to_owned(), r#","system":[]"#.to_owned()),
        (r#","system":null"#.to_owned(), r#","system":null"#.to_owned()),
        (blocks.to_owned(), before.to_owned()),
        (
            tools(&[tool("a", ""), tool("b", "")].join(",")),
            tools(&[tool("a", ""), marked_tool("b")].join(",")),
        ),
        // Anthropic refuses a mark of a tool that waits to be found.
        (
            tools(&[tool("a", ""), late.clone(), search.to_owned()].join(",")),
            tools(&[marked_tool("a"), late.clone(), search.to_owned()].join(",")),
        ),
        (tools(&late), tools(&late)),
    ] {
        let only = CacheMarks { turns: false, ..ALL };
        let sent = marked(&body(SHORT, &rest), only, "claude-sonnet-5-5");
        let expected =
            body(SHORT, &after).replace("MARK", MARK).replace(r#""a","max"#, r#""m","max"#);
        assert_eq!(sent, expected);
    }
    let hour = CacheMarks { hour: true, turns: false };
    let sent = marked(&body(SHORT, r#","system":"a""#), hour, "claude-sonnet-5-5");
    assert!(sent.contains(r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#), "{sent}");
}

/// Where something else changes, the change goes and the mark does not.
#[test]
fn a_mark_never_stands_in_the_way_of_what_a_model_needs() {
    // This one takes no instructions among the messages: they are lifted to the others.
    let old = "claude-haiku-4-5";
    let lifted = [
        SHORT,
        r#"{"role":"assistant","content":"y"}"#,
        r#"{"role":"system","content":"later"}"#,
        r#"{"role":"user","content":[{"type":"text","text":"z"},{"type":"mid_conv_system","content":[{"type":"text","text":"now"}]}]}"#,
    ];
    let messages = lifted.join(",");
    let told = r#"{"type":"text","text":"later"},{"type":"text","text":"now"}"#;
    for (system, expected) in [
        ("", format!(r#""system":[{told}],"#)),
        (r#","system":"s""#, format!(r#""system":[{{"type":"text","text":"s"}},{told}]"#)),
        (
            r#","system":[{"type":"text","text":"s"}]"#,
            format!(r#""system":[{{{MARK},"type":"text","text":"s"}},{told}]"#),
        ),
    ] {
        let sent = marked(&body(&messages, system), ALL, old);
        assert!(sent.contains(&expected), "{sent}");
        assert!(sent.contains(&format!(r#"{{{MARK},"type":"text","text":"z"}}"#)), "{sent}");
    }
    // What is said of a function otherwise is said within it.
    let strict = r#","tools":[{"strict":true,"name":"f","input_schema":{}}]"#;
    let document = body(SHORT, strict);
    let document = parse(&document);
    let ask = INBOUND.ask(&document).unwrap();
    let target = Target { model: "claude-sonnet-4-20250514", max_output_tokens: 9 };
    let change = INBOUND.change((&document, &ask), &target, (true, false), &[]);
    let edits = INBOUND.marked(&document, change.edits, Some(ALL));
    let sent = splice(document.text().as_bytes(), &edits, "", None).unwrap();
    let sent = String::from_utf8(sent).unwrap();
    assert!(sent.contains(&format!(r#"[{{{MARK},"name":"f","input_schema":{{}}}}]"#)), "{sent}");
}

#[test]
fn marks_of_an_apps_own_are_seen_wherever_they_stand() {
    let marking = FORMAT.marking.unwrap();
    let is_marked = |text: &str| (marking.is_marked)(parse(text).root());
    let block = format!(r#"{{"type":"text","text":"x",{MARK}}}"#);
    let nested = format!(r#"{{"type":"tool_result","tool_use_id":"a","content":[{block}]}}"#);
    let of = |block: &str| body(&format!(r#"{{"role":"user","content":[{block}]}}"#), "");
    let own = [
        body(SHORT, &format!(",{MARK}")),
        body(SHORT, &format!(r#","system":[{block}]"#)),
        body(SHORT, &format!(r#","tools":[{{"type":"web_search_20250305",{MARK}}}]"#)),
        of(&block),
        of(&nested),
    ];
    for marked in own {
        assert!(is_marked(&marked), "{marked}");
        // The word alone is none, nor is a mark that was taken back.
        assert!(!is_marked(&marked.replace(MARK, r#""cache_control":null"#)), "{marked}");
    }
    assert!(!is_marked(&body(r#"{"role":"user","content":"\"cache_control\":{}"}"#, "")));
}

#[test]
fn a_body_that_is_written_anew_is_marked_like_an_apps_own() {
    let written = body(SHORT, r#","system":[{"type":"text","text":"a"}]"#);
    let expected = marked(&written, ALL, "claude-sonnet-5-5").replace(r#""m","max"#, r#""a","max"#);
    let sent = FORMAT.marked(written.clone().into_bytes(), Some(ALL));
    assert_eq!(String::from_utf8(sent).unwrap(), expected);
    assert_eq!(FORMAT.marked(written.clone().into_bytes(), None), written.into_bytes());
    // What is no JSON stays as it is.
    assert_eq!(FORMAT.marked(b"{".to_vec(), Some(ALL)), b"{");
}
