//! What a provider gets for a request, and what it cannot be told.
use std::borrow::Cow;

use super::FORMAT;
use crate::dialect::{
    Ask, Block, Effort, Given, Image, Number, Reasoning, ResponseFormat, Role, Target, Tool,
    ToolChoice, Turn,
};

pub(super) const fn given<T>(value: T, field: &'static str) -> Option<Given<T>> {
    Some(Given { value, field })
}

fn number(text: &'static str, field: &'static str) -> Option<Given<Number<'static>>> {
    given(Number { text, value: text.parse().unwrap() }, field)
}

pub(super) fn say(text: &str) -> Block<'_> {
    Block::Text(Cow::Borrowed(text))
}

pub(super) fn turn(role: Role, blocks: Vec<Block<'_>>) -> Turn<'_> {
    Turn { role, blocks }
}

pub(super) fn hello() -> Ask<'static> {
    Ask { turns: vec![turn(Role::User, vec![say("hi")])], ..Ask::default() }
}

pub(super) fn tool(name: &str) -> Tool<'_> {
    Tool { name: name.into(), ..Tool::default() }
}

pub(super) fn write(ask: &Ask<'_>, model: &str) -> String {
    let target = Target { model, max_output_tokens: 4096 };
    String::from_utf8((FORMAT.write_request)(ask, &target)).unwrap()
}

fn unsupported(ask: &Ask<'_>, model: &str) -> Vec<String> {
    let mut out = Vec::new();
    (FORMAT.unsupported)(ask, &Target { model, max_output_tokens: 4096 }, &mut out);
    out.iter().map(|one| one.field.to_string()).collect()
}

