//! Requests and what is read from them.
use super::read;
use crate::dialect::{Block, Image, Role};
use crate::json::{Document, Limits};

/// A request with these members beside a model and one message.
fn body(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}]{comma}{members}}}"#)
}

fn said(message: &str) -> String {
    format!(r#"{{"model":"m","messages":[{message}]}}"#)
}

fn fault(body: &str) -> String {
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let fault = read(&document).expect_err(body);
    assert_eq!(fault.status, 400, "{body}");
    fault.message
}

fn check(cases: &[(String, &str)]) {
    for (body, message) in cases {
        assert_eq!(&fault(body), message, "{body}");
    }
}

/// The paths of `passthrough_only` and of `best_effort`.
fn paths(body: &str) -> (Vec<String>, Vec<String>) {
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let ask = read(&document).expect(body);
    let texts = |fields: &[crate::dialect::Field]| fields.iter().map(|f| f.to_string()).collect();
    (texts(&ask.passthrough_only), texts(&ask.best_effort))
}

#[test]
fn a_wrong_message_is_named_with_what_was_expected() {
    let parts = |part: &str| said(&format!(r#"{{"role":"user","content":[{part}]}}"#));
    let cases = [
        ("[1]".to_owned(), "expected a JSON object, got an array"),
        ("{}".to_owned(), "`model`: is missing"),
        (r#"{"model":null}"#.to_owned(), "`model`: is missing"),
        (r#"{"model":3}"#.to_owned(), "`model`: expected a string, got a number"),
        (
            r#"{"model":""}"#.to_owned(),
            "`model`: expected the name of a model, got an empty string",
        ),
        (r#"{"model":"m"}"#.to_owned(), "`messages`: is missing"),
        (r#"{"model":"m","messages":{}}"#.to_owned(), "`messages`: expected a list, got an object"),
        (said(""), "`messages`: expected at least one message"),
        (said("7"), "`messages[0]`: expected an object, got a number"),
        (said(r#"{"content":"x"}"#), "`messages[0].role`: is missing"),
        (
            said(r#"{"role":"bot","content":"x"}"#),
            "`messages[0].role`: expected `system`, `developer`, `user`, `assistant` or `tool`, \
             got `bot`",
        ),
        (
            said(r#"{"role":"user","content":null}"#),
            "`messages[0].content`: expected a string or a list of parts",
        ),
        (
            said(r#"{"role":"assistant"}"#),
            "`messages[0].content`: expected a string or a list of parts",
        ),
        (
            said(r#"{"role":"user","content":1}"#),
            "`messages[0].content`: expected a string or a list of parts, got a number",
        ),
        (parts(r#""x""#), "`messages[0].content[0]`: expected an object, got a string"),
        (parts("{}"), "`messages[0].content[0].type`: is missing"),
        (parts(r#"{"type":"text"}"#), "`messages[0].content[0].text`: is missing"),
        (
            parts(r#"{"type":"image_url","image_url":{"url":null}}"#),
            "`messages[0].content[0].image_url.url`: expected a string, got null",
        ),
        (
            parts(r#"{"type":"image_url","image_url":{"url":"data:image/png,x"}}"#),
            "`messages[0].content[0].image_url.url`: expected `data:`, a media type, `;base64,` \
             and the bytes",
        ),
        (said(r#"{"role":"tool","content":"x"}"#), "`messages[0].tool_call_id`: is missing"),
        (
            said(concat!(
                r#"{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","#,
                r#""arguments":{}}}]}"#,
            )),
            "`messages[0].tool_calls[0].function.arguments`: expected a string, got an object",
        ),
    ];
    check(&cases);
}

#[test]
fn a_wrong_option_is_named_with_what_was_expected() {
    let cases = [
        (
            body(r#""temperature":"hot""#),
            "`temperature`: expected a number within the range of doubles, got a string",
        ),
        (body(r#""max_tokens":0"#), "`max_tokens`: expected a whole number above 0"),
        (
            body(r#""max_completion_tokens":1.5"#),
            "`max_completion_tokens`: expected a whole number above 0",
        ),
        (body(r#""stop":["a",1]"#), "`stop[1]`: expected a string, got a number"),
        (body(r#""stream":"yes""#), "`stream`: expected a boolean, got a string"),
        (body(r#""stream_options":1"#), "`stream_options`: expected an object, got a number"),
        (
            body(r#""stream_options":{"include_usage":1}"#),
            "`stream_options.include_usage`: expected a boolean, got a number",
        ),
        (body(r#""tools":[{"type":"function"}]"#), "`tools[0].function`: is missing"),
        (
            body(r#""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#),
            "`tools[0].function.parameters`: expected an object, got an array",
        ),
        (
            body(r#""tool_choice":"any""#),
            "`tool_choice`: expected `auto`, `none`, `required` or an object, got `any`",
        ),
        (
            body(r#""response_format":{"type":"json_schema"}"#),
            "`response_format.json_schema`: is missing",
        ),
        (body(r#""seed":1.5"#), "`seed`: expected a whole number within 64 bits"),
        (
            body(r#""reasoning_effort":"lots""#),
            "`reasoning_effort`: expected `none`, `minimal`, `low`, `medium`, `high`, `xhigh` \
             or `max`, got `lots`",
        ),
        (body(r#""n":0"#), "`n`: expected a whole number above 0"),
    ];
    check(&cases);
}

#[test]
fn neutral_values_ask_for_nothing() {
    let body = body(
        r#""n":1,"logprobs":false,"top_logprobs":0,"logit_bias":{},"metadata":{},"store":false,
        "service_tier":"auto","modalities":["text"],"response_format":{"type":"text"},"audio":null,
        "prediction":null,"tools":[],"stop":[],"frequency_penalty":0,"presence_penalty":0.0,
        "top_p":1,"functions":[],"function_call":"auto","verbosity":"medium","user":null,
        "seed":null,"tool_choice":null,"temperature":null,"max_tokens":null,"new":null,"also":[]"#,
    );
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let ask = read(&document).unwrap();
    assert_eq!((ask.passthrough_only.len(), ask.best_effort.len()), (0, 0), "{ask:?}");
    let taken = ask.stop.is_some()
        || ask.top_p.is_some()
        || ask.frequency_penalty.is_some()
        || ask.presence_penalty.is_some()
        || ask.format.is_some()
        || !ask.tools.is_empty();
    assert!(!taken, "{ask:?}");
}

#[test]
fn what_only_this_dialect_can_say_is_told_by_its_path() {
    let part = |part: &str| said(&format!(r#"{{"role":"user","content":[{part}]}}"#));
    let cases = [
        (body(r#""n":2"#), "n"),
        (body(r#""logprobs":true"#), "logprobs"),
        (body(r#""top_logprobs":3"#), "top_logprobs"),
        (body(r#""logit_bias":{"1":2}"#), "logit_bias"),
        (body(r#""web_search_options":{}"#), "web_search_options"),
        (body(r#""prediction":{"type":"content"}"#), "prediction"),
        (body(r#""modalities":["text","audio"]"#), "modalities"),
        (body(r#""moderation":{"model":"omni-moderation-latest"}"#), "moderation"),
        (body(r#""functions":[{"name":"f"}]"#), "functions"),
        (body(r#""function_call":{"name":"f"}"#), "function_call"),
        (body(r#""tool_choice":{"type":"allowed_tools"}"#), "tool_choice"),
        (body(r#""tools":[{"type":"custom","custom":{"name":"f"}}]"#), "tools[0]"),
        (body(r#""response_format":{"type":"grammar"}"#), "response_format"),
        (body(r#""brand_new":1"#), "brand_new"),
        (body(r#""thinking":{"type":"sometimes"}"#), "thinking"),
        (said(r#"{"role":"user","content":"x","mood":"fine"}"#), "messages[0].mood"),
        (said(r#"{"role":"function","name":"f","content":"x"}"#), "messages[0]"),
        (said(r#"{"role":"assistant","content":null,"audio":{"id":"a"}}"#), "messages[0].audio"),
        (
            said(concat!(
                r#"{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","#,
                r#""arguments":"{"}}]}"#,
            )),
            "messages[0].tool_calls[0].function.arguments",
        ),
        (said(r#"{"role":"user","content":"x","refusal":"no"}"#), "messages[0].refusal"),
        (
            said(r#"{"role":"assistant","content":"x","reasoning":{"text":"r"}}"#),
            "messages[0].reasoning",
        ),
        (part(r#"{"type":"input_audio","input_audio":{}}"#), "messages[0].content[0]"),
        (part(r#"{"type":"file","file":{"file_id":"f"}}"#), "messages[0].content[0]"),
        (
            part(r#"{"type":"image_url","image_url":{"url":"gs://b/x.png"}}"#),
            "messages[0].content[0].image_url.url",
        ),
    ];
    for (body, path) in cases {
        assert_eq!(paths(&body), (vec![path.to_owned()], vec![]), "{body}");
    }
}

#[test]
fn advice_is_told_by_its_path() {
    let image = r#"{"type":"image_url","image_url":{"url":"http://x","detail":"low"}}"#;
    let cases = [
        (body(r#""metadata":{"a":"b"}"#), "metadata"),
        (body(r#""store":true"#), "store"),
        (body(r#""service_tier":"flex""#), "service_tier"),
        (body(r#""verbosity":"low""#), "verbosity"),
        (body(r#""prompt_cache_key":"k""#), "prompt_cache_key"),
        (body(r#""prompt_cache_retention":"24h""#), "prompt_cache_retention"),
        (body(r#""safety_identifier":"s""#), "safety_identifier"),
        (
            said(&format!(r#"{{"role":"user","content":[{image}]}}"#)),
            "messages[0].content[0].image_url.detail",
        ),
        (body(r#""prompt_cache_options":{"mode":"explicit"}"#), "prompt_cache_options"),
        (
            said(r#"{"role":"assistant","content":"x","reasoning_signature":"s","reasoning":"r"}"#),
            "messages[0].reasoning_signature",
        ),
        (
            said(concat!(
                r#"{"role":"user","content":[{"type":"text","text":"x","#,
                r#""prompt_cache_breakpoint":{}}]}"#,
            )),
            "messages[0].content[0].prompt_cache_breakpoint",
        ),
        (
            said(r#"{"role":"assistant","content":"x","annotations":[{"type":"url_citation"}]}"#),
            "messages[0].annotations",
        ),
    ];
    for (body, path) in cases {
        assert_eq!(paths(&body), (vec![], vec![path.to_owned()]), "{body}");
    }
}

#[test]
fn the_last_of_equal_keys_counts() {
    let body = r#"{"model":"first","n":2,"logprobs":true,"messages":[],"logprobs":false,
        "messages":[{"role":"user","role":"assistant","content":"a","content":"b"}],"n":1,
        "model":"last","max_completion_tokens":7,"max_tokens":7}"#;
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let ask = read(&document).unwrap();
    assert_eq!((&*ask.model, ask.messages, ask.passthrough_only.len()), ("last", 1, 0));
    assert_eq!(
        ask.max_tokens.map(|given| (given.value, given.field)),
        Some((7, "max_completion_tokens"))
    );
    let [turn] = ask.turns.as_slice() else { panic!("{:?}", ask.turns) };
    assert_eq!(turn.role, Role::Assistant);
    assert!(matches!(turn.blocks.as_slice(), [Block::Text(text)] if text == "b"), "{turn:?}");
}

#[test]
fn a_data_url_is_its_type_and_its_bytes() {
    let cases = [
        ("data:image/png;base64,AA==", "image/png", "AA=="),
        ("DATA:image/jpeg;charset=x;BASE64,", "image/jpeg", ""),
        (r"data:image\/webp;base64,A\/B", "image/webp", "A/B"),
    ];
    for (url, media, bytes) in cases {
        let body = said(&format!(
            r#"{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{url}"}}}}]}}"#
        ));
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let ask = read(&document).unwrap();
        let Some(Block::Image(Image::Base64 { media_type, data })) =
            ask.turns.first().and_then(|turn| turn.blocks.first())
        else {
            panic!("{url}: {ask:?}")
        };
        assert_eq!((&**media_type, &**data), (media, bytes), "{url}");
    }
}

#[test]
fn paths_are_few_however_many_fields_there_are() {
    let many: Vec<String> = (0..1000).map(|n| format!(r#""field{n}":{n}"#)).collect();
    let (passthrough_only, best_effort) = paths(&body(&many.join(",")));
    assert_eq!((passthrough_only.len(), best_effort.len()), (16, 0));
}
