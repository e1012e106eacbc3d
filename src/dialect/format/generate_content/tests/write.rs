//! Requests.
use super::super::FORMAT;
use crate::dialect::{
    Ask, Block, Effort, Given, Image, Number, Reasoning, ResponseFormat, Role, Target, Tool,
    ToolChoice, Turn,
};
use crate::json::{Document, Limits};

const OLD: Target<'_> = Target { model: "gemini-2.5-flash", max_output_tokens: 65_536 };
const NEW: Target<'_> = Target { model: "gemini-3.8-flash", max_output_tokens: 65_536 };

fn given<T>(field: &'static str, value: T) -> Option<Given<T>> {
    Some(Given { value, field })
}

fn number(text: &'static str) -> Number<'static> {
    Number { text, value: text.parse().unwrap() }
}

fn user(blocks: Vec<Block<'static>>) -> Turn<'static> {
    Turn { role: Role::User, blocks }
}

fn model(blocks: Vec<Block<'static>>) -> Turn<'static> {
    Turn { role: Role::Assistant, blocks }
}

fn call(id: &'static str, arguments: &'static str) -> Block<'static> {
    Block::ToolCall { id: id.into(), name: "look".into(), arguments: arguments.into() }
}

fn png() -> Block<'static> {
    Block::Image(Image::Base64 { media_type: "image/png".into(), data: "iVBO".into() })
}

fn result(id: &'static str, content: Vec<Block<'static>>, failed: bool) -> Block<'static> {
    Block::ToolResult { id: id.into(), name: "look".into(), content, failed }
}

fn hello() -> Ask<'static> {
    Ask { turns: vec![user(vec![Block::Text("Hi".into())])], ..Ask::default() }
}

