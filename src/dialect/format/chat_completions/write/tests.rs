//! Requests, read and written again: what a provider of this format gets from another's app.
use super::{unsupported, write};
use crate::dialect::format::chat_completions::read::read;
use crate::dialect::{
    Ask, Block, Effort, File, FileSource, Given, Image, Number, Reasoning, Role, Target, Tool, Turn,
};
use crate::json::{Document, Limits};

const TARGET: Target<'static> = Target { model: "gpt-x", max_output_tokens: 100 };

fn once(body: &str) -> String {
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    String::from_utf8(write(&read(&document).expect(body), &TARGET)).unwrap()
}

/// What is written says the same when it is read again.
fn rewritten(body: &str) -> String {
    let out = once(body);
    assert_eq!(once(&out), out);
    out
}

/// What stands around the messages when nothing else is asked.
fn messages(list: &str) -> String {
    format!(r#"{{"model":"gpt-x","messages":[{list}]}}"#)
}

fn text(ask: &Ask<'_>) -> String {
    String::from_utf8(write(ask, &TARGET)).unwrap()
}

#[test]
fn messages_become_turns_and_turns_messages() {
    let cases = [
        // Instructions stand first, each by itself.
        (
            r#"{"role":"system","content":"a"},{"role":"user","content":"x"},
               {"role":"developer","content":[{"type":"text","text":"b"}]}"#,
            concat!(
                r#"{"role":"system","content":"a"},{"role":"system","content":"b"},"#,
                r#"{"role":"user","content":"x"}"#,
            ),
        ),
        // Neighbours of one role join.
        (
            r#"{"role":"user","content":"x"},{"role":"user","content":"y\n\"z\""}"#,
            concat!(
                r#"{"role":"user","content":[{"type":"text","text":"x"},{"type":"text","#,
                r#""text":"y\n\"z\""}]}"#,
            ),
        ),
        // Calls, their results, and what the user said among them.
        (
            r#"{"role":"user","content":"x"},
               {"role":"assistant","content":"","refusal":null,"annotations":[],"audio":null,
                "function_call":null,"tool_calls":[
                 {"index":0,"id":"1","type":"function",
                   "function":{"name":"f","arguments":"{\"a\":1}"}},
                 {"id":"2","type":"function","function":{"name":"g","arguments":""}}]},
               {"role":"tool","tool_call_id":"1","content":"one"},
               {"role":"user","content":"and"},
               {"role":"tool","name":"g","tool_call_id":"2",
                "content":[{"type":"text","text":"two"}]}"#,
            concat!(
                r#"{"role":"user","content":"x"},{"role":"assistant","content":null,"#,
                r#""tool_calls":[{"id":"1","type":"function","function":{"name":"f","#,
                r#""arguments":"{\"a\":1}"}},{"id":"2","type":"function","#,
                r#""function":{"name":"g","arguments":"{}"}}]},{"role":"tool","#,
                r#""tool_call_id":"1","content":"one"},{"role":"tool","tool_call_id":"2","#,
                r#""content":"two"},{"role":"user","content":"and"}"#,
            ),
        ),
        // Thoughts stay with the provider whose model thought them; a refusal travels.
        (
            r#"{"role":"assistant","reasoning_content":"hm","content":null,"refusal":"no"}"#,
            r#"{"role":"assistant","content":null,"refusal":"no"}"#,
        ),
        // The same among the parts.
        (
            r#"{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
               {"type":"text","text":"a"},{"type":"refusal","refusal":"no"}]}"#,
            r#"{"role":"assistant","content":"a","refusal":"no"}"#,
        ),
        // Images, in place and by address.
        (
            r#"{"role":"user","content":[{"type":"text","text":"see"},
               {"type":"image_url","image_url":{"url":"https://x/y.png","detail":"high"}},
               {"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}"#,
            concat!(
                r#"{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","#,
                r#""image_url":{"url":"https://x/y.png"}},{"type":"image_url","#,
                r#""image_url":{"url":"data:image/png;base64,AA=="}}]}"#,
            ),
        ),
    ];
    for (given, expected) in cases {
        assert_eq!(rewritten(&messages(given)), messages(expected));
    }
}

