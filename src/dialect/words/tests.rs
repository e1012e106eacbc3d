//! Bodies that could be read in two ways, and some that could not.
use super::fold;
use crate::dialect::{Operation, client};
use crate::json::{Document, Limits};

/// What the reader of a client says of a body: the field at fault, or nothing.
fn fault(client: &str, body: &str) -> Option<String> {
    let client = client::named(client).unwrap();
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let inbound = client.endpoint_for(Operation::CHAT.name).unwrap().inbound().unwrap();
    let fault = inbound.ask(&document).err()?;
    assert_eq!(fault.status, 400, "{body}");
    Some(fault.param.unwrap())
}

const OPENAI: &str = r#""model":"m","messages":[{"role":"user","content":"Hi"}]"#;
const ANTHROPIC: &str = r#""model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]"#;

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let cases = [
        (r#""model":"gpt-big""#, "model"),
        (r#""mod\u0065l":"gpt-big""#, "model"),
        (r#""Model":"gpt-big""#, "Model"),
        (r#""\u004dodel":"gpt-big""#, "Model"),
        (r#""MODEL":null"#, "MODEL"),
        (r#""mo-del":"m""#, "mo-del"),
        (r#""model\u0000x":"m""#, "model\\0x"),
        (r#""meſſages":[]"#, "meſſages"),
        (r#""meſſag\u0065s":[]"#, "meſſages"),
        (r#""maxTokens":9"#, "maxTokens"),
        (r#""max_toKens":9"#, "max_toKens"),
        (r#""Stream":true"#, "Stream"),
        (r#""Tools":[]"#, "Tools"),
        (r#""stream":false,"stream":true"#, "stream"),
        (
            r#""thinking":{"type":"enabled","budget_tokens":2000,"budget_tokens":9}"#,
            "thinking.budget_tokens",
        ),
        (r#""thinking":{"type":"enabled","budgetTokens":2000}"#, "thinking.budgetTokens"),
        (r#""messages":[]"#, "messages"),
    ];
    for (more, field) in cases {
        for (dialect, usual) in [("openai", OPENAI), ("anthropic", ANTHROPIC)] {
            let before = fault(dialect, &format!("{{{more},{usual}}}"));
            let after = fault(dialect, &format!("{{{usual},{more}}}"));
            assert_eq!(before.as_deref(), Some(field), "{dialect}: {more} before");
            assert_eq!(after.as_deref(), Some(field), "{dialect}: {more} after");
        }
    }
}

#[test]
fn of_openai_alone() {
    let cases = [
        (r#""n":128,"n":1"#, "n"),
        (r#""N":128"#, "N"),
        (
            r#""stream_options":{"include_usage":false,"include_usage":true}"#,
            "stream_options.include_usage",
        ),
        (r#""stream_options":{"Include_Usage":true}"#, "stream_options.Include_Usage"),
        (r#""max_completion_tokens":1,"max_completion_tokens":9"#, "max_completion_tokens"),
        (
            r#""tools":[{"type":"function","function":{"name":"f","name":"g"}}]"#,
            "tools[0].function.name",
        ),
        (r#""max_tokens":9,"max_completion_tokens":1"#, "max_tokens"),
    ];
    for (more, field) in cases {
        let found = fault("openai", &format!("{{{more},{OPENAI}}}"));
        assert_eq!(found.as_deref(), Some(field), "{more}");
    }
    let deep = [
        (r#"{"role":"user","content":"Hi","content":"Ho"}"#, "messages[0].content"),
        (r#"{"role":"user","Role":"system","content":"Hi"}"#, "messages[0].Role"),
        (
            r#"{"role":"user","content":[{"type":"text","text":"a","text":"b"}]}"#,
            "messages[0].content[0].text",
        ),
        (r#"{"role":"assistant","content":"a","Tool_Calls":[]}"#, "messages[0].Tool_Calls"),
    ];
    for (message, field) in deep {
        let body = format!(r#"{{"model":"m","messages":[{message}]}}"#);
        assert_eq!(fault("openai", &body).as_deref(), Some(field), "{message}");
    }
}

#[test]
fn what_is_the_apps_own_passes() {
    let openai = [
        r#""max_tokens":9,"max_completion_tokens":9"#,
        r#""metadata":{"Model":"x","name":"y","Name":"z"}"#,
        r#""logit_bias":{"1":1,"2":1}"#,
        r#""extra_body":{"model":1,"Model":2,"model":3}"#,
        r#""unknown":1,"unknown":2,"Unknown":3"#,
        concat!(
            r#""tools":[{"type":"function","function":{"name":"f","#,
            r#""parameters":{"type":"object","properties":{"Name":{},"name":{}}}}}]"#,
        ),
        concat!(
            r#""response_format":{"type":"json_schema","json_schema":{"name":"n","#,
            r#""schema":{"properties":{"Type":{},"type":{}}}}}"#,
        ),
        concat!(
            r#""models":["a"],"max":1,"message":"m","":1,"ключ":1,"#,
            r#""a_much_longer_name_than_any_of_ours":1"#,
        ),
    ];
    for more in openai {
        assert_eq!(fault("openai", &format!("{{{OPENAI},{more}}}")), None, "{more}");
    }
    let anthropic = [
        concat!(
            r#""tools":[{"name":"f","input_schema":{"type":"object","properties":{"Name":{},"#,
            r#""name":{}}}}]"#,
        ),
        r#""mcp_servers":[{"name":"a","Name":"b"}]"#,
    ];
    for more in anthropic {
        assert_eq!(fault("anthropic", &format!("{{{ANTHROPIC},{more}}}")), None, "{more}");
    }
}

#[test]
fn every_word_of_every_dialect_has_its_own_bit_and_its_own_reading() {
    let endpoints = client::ALL.iter().flat_map(|client| client.endpoints);
    for inbound in endpoints.filter_map(client::Endpoint::inbound) {
        let words = (inbound.words)();
        assert!((20..=128).contains(&words.words.len()), "{}", words.words.len());
        for (place, word) in words.words.iter().enumerate() {
            // Two that read alike would be found at the place of one of them.
            let (found, same) = words.find(word.name).unwrap();
            assert_eq!((found as usize, same.name), (place, word.name));
        }
    }
}

#[test]
fn a_name_that_is_too_long_is_none() {
    assert!(fold("disable_parallel_tool_use").is_some());
    assert!(fold("abcdefghijklmnopqrstuvwx").is_some());
    assert!(fold("abcdefghijklmnopqrstuvwxy").is_none());
    assert!(fold("modèle").is_none());
}