fn tool(name: &'static str, strict: Option<bool>) -> Tool<'static> {
    let schema = Some(r#"{"type":"object","properties":{"n":{"type":"number"}}}"#);
    Tool { place: 0, name: name.into(), description: Some("Looks".into()), schema, strict }
}

fn written(ask: &Ask<'_>, target: &Target<'_>) -> String {
    let text = String::from_utf8((FORMAT.write_request)(ask, target)).unwrap();
    assert!(Document::parse(text.as_bytes(), Limits::default()).is_ok(), "not JSON: {text}");
    text
}

fn unsupported(ask: &Ask<'_>, target: &Target<'_>) -> Vec<String> {
    let mut fields = Vec::new();
    (FORMAT.unsupported)(ask, target, &mut fields);
    fields.into_iter().map(|one| one.field.into_owned()).collect()
}

#[test]
fn everything_a_request_can_say() {
    let ask = Ask {
        system: vec!["Be brief".into(), "".into(), "Be kind".into()],
        turns: vec![
            user(vec![
                Block::Text("What is this?".into()),
                png(),
                Block::Image(Image::Url("https://x.test/a.webp?s=1".into())),
            ]),
            model(vec![
                Block::Reasoning("hm".into()),
                Block::Text("Let me \"look\"".into()),
                call("c1", r#" {"n": 1.50} "#),
                call("c2", ""),
            ]),
            user(vec![
                result("c1", vec![Block::Text("a".into()), Block::Text("b".into())], false),
                result("c2", vec![Block::Text("no".into())], true),
                Block::Text("Go on".into()),
            ]),
        ],
        tools: vec![tool("look", None)],
        tool_choice: given("tool_choice", ToolChoice::Named("look".into())),
        max_tokens: given("max_tokens", 100_000),
        temperature: given("temperature", number("0.50")),
        top_p: given("top_p", number("0.9")),
        top_k: given("top_k", number("40")),
        seed: given("seed", number("-7")),
        frequency_penalty: given("frequency_penalty", number("0.1")),
        presence_penalty: given("presence_penalty", number("0")),
        stop: given("stop", vec!["END".into()]),
        reasoning: given("reasoning_effort", Reasoning::Effort(Effort::Medium)),
        user: given("user", "u1".into()),
        ..Ask::default()
    };
    let want = concat!(
        r#"{"systemInstruction":{"parts":[{"text":"Be brief"},{"text":"Be kind"}]},"#,
        r#""contents":[{"role":"user","parts":[{"text":"What is this?"},"#,
        r#"{"inlineData":{"mimeType":"image/png","data":"iVBO"}},"#,
        r#"{"fileData":{"mimeType":"image/webp","fileUri":"https://x.test/a.webp?s=1"}}]},"#,
        r#"{"role":"model","parts":[{"text":"Let me \"look\""},"#,
        r#"{"functionCall":{"id":"c1","name":"look","args":{"n": 1.50}}},"#,
        r#"{"functionCall":{"id":"c2","name":"look","args":{}}}]},"#,
        r#"{"role":"user","parts":["#,
        r#"{"functionResponse":{"id":"c1","name":"look","response":{"output":"a\nb"}}},"#,
        r#"{"functionResponse":{"id":"c2","name":"look","response":{"error":"no"}}},"#,
        r#"{"text":"Go on"}]}],"#,
        r#""tools":[{"functionDeclarations":[{"name":"look","description":"Looks","#,
        r#""parametersJsonSchema":{"type":"object","properties":{"n":{"type":"number"}}}}]}],"#,
        r#""toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["look"]}},"#,
        r#""generationConfig":{"temperature":0.50,"topP":0.9,"frequencyPenalty":0.1,"topK":40,"#,
        r#""seed":-7,"maxOutputTokens":65536,"stopSequences":["END"],"#,
        r#""thinkingConfig":{"thinkingBudget":8192,"includeThoughts":true}}}"#,
    );
    assert_eq!(written(&ask, &OLD), want);
    assert_eq!(unsupported(&ask, &OLD), [""; 0]);
}

#[test]
fn a_conversation_the_api_accepts_comes_of_any() {
    let blank = r#"{"role":"user","parts":[{"text":" "}]}"#;
    for (name, system, turns, want) in [
        ("nothing", vec![], vec![], blank.to_owned()),
        (
            "instructions alone",
            vec!["Sing".into()],
            vec![],
            r#"{"role":"user","parts":[{"text":"Sing"}]}"#.to_owned(),
        ),
        (
            "the assistant first",
            vec![],
            vec![model(vec![Block::Refusal("No".into())])],
            format!(r#"{blank},{{"role":"model","parts":[{{"text":"No"}}]}}"#),
        ),
        ("empty text", vec![], vec![user(vec![Block::Text("".into())])], blank.to_owned()),
        (
            "arguments that are no object",
            vec![],
            vec![user(vec![Block::Text("a".into())]), model(vec![call("c", "[1")])],
            concat!(
                r#"{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":["#,
                r#"{"functionCall":{"id":"c","name":"look","args":{"arguments":"[1"}}}]}"#
            )
            .to_owned(),
        ),
    ] {
        let ask = Ask { system, turns, ..Ask::default() };
        assert_eq!(written(&ask, &OLD), format!(r#"{{"contents":[{want}]}}"#), "{name}");
    }
}

#[test]
fn only_the_newer_models_get_a_signature_and_images_inside_a_response() {
    let ask = Ask {
        turns: vec![
            user(vec![Block::Text("Hi".into())]),
            model(vec![call("c1", "{}"), call("c2", "{}")]),
            user(vec![
                result("c1", vec![png()], false),
                result("c2", vec![Block::Image(Image::Url("https://x.test/b.jpg".into()))], false),
            ]),
        ],
        ..Ask::default()
    };
    let calls = |signature: &str| {
        format!(
            concat!(
                r#"{{"role":"model","parts":["#,
                r#"{{"functionCall":{{"id":"c1","name":"look","args":{{}}}}{signature}}},"#,
                r#"{{"functionCall":{{"id":"c2","name":"look","args":{{}}}}}}]}}"#,
            ),
            signature = signature
        )
    };
    let image = r#"{"inlineData":{"mimeType":"image/png","data":"iVBO"}}"#;
    let results = |inside: &str, after: &str| {
        format!(
            concat!(
                r#"{{"role":"user","parts":[{{"functionResponse":{{"id":"c1","name":"look","#,
                r#""response":{{"output":""}}{inside}}}}},{{"functionResponse":{{"id":"c2","#,
                r#""name":"look","response":{{"output":""}}}}}}{after},{{"fileData":"#,
                r#"{{"mimeType":"image/jpeg","fileUri":"https://x.test/b.jpg"}}}}]}}"#,
            ),
            inside = inside,
            after = after
        )
    };
    let dummy = r#","thoughtSignature":"skip_thought_signature_validator""#;
    for (name, calls, results) in [
        ("gemini-2.5-pro", calls(""), results("", &format!(",{image}"))),
        ("gemini-3-pro", calls(dummy), results(&format!(r#","parts":[{image}]"#), "")),
        ("gemini-4-pro", calls(dummy), results(&format!(r#","parts":[{image}]"#), "")),
        ("gemini-flash-latest", calls(dummy), results(&format!(r#","parts":[{image}]"#), "")),
        ("gemma-3-27b-it", calls(""), results("", &format!(",{image}"))),
    ] {
        let text = written(&ask, &Target { model: name, ..OLD });
        let hi = r#"{"role":"user","parts":[{"text":"Hi"}]}"#;
        assert_eq!(text, format!(r#"{{"contents":[{hi},{calls},{results}]}}"#), "{name}");
    }
}

#[test]
fn tool_choice() {
    let mode = |choice: Option<ToolChoice<'static>>, strict| {
        let tools = vec![tool("look", strict)];
        let tool_choice = choice.and_then(|choice| given("tool_choice", choice));
        let text = written(&Ask { tools, tool_choice, ..hello() }, &OLD);
        text.split_once(r#""mode":""#).map(|(_, rest)| rest.split('"').next().unwrap().to_owned())
    };
    for (choice, strict, want) in [
        (None, None, None),
        (None, Some(true), Some("VALIDATED")),
        (Some(ToolChoice::Auto), None, Some("AUTO")),
        (Some(ToolChoice::Auto), Some(true), Some("VALIDATED")),
        (Some(ToolChoice::None), Some(true), Some("NONE")),
        (Some(ToolChoice::Required), Some(true), Some("ANY")),
    ] {
        assert_eq!(mode(choice.clone(), strict).as_deref(), want, "{choice:?} {strict:?}");
    }
}

#[test]
fn thinking_by_level_or_by_budget() {
    use Reasoning as R;
    for (model, reasoning, want) in [
        ("gemini-2.5-flash", R::Off, r#"{"thinkingBudget":0}"#),
        ("gemini-2.5-pro", R::Off, r#"{"thinkingBudget":128}"#),
        ("gemini-2.5-flash", R::Adaptive, r#"{"thinkingBudget":-1,"includeThoughts":true}"#),
        ("gemini-2.5-flash", R::Budget(9), r#"{"thinkingBudget":9,"includeThoughts":true}"#),
        ("gemini-2.5-flash-lite", R::Budget(9), r#"{"thinkingBudget":512,"includeThoughts":true}"#),
        (
            "gemini-2.5-flash",
            R::Effort(Effort::Max),
            r#"{"thinkingBudget":24576,"includeThoughts":true}"#,
        ),
        (
            "gemini-2.5-pro",
            R::Effort(Effort::Max),
            r#"{"thinkingBudget":32768,"includeThoughts":true}"#,
        ),
        ("gemini-3-flash-preview", R::Off, r#"{"thinkingLevel":"LOW"}"#),
        ("gemini-3-flash-preview", R::Adaptive, r#"{"includeThoughts":true}"#),
        (
            "gemini-3.1-pro-preview",
            R::Budget(9000),
            r#"{"thinkingLevel":"MEDIUM","includeThoughts":true}"#,
        ),
    ] {
        let ask = Ask { reasoning: given("thinking", reasoning), ..hello() };
        let text = written(&ask, &Target { model, ..OLD });
        let want = format!(r#""generationConfig":{{"thinkingConfig":{want}}}}}"#);
        assert!(text.ends_with(&want), "{model} {reasoning:?}: {text}");
    }
}

#[test]
fn thinking_leaves_room_for_the_answer() {
    let reasoning = given("reasoning_effort", Reasoning::Effort(Effort::High));
    for (most, want) in [(2000, 1500), (100_000, 24_576), (0, 1)] {
        let ask = Ask { reasoning, max_tokens: given("max_tokens", most), ..hello() };
        let want = format!(r#""thinkingBudget":{want},"#);
        assert!(written(&ask, &OLD).contains(&want), "{most}: {}", written(&ask, &OLD));
    }
}

#[test]
fn images_are_of_a_kind_the_api_takes() {
    let base64 = |media_type: &'static str| Image::Base64 {
        media_type: media_type.into(),
        data: "AA".into(),
    };
    let url = |url: &'static str| Image::Url(url.into());
    for (image, want) in [
        (base64("image/jpg"), Some("image/jpeg")),
        (base64("IMAGE/PNG"), Some("image/png")),
        (base64("image/gif"), None),
        (base64("application/pdf"), None),
        (url("https://x.test/a.PNG#top"), Some("image/png")),
        (url("https://x.test/v1.2/photo.jpg?v=1"), Some("image/jpeg")),
        // What does not say what it is may be a film, which is read as one.
        (url("https://x.test/v1.2/photo"), None),
        (url("https://www.youtube.com/watch?v=abc"), None),
        (url("https://x.test/a.svg?x=.png"), None),
    ] {
        let turns = vec![user(vec![Block::Image(image.clone())])];
        let ask = Ask { turns, ..Ask::default() };
        let said = want.map(|want| format!(r#""mimeType":"{want}""#));
        assert_eq!(unsupported(&ask, &OLD).is_empty(), want.is_some(), "{image:?}");
        let text = written(&ask, &OLD);
        assert!(text.contains(said.as_deref().unwrap_or(r#"[{"text":" "}]"#)), "{text}");
    }
}

#[test]
fn the_answers_shape() {
    let schema = ResponseFormat::JsonSchema {
        name: Some("p".into()),
        schema: r#"{"type":"object"}"#,
        strict: Some(true),
    };
    for (format, want) in [
        (ResponseFormat::JsonObject, r#"{"responseMimeType":"application/json"}"#),
        (
            schema,
            r#"{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}"#,
        ),
    ] {
        let ask = Ask { format: given("response_format", format), ..hello() };
        let text = written(&ask, &OLD);
        assert!(text.ends_with(&format!(r#""generationConfig":{want}}}"#)), "{text}");
        let ask = Ask { tools: vec![tool("look", None)], ..ask };
        assert_eq!(unsupported(&ask, &OLD), ["response_format"]);
        assert!(!written(&ask, &OLD).contains("responseMimeType"));
        assert_eq!(unsupported(&ask, &NEW), [""; 0]);
        assert!(written(&ask, &NEW).contains("responseMimeType"));
    }
}

#[test]
fn what_is_unsupported_is_named_and_left_out() {
    let stops = |count| given("stop", vec!["x".into(); count]);
    let off = given("thinking", Reasoning::Off);
    for (ask, target, field, left_out) in [
        (Ask { temperature: given("t", number("2.1")), ..hello() }, OLD, "t", "temperature"),
        (Ask { top_p: given("p", number("1.01")), ..hello() }, OLD, "p", "topP"),
        (Ask { seed: given("s", number("4294967296")), ..hello() }, OLD, "s", "seed"),
        (Ask { top_k: given("k", number("1.5")), ..hello() }, OLD, "k", "topK"),
        (Ask { stop: stops(6), ..hello() }, OLD, "stop", "stopSequences"),
        (Ask { tools: vec![tool("1st", None)], ..hello() }, OLD, "tools", "tools"),
        (
            Ask {
                tools: vec![tool("a", None)],
                parallel_tools: given("parallel", false),
                ..hello()
            },
            OLD,
            "parallel",
            "parallel",
        ),
        (Ask { reasoning: off, ..hello() }, NEW, "thinking", "includeThoughts"),
    ] {
        assert_eq!(unsupported(&ask, &target), [field]);
        assert!(!written(&ask, &target).contains(left_out), "{field}");
    }
    for ask in [
        Ask { temperature: given("t", number("2")), stop: stops(5), ..hello() },
        Ask { parallel_tools: given("parallel", false), ..hello() },
        Ask { reasoning: off, tools: vec![tool("_a.b:c-1", None)], ..hello() },
    ] {
        assert_eq!(unsupported(&ask, &OLD), [""; 0]);
    }
}

#[test]
fn results_stand_in_the_order_of_their_calls() {
    let said = |id| result(id, vec![Block::Text(id.into())], false);
    let turns = vec![
        user(vec![Block::Text("Hi".into())]),
        model(vec![call("a", "{}"), call("b", "{}")]),
        user(vec![said("x"), said("b"), said("a")]),
    ];
    let text = written(&Ask { turns, ..Ask::default() }, &OLD);
    let order: Vec<&str> =
        text.split(r#""output":""#).skip(1).map(|rest| rest.get(..1).unwrap()).collect();
    assert_eq!(order, ["a", "b", "x"]);
}