#[test]
fn fields_are_written_as_they_were_read() {
    // Members as read, and as written where that differs.
    let cases = [
        (r#""stream":true"#, Some(r#""stream":true,"stream_options":{"include_usage":true}"#)),
        (r#""max_tokens":5"#, Some(r#""max_completion_tokens":5"#)),
        (r#""temperature":0.70,"top_p":1e-1,"seed":-3"#, None),
        (r#""frequency_penalty":-2,"presence_penalty":2.0"#, None),
        (r#""stop":"x""#, Some(r#""stop":["x"]"#)),
        (r#""reasoning_effort":"none""#, Some("")),
        (r#""reasoning_effort":"minimal""#, Some(r#""reasoning_effort":"low""#)),
        (r#""reasoning_effort":"medium""#, None),
        (r#""reasoning_effort":"xhigh""#, Some(r#""reasoning_effort":"high""#)),
        (r#""tool_choice":"auto""#, Some("")),
        (
            concat!(
                r#""tools":[{"type":"function","function":{"name":"f"}}],"#,
                r#""tool_choice":{"type":"function","function":{"name":"f"}},"#,
                r#""parallel_tool_calls":false"#,
            ),
            None,
        ),
        (
            concat!(
                r#""tools":[{"type":"function","function":{"name":"f","description":"d","#,
                r#""parameters":{"b":1.0, "a":2},"strict":true}}],"tool_choice":"required""#,
            ),
            None,
        ),
        (r#""response_format":{"type":"json_object"}"#, None),
        (
            concat!(
                r#""response_format":{"type":"json_schema","json_schema":{"name":"n","#,
                r#""schema":{"type":"object"},"strict":false}}"#,
            ),
            None,
        ),
        (r#""user":"u""#, None),
    ];
    for (given, expected) in cases {
        let user = r#"{"role":"user","content":"hi"}"#;
        let expected = expected.unwrap_or(given);
        let comma = if expected.is_empty() { "" } else { "," };
        let expected = format!(r#"{{"model":"gpt-x","messages":[{user}]{comma}{expected}}}"#);
        let given = format!(r#"{{"model":"m","messages":[{user}],{given}}}"#);
        assert_eq!(rewritten(&given), expected);
    }
}

#[test]
fn images_of_results_follow_in_the_users_message() {
    let image = Block::Image(Image::Base64 { media_type: "image/png".into(), data: "AA==".into() });
    let result = |id: &'static str, content, failed| Block::ToolResult {
        id: id.into(),
        name: "f".into(),
        content,
        failed,
    };
    let blocks = vec![
        result("1", vec![Block::Text("seen".into()), image], false),
        result("2", vec![Block::Text("no".into())], true),
        result("3", vec![], false),
        Block::Text("go on".into()),
    ];
    let ask = Ask { turns: vec![Turn { role: Role::User, blocks }], ..Ask::default() };
    let expected = concat!(
        r#"{"role":"tool","tool_call_id":"1","content":[{"type":"text","text":"seen"},"#,
        r#"{"type":"text","text":"(The images of this result follow.)"}]},"#,
        r#"{"role":"tool","tool_call_id":"2","content":"The tool call failed: no"},"#,
        r#"{"role":"tool","tool_call_id":"3","content":""},"#,
        concat!(
            r#"{"role":"user","content":[{"type":"text","#,
            r#""text":"Images in the result of tool call 1:"},"#,
        ),
        r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},"#,
        r#"{"type":"text","text":"go on"}]}"#,
    );
    assert_eq!(text(&ask), messages(expected));
}

#[test]
fn what_cannot_be_said_is_named_and_left_out() {
    let number = |text, value| Some(Given { value: Number { text, value }, field: "it" });
    let four = || Some(Given { value: vec!["a".into(); 4], field: "it" });
    let ask = Ask::default;
    let effort = Some(Given { value: Reasoning::Effort(Effort::Low), field: "thinking" });
    let off = Some(Given { value: Reasoning::Off, field: "thinking" });
    let while_reasoning = "`it` is not offered by this model while it reasons";
    let cases: [(&str, Ask<'_>, Option<&str>); 20] = [
        (
            "gpt-4o",
            Ask { top_k: number("3", 3.0), ..ask() },
            Some("`it` is not offered by this provider"),
        ),
        ("gpt-4o", Ask { temperature: number("2", 2.0), ..ask() }, None),
        (
            "gpt-4o",
            Ask { temperature: number("2.1", 2.1), ..ask() },
            Some("`it` must be between 0 and 2 there"),
        ),
        (
            "gpt-4o",
            Ask { top_p: number("-1", -1.0), ..ask() },
            Some("`it` must be between 0 and 1 there"),
        ),
        ("gpt-4o", Ask { stop: four(), ..ask() }, None),
        (
            "gpt-4o",
            Ask { stop: Some(Given { value: vec!["a".into(); 5], field: "it" }), ..ask() },
            Some("`it` has more than 4 texts"),
        ),
        ("o3-mini", Ask { stop: four(), ..ask() }, Some(while_reasoning)),
        ("o3-mini", Ask { temperature: number("1", 1.0), ..ask() }, None),
        ("openai/o3", Ask { temperature: number("0", 0.0), ..ask() }, Some(while_reasoning)),
        ("gpt-5-mini", Ask { top_p: number("0.5", 0.5), ..ask() }, Some(while_reasoning)),
        ("gpt-5-chat-latest", Ask { top_p: number("0.5", 0.5), ..ask() }, None),
        ("gpt-5.2", Ask { temperature: number("0", 0.0), ..ask() }, None),
        (
            "gpt-5.2",
            Ask { temperature: number("0", 0.0), reasoning: effort, ..ask() },
            Some(while_reasoning),
        ),
        ("gpt-5.5", Ask { temperature: number("0", 0.0), ..ask() }, Some(while_reasoning)),
        ("gpt-5.5", Ask { temperature: number("0", 0.0), reasoning: off, ..ask() }, None),
        ("gpt-6-luna", Ask { temperature: number("0", 0.0), ..ask() }, Some(while_reasoning)),
        ("gpt-6-luna", Ask { stop: four(), ..ask() }, Some(while_reasoning)),
        ("omni", Ask { temperature: number("0", 0.0), ..ask() }, None),
        ("o1ympus", Ask { temperature: number("0", 0.0), ..ask() }, None),
        ("gpt-5x", Ask { stop: four(), ..ask() }, None),
    ];
    for (model, ask, lack) in cases {
        let target = Target { model, max_output_tokens: 1 };
        let mut out = Vec::new();
        unsupported(&ask, &target, &mut out);
        let told: Vec<String> = out.iter().map(ToString::to_string).collect();
        assert_eq!(told, lack.into_iter().collect::<Vec<_>>(), "{model} {ask:?}");
        let body = String::from_utf8(write(&ask, &target)).unwrap();
        let empty = format!(r#"{{"model":"{model}","messages":[]"#);
        let rest = body.strip_prefix(&empty).unwrap();
        let said = rest.trim_end_matches(r#","reasoning_effort":"low"}"#);
        assert_eq!(lack.is_some(), said.is_empty() || said == "}", "{body}");
    }
}

#[test]
fn effort_is_said_in_the_words_of_the_model() {
    let tools = || vec![Tool { name: "f".into(), ..Tool::default() }];
    let effort = |value| Some(Given { value, field: "thinking" });
    let some = |word| Reasoning::Effort(word);
    // What is asked, whether functions are offered, what is written, and whether it is refused.
    let cases = [
        ("gpt-4o", None, false, None, false),
        ("gpt-4o", effort(Reasoning::Off), true, None, false),
        ("gpt-4o", effort(some(Effort::Low)), false, None, true),
        ("openai/gpt-5.3-chat-latest", effort(some(Effort::Low)), false, None, true),
        ("gpt-oss-120b", effort(some(Effort::Low)), true, Some("low"), false),
        ("o3", effort(Reasoning::Adaptive), true, None, false),
        ("o3", effort(some(Effort::Minimal)), true, Some("low"), false),
        ("gpt-5", effort(some(Effort::Minimal)), true, Some("minimal"), false),
        ("gpt-5-mini", effort(Reasoning::Off), false, Some("minimal"), false),
        ("gpt-5.1", effort(Reasoning::Off), true, Some("none"), false),
        ("gpt-5.1", effort(some(Effort::Max)), true, Some("high"), false),
        ("gpt-5.2-2025-12-11", effort(some(Effort::Max)), true, Some("xhigh"), false),
        ("gpt-5.2", effort(Reasoning::Budget(5000)), true, Some("medium"), false),
        ("gpt-5.2", effort(Reasoning::Budget(0)), true, Some("none"), false),
        ("gpt-5.6-terra", None, false, None, false),
        ("gpt-5.6-terra", None, true, Some("none"), false),
        ("gpt-5.6-terra", effort(Reasoning::Adaptive), true, Some("none"), false),
        ("gpt-5.6-terra", effort(some(Effort::Max)), false, Some("max"), false),
        ("openai/gpt-5.4", effort(some(Effort::High)), false, Some("high"), false),
        ("openai/gpt-5.4", effort(some(Effort::High)), true, Some("none"), false),
        ("gpt-6-luna", None, true, Some("none"), false),
        ("gpt-6-luna-2026-10-01", effort(some(Effort::Max)), false, Some("max"), false),
        ("gpt-6-astra", effort(Reasoning::Off), false, Some("low"), false),
        ("llama-4", effort(some(Effort::Max)), true, Some("high"), false),
    ];
    for (model, reasoning, functions, word, refused) in cases {
        let target = Target { model, max_output_tokens: 1 };
        let tools = if functions { tools() } else { vec![] };
        let ask = Ask { reasoning, tools, ..Ask::default() };
        let body = String::from_utf8(write(&ask, &target)).unwrap();
        let field = word.map(|word| format!(r#""reasoning_effort":"{word}""#));
        match field {
            Some(field) => assert!(body.contains(&field), "{model} {reasoning:?}: {body}"),
            None => assert!(!body.contains("effort"), "{model} {reasoning:?}: {body}"),
        }
        let mut out = Vec::new();
        unsupported(&ask, &target, &mut out);
        out.retain(|field| !field.reason.is_advice);
        assert_eq!(!out.is_empty(), refused, "{model} {reasoning:?}: {out:?}");
    }
}

/// What is asked of its thinking and a model does not do is named, whatever it is.
#[test]
fn thinking_that_is_not_done_is_named() {
    let tools = || vec![Tool { name: "f".into(), ..Tool::default() }];
    for (model, value, functions, named) in [
        ("gpt-6-sol", Reasoning::Adaptive, true, true),
        ("gpt-6-sol", Reasoning::Effort(Effort::Medium), true, true),
        ("gpt-6-sol", Reasoning::Off, true, false),
        // Thinks unasked.
        ("gpt-6-sol", Reasoning::Adaptive, false, false),
        ("o3", Reasoning::Adaptive, true, false),
        ("gpt-5.2", Reasoning::Adaptive, true, true),
        ("gpt-4.1", Reasoning::Adaptive, false, true),
        ("llama-4", Reasoning::Adaptive, false, false),
    ] {
        let tools = if functions { tools() } else { vec![] };
        let reasoning = Some(Given { value, field: "thinking" });
        let ask = Ask { reasoning, tools, ..Ask::default() };
        let mut out = Vec::new();
        unsupported(&ask, &Target { model, max_output_tokens: 1 }, &mut out);
        let found = out.iter().any(|own| own.field == "thinking" && own.reason.is_advice);
        assert_eq!(found, named, "{model} {value:?}: {out:?}");
    }
}

/// A document's title is no file's name.
#[test]
fn a_file_has_a_name_that_says_what_it_is() {
    for (title, expected) in [
        (None, "document.pdf"),
        (Some(""), "document.pdf"),
        (Some(" "), "document.pdf"),
        (Some("Quarterly report"), "Quarterly report.pdf"),
        (Some("report.PDF"), "report.PDF"),
        (Some("é"), "é.pdf"),
        (Some("b.docx"), "b.docx.pdf"),
    ] {
        let source = FileSource::Pdf("JVBERi0=".into());
        let blocks = vec![Block::File(File { name: title.map(Into::into), source })];
        let ask = Ask { turns: vec![Turn { role: Role::User, blocks }], ..Ask::default() };
        let body = write(&ask, &Target { model: "gpt-4.1", max_output_tokens: 1 });
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains(&format!(r#""filename":"{expected}""#)), "{title:?}: {body}");
    }
}

#[test]
fn names_that_are_too_long_become_digests() {
    let id = "c".repeat(41);
    let user = "u".repeat(65);
    let body = format!(
        r#"{{"model":"m","user":"{user}","messages":[
          {{"role":"assistant","tool_calls":[{{"id":"{id}",
            "function":{{"name":"f","arguments":"{{}}"}}}}]}},
          {{"role":"tool","tool_call_id":"{id}","content":"x"}}]}}"#
    );
    let out = rewritten(&body);
    // SHA-256 of 41 times `c`, cut to 40 digits, and of 65 times `u`.
    let (id, user) = (
        "2d55900a1d3409d7a599bb69946cbd9ae27a4868",
        "f20e249d15fa4b9f44ba21d154f62e1efa76ddfdce5d25139a33a4787cee5a8b",
    );
    assert_eq!(out.matches(&format!(r#"id":"{id}""#)).count(), 2, "{out}");
    assert!(out.contains(&format!(r#""user":"{user}""#)), "{out}");
}