/// What stands between the messages and the end of the body.
fn options(ask: &Ask<'_>, model: &str) -> String {
    let body = write(ask, model);
    let (_, rest) = body.split_once(r#""text":"hi"}]}]"#).unwrap();
    rest.strip_suffix('}').unwrap().trim_start_matches(',').to_owned()
}

#[test]
fn writes_the_least_request() {
    let messages = r#""messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]"#;
    let expected = format!(r#"{{"model":"claude-x","max_tokens":4096,{messages}}}"#);
    assert_eq!(write(&hello(), "claude-x"), expected);
    let ask = Ask {
        system: vec!["a".into(), " ".into(), "b".into()],
        max_tokens: given(7, "max_tokens"),
        stream: true,
        user: given("u".into(), "user"),
        stop: given(vec!["END".into(), "\n".into()], "stop"),
        ..hello()
    };
    let system = r#""system":[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#;
    let rest = r#""stop_sequences":["END"],"metadata":{"user_id":"u"},"stream":true"#;
    let expected = format!(r#"{{"model":"claude-x","max_tokens":7,{system},{messages},{rest}}}"#);
    assert_eq!(write(&ask, "claude-x"), expected);
    assert_eq!(unsupported(&ask, "claude-x"), ["stop"]);
}

#[test]
fn says_thinking_as_the_model_takes_it() {
    use Effort as E;
    use Reasoning as R;
    let loose = |value| Ask { reasoning: given(value, "reasoning_effort"), ..hello() };
    let forced = |value| Ask {
        tools: vec![tool("f")],
        tool_choice: given(ToolChoice::Required, "tool_choice"),
        ..loose(value)
    };
    let tight = |value| Ask { max_tokens: given(1024, "max_tokens"), ..loose(value) };
    let (old, mid, new, always) =
        ("claude-sonnet-4-5", "claude-opus-4-6", "claude-sonnet-5", "claude-fable-5");
    let adaptive = r#""thinking":{"type":"adaptive"}"#;
    let summed = r#""thinking":{"type":"adaptive","display":"summarized"}"#;
    let low = r#""output_config":{"effort":"low"}"#;
    let tools =
        r#""tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"}"#;
    let budget =
        |tokens: u64| format!(r#""thinking":{{"type":"enabled","budget_tokens":{tokens}}}"#);
    // The request, the model, what is said, whether it is unsupported.
    let table = [
        (loose(R::Effort(E::Minimal)), old, budget(1024), false),
        (loose(R::Effort(E::High)), old, budget(3072), false),
        (loose(R::Budget(2000)), old, budget(2000), false),
        (loose(R::Budget(2000)), mid, budget(2000), false),
        (loose(R::Off), old, String::new(), false),
        (tight(R::Effort(E::Low)), old, String::new(), true),
        (forced(R::Effort(E::Low)), old, tools.to_owned(), true),
        (loose(R::Adaptive), mid, adaptive.to_owned(), false),
        (loose(R::Effort(E::Minimal)), mid, format!("{adaptive},{low}"), false),
        (tight(R::Effort(E::Low)), new, format!("{summed},{low}"), false),
        (forced(R::Effort(E::Low)), new, format!("{tools},{low}"), false),
        (loose(R::Budget(2000)), new, format!("{summed},{low}"), false),
        (loose(R::Off), new, r#""thinking":{"type":"disabled"}"#.to_owned(), false),
        (loose(R::Off), always, String::new(), true),
        (loose(R::Effort(E::Low)), "claude-3-5-haiku-20241022", String::new(), true),
    ];
    for (ask, model, said, lacking) in table {
        let why = format!("{:?} {model}", ask.reasoning);
        assert_eq!(options(&ask, model), said, "{why}");
        assert_eq!(!unsupported(&ask, model).is_empty(), lacking, "{why}");
    }
}

#[test]
fn answers_calls_without_a_budget_that_needs_signed_thoughts() {
    let call = Block::ToolCall { id: "a".into(), name: "f".into(), arguments: "".into() };
    let result =
        Block::ToolResult { id: "a".into(), name: "f".into(), content: vec![], failed: false };
    let mut ask = hello();
    ask.tools = vec![tool("f")];
    ask.reasoning = given(Reasoning::Effort(Effort::Low), "reasoning_effort");
    ask.turns.push(turn(Role::Assistant, vec![Block::Reasoning("hm".into()), call]));
    ask.turns.push(turn(Role::User, vec![result]));
    assert!(!write(&ask, "claude-sonnet-4-5").contains("thinking"));
    assert!(write(&ask, "claude-sonnet-4-6").contains(r#""thinking":{"type":"adaptive"}"#));
    assert_eq!(unsupported(&ask, "claude-sonnet-4-5"), ["reasoning_effort"]);
    assert!(unsupported(&ask, "claude-sonnet-4-6").is_empty());
}

#[test]
fn says_sampling_as_the_model_takes_it() {
    let (oldest, old, new) = ("claude-sonnet-4-20250514", "claude-sonnet-4-5", "claude-opus-5");
    // Temperature, top_p, the model, what is said, what is lacking.
    let table = [
        (Some("0.2"), None, old, r#""temperature":0.2"#, ""),
        (Some("1"), None, old, r#""temperature":1"#, ""),
        (Some("1.2"), None, old, "", "temperature"),
        (Some("0.2"), None, new, "", "temperature"),
        (Some("1.0"), Some("1"), new, "", ""),
        (None, Some("0.9"), new, "", "top_p"),
        (None, Some("0.9"), old, r#""top_p":0.9"#, ""),
        (Some("0.2"), Some("0.9"), oldest, r#""temperature":0.2,"top_p":0.9"#, ""),
        (Some("0.2"), Some("0.9"), old, r#""temperature":0.2"#, "top_p"),
        (Some("0.2"), Some("1"), old, r#""temperature":0.2"#, ""),
        (Some("1"), Some("0.9"), old, r#""top_p":0.9"#, ""),
    ];
    for (temperature, top_p, model, said, lacking) in table {
        let ask = Ask {
            temperature: temperature.and_then(|text| number(text, "temperature")),
            top_p: top_p.and_then(|text| number(text, "top_p")),
            ..hello()
        };
        let why = format!("{temperature:?} {top_p:?} {model}");
        assert_eq!(options(&ask, model), said, "{why}");
        assert_eq!(unsupported(&ask, model).join(" "), lacking, "{why}");
    }
    let ask = Ask {
        reasoning: given(Reasoning::Budget(1024), "thinking"),
        temperature: number("0.2", "temperature"),
        top_p: number("0.9", "top_p"),
        top_k: number("5", "top_k"),
        ..hello()
    };
    assert_eq!(unsupported(&ask, oldest), ["temperature", "top_p", "top_k"], "while it thinks");
    assert_eq!(unsupported(&Ask { reasoning: None, ..ask }, oldest), [""; 0]);
}

#[test]
fn names_what_it_cannot_say() {
    let long = "x".repeat(129);
    let mut ask = Ask {
        seed: number("1", "seed"),
        frequency_penalty: number("0.5", "frequency_penalty"),
        presence_penalty: number("0", "presence_penalty"),
        format: given(ResponseFormat::JsonObject, "response_format"),
        stop: given(vec![" \n".into()], "stop"),
        tools: vec![
            tool("get.weather"),
            tool(&long),
            Tool { strict: Some(true), ..tool("ok") },
            Tool { schema: Some(r#"{"type":"object","anyOf":[{}]}"#), ..tool("either") },
        ],
        turns: vec![turn(
            Role::User,
            vec![
                say("hi"),
                Block::Image(Image::Base64 { media_type: "image/tiff".into(), data: "".into() }),
                Block::Image(Image::Url("http://x/y.png".into())),
            ],
        )],
        ..Ask::default()
    };
    let expected = [
        "seed",
        "frequency_penalty",
        "response_format",
        "stop",
        "tools[1]",
        "tools[2]",
        "tools[4]",
        "messages",
    ];
    // Before them the app lists a tool of a provider's own.
    ask.tools.iter_mut().zip(1..).for_each(|(tool, place)| tool.place = place);
    assert_eq!(unsupported(&ask, "claude-sonnet-4-5"), expected);
    let old = unsupported(&ask, "claude-3-haiku-20240307");
    assert!(old.contains(&"tools[3]".to_owned()), "a tool cannot be strict there: {old:?}");
    assert_eq!(
        options(&ask, "claude-sonnet-4-5"),
        r#""tools":[{"name":"ok","input_schema":{"type":"object"},"strict":true}]"#
    );
}

#[test]
fn writes_tools_and_their_choice() {
    let with = |schema: Option<&'static str>,
                choice: Option<ToolChoice<'static>>,
                parallel: Option<bool>| Ask {
        tools: vec![Tool { description: Some("d".into()), schema, ..tool("f") }],
        tool_choice: choice.map(|value| Given { value, field: "tool_choice" }),
        parallel_tools: parallel.map(|value| Given { value, field: "parallel_tool_calls" }),
        ..hello()
    };
    let table = [
        (with(None, None, None), r#"{"type":"object"}"#, ""),
        (with(Some("{ }"), None, Some(true)), r#"{"type":"object"}"#, ""),
        (
            with(Some(r#"{"properties":{"a":{"type":"string"}}}"#), Some(ToolChoice::Auto), None),
            r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
            "",
        ),
        (
            with(Some(r#"{"type": "object"}"#), None, Some(false)),
            r#"{"type": "object"}"#,
            r#","tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#,
        ),
        (
            with(None, Some(ToolChoice::Required), Some(false)),
            r#"{"type":"object"}"#,
            r#","tool_choice":{"type":"any","disable_parallel_tool_use":true}"#,
        ),
        (
            with(None, Some(ToolChoice::Named("f".into())), None),
            r#"{"type":"object"}"#,
            r#","tool_choice":{"type":"tool","name":"f"}"#,
        ),
        (
            with(None, Some(ToolChoice::None), Some(false)),
            r#"{"type":"object"}"#,
            r#","tool_choice":{"type":"none"}"#,
        ),
    ];
    for (ask, schema, choice) in table {
        let expected = format!(
            r#""tools":[{{"name":"f","description":"d","input_schema":{schema}}}]{choice}"#
        );
        assert_eq!(options(&ask, "claude-x"), expected);
    }
}

#[test]
fn writes_the_shape_of_the_answer() {
    // The schema, and what is left of it; nothing where it cannot be said.
    let table = [
        (
            r#"{"type":"object","additionalProperties": false}"#,
            r#"{"type":"object","additionalProperties": false}"#,
        ),
        (r#"{"anyOf":[]}"#, r#"{"anyOf":[]}"#),
        (
            r#"{"type":"object","properties":{"type":{"enum":[{"type":"object"}]},"enum":
                {"items":{"type":["object","null"]}}},"$defs":{"a":{"type":"object"}}}"#,
            r#"{+"type":"object","properties":{"type":{"enum":[{"type":"object"}]},"enum":
                {"items":{+"type":["object","null"]}}},"$defs":{"a":{+"type":"object"}}}"#,
        ),
        (r#"{"anyOf":[{"type":"object","additionalProperties":{"type":"string"}}]}"#, ""),
    ];
    for (schema, said) in table {
        let said = &*said.replace("+", r#""additionalProperties":false,"#);
        let format = ResponseFormat::JsonSchema { name: Some("n".into()), schema, strict: None };
        let ask = Ask { format: given(format, "response_format"), ..hello() };
        let expected = match said {
            "" => String::new(),
            said => {
                format!(r#""output_config":{{"format":{{"type":"json_schema","schema":{said}}}}}"#)
            }
        };
        assert_eq!(options(&ask, "claude-sonnet-4-5"), expected);
        assert_eq!(unsupported(&ask, "claude-sonnet-4-5").is_empty(), !said.is_empty());
    }
}
