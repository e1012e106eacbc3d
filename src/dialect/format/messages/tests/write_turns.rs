//! The conversation a provider gets, and that it is read as the same.
use super::ask;
use super::write::{given, hello, say, tool, turn, write};
use crate::dialect::{Ask, Block, Image, Role, Tool};

fn messages(ask: &Ask<'_>, model: &str) -> String {
    let body = write(ask, model);
    let (_, rest) = body.split_once(r#""messages":"#).unwrap();
    rest.strip_suffix('}').unwrap().to_owned()
}

#[test]
fn writes_turns_that_the_api_takes() {
    use Role::{Assistant as A, User as U};
    let text = |text: &str| format!(r#"{{"type":"text","text":"{text}"}}"#);
    let user = |content: &str| format!(r#"{{"role":"user","content":[{content}]}}"#);
    let model = |content: &str| format!(r#"{{"role":"assistant","content":[{content}]}}"#);
    let table = [
        (vec![], vec![user(&text("."))]),
        (
            vec![turn(A, vec![say("hello")]), turn(U, vec![say("hi")])],
            vec![user(&text(".")), model(&text("hello")), user(&text("hi"))],
        ),
        (
            vec![
                turn(U, vec![say("a")]),
                turn(A, vec![Block::Reasoning("hm".into()), say(" ")]),
                turn(U, vec![say(""), say("b")]),
            ],
            vec![user(&format!("{},{}", text("a"), text("b")))],
        ),
        (
            vec![
                turn(U, vec![say("a")]),
                turn(A, vec![Block::Refusal("no".into())]),
                turn(U, vec![say("b")]),
            ],
            vec![user(&text("a")), model(&text("no")), user(&text("b"))],
        ),
    ];
    for (turns, expected) in table {
        let ask = Ask { turns, ..Ask::default() };
        assert_eq!(messages(&ask, "claude-x"), format!("[{}]", expected.join(",")));
    }
    let ask = Ask {
        turns: vec![turn(U, vec![say("a")]), turn(A, vec![say("It is ")])],
        ..Ask::default()
    };
    let prefill = format!("[{},{}]", user(&text("a")), model(&text("It is")));
    let asked =
        format!("[{},{},{}]", user(&text("a")), model(&text("It is ")), user(&text("Continue.")));
    assert_eq!(messages(&ask, "claude-sonnet-4-5"), prefill);
    assert_eq!(messages(&ask, "claude-opus-5"), asked, "later models refuse to be prefilled");
}

#[test]
fn writes_calls_and_results() {
    let call = |id: &'static str, arguments: &'static str| Block::ToolCall {
        id: id.into(),
        name: "f".into(),
        arguments: arguments.into(),
    };
    let png = Image::Base64 { media_type: "image/png".into(), data: "aGk=".into() };
    let result = |id: &'static str, content, failed| Block::ToolResult {
        id: id.into(),
        name: "f".into(),
        content,
        failed,
    };
    let mut ask = hello();
    let (mut calls, cut) = (vec![call("a", r#" {"n": 1.0} "#), call("b:1/é", "")], "{\"cut");
    calls.extend([call("", "[1]"), call("d", cut)]);
    ask.turns.push(turn(Role::Assistant, calls));
    ask.turns.push(turn(
        Role::User,
        vec![
            result("a", vec![say("1"), Block::Image(png)], false),
            result("b:1/é", vec![say("")], true),
            Block::Image(Image::Url("https://x/y".into())),
        ],
    ));
    let body = write(&ask, "claude-x");
    let expected = concat!(
        r#"{"role":"assistant","content":["#,
        r#"{"type":"tool_use","id":"a","name":"f","input":{"n": 1.0}},"#,
        r#"{"type":"tool_use","id":"b_1__","name":"f","input":{}},"#,
        r#"{"type":"tool_use","id":"call","name":"f","input":{"arguments":"[1]"}},"#,
        r#"{"type":"tool_use","id":"d","name":"f","input":{"arguments":"{\"cut"}}]},"#,
        r#"{"role":"user","content":["#,
        r#"{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"1"},"#,
        r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aGk="}}]},"#,
        r#"{"type":"tool_result","tool_use_id":"b_1__","is_error":true},"#,
        r#"{"type":"image","source":{"type":"url","url":"https://x/y"}}]}],"#,
        r#""tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"none"}}"#,
    );
    assert!(body.ends_with(expected), "{body}");
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let mut first = hello();
    first.model = "claude-x".into();
    first.max_tokens = given(9, "max_tokens");
    first.tools = vec![Tool { schema: Some(r#"{"type":"object"}"#), ..tool("f") }];
    first.turns.push(turn(
        Role::Assistant,
        vec![
            say("ok"),
            Block::ToolCall { id: "a".into(), name: "f".into(), arguments: "{}".into() },
        ],
    ));
    let result = Block::ToolResult {
        id: "a".into(),
        name: "f".into(),
        content: vec![say("1")],
        failed: true,
    };
    first.turns.push(turn(Role::User, vec![result]));
    let body = write(&first, "claude-x");
    ask(&body, |second| {
        let second = second.unwrap();
        assert_eq!(format!("{:?}", second.turns), format!("{:?}", first.turns));
        assert_eq!(format!("{:?}", second.tools), format!("{:?}", first.tools));
        assert!(second.passthrough_only.is_empty());
        assert_eq!(write(&second, "claude-x"), body);
    });
}
