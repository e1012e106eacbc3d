//! Each rule, on answers of each provider's format: whole, and as a stream's events.
use super::{Heard, broken_of};
use crate::decide::{Calls, Expected};
use crate::dialect::{Operation, provider};
use crate::exchange::Acceptance;
use crate::json::{Document, Limits, Writer};
use crate::policy;

/// An answer in nobody's format.
#[derive(Debug, Clone, Copy)]
struct Said<'s> {
    text: &'s str,
    /// The name of a function, and the arguments.
    call: Option<(&'s str, &'s str)>,
    /// The reason of its end, in each format: OpenAI's, Anthropic's, Gemini's.
    stop: [&'s str; 3],
}

const END: [&str; 3] = ["stop", "end_turn", "STOP"];
const CALLS: [&str; 3] = ["tool_calls", "tool_use", "STOP"];
const LIMIT: [&str; 3] = ["length", "max_tokens", "MAX_TOKENS"];
const UNKNOWN: [&str; 3] = ["banana", "banana", "BANANA"];
const FILTER: [&str; 3] = ["content_filter", "refusal", "SAFETY"];

const fn text(text: &str) -> Said<'_> {
    Said { text, call: None, stop: END }
}

const fn call<'s>(name: &'s str, arguments: &'s str) -> Said<'s> {
    Said { text: "", call: Some((name, arguments)), stop: CALLS }
}

fn json(text: &str) -> String {
    let mut out = Writer::new();
    out.string(text);
    String::from_utf8(out.finish()).unwrap()
}

/// The answer of an OpenAI model.
fn openai(said: Said<'_>) -> String {
    let (text, stop) = (json(said.text), said.stop[0]);
    let calls = said.call.map_or(String::new(), |(name, arguments)| {
        format!(
            r#","tool_calls":[{{"id":"c","type":"function","function":{{"name":{},"arguments":{}}}}}]"#,
            json(name),
            json(arguments)
        )
    });
    format!(
        r#"{{"id":"a","model":"m","choices":[{{"index":0,"finish_reason":"{stop}",
            "message":{{"role":"assistant","content":{text}{calls}}}}}]}}"#
    )
}

/// The same as a stream's events.
fn openai_stream(said: Said<'_>) -> Vec<(String, String)> {
    let (text, stop) = (json(said.text), said.stop[0]);
    let mut deltas = vec![format!(r#"{{"role":"assistant","content":{text}}}"#)];
    if let Some((name, arguments)) = said.call {
        let (name, half) = (json(name), arguments.len() / 2);
        deltas.push(format!(
            r#"{{"tool_calls":[{{"index":0,"id":"c","type":"function",
                "function":{{"name":{name},"arguments":{}}}}}]}}"#,
            json(arguments.split_at(half).0)
        ));
        deltas.push(format!(
            r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":{}}}}}]}}"#,
            json(arguments.split_at(half).1)
        ));
    }
    let chunk = |delta: &str, stop: &str| {
        format!(
            r#"{{"id":"a","model":"m","choices":[{{"index":0,"delta":{delta},
                "finish_reason":{stop}}}]}}"#
        )
    };
    let mut events: Vec<String> = deltas.iter().map(|delta| chunk(delta, "null")).collect();
    events.push(chunk("{}", &json(stop)));
    events.push("[DONE]".to_owned());
    events.into_iter().map(|data| (String::new(), data)).collect()
}

/// The answer of an Anthropic model.
fn anthropic(said: Said<'_>) -> String {
    let mut blocks = Vec::new();
    if !said.text.is_empty() {
        blocks.push(format!(r#"{{"type":"text","text":{}}}"#, json(said.text)));
    }
    if let Some((name, arguments)) = said.call {
        blocks.push(format!(
            r#"{{"type":"tool_use","id":"c","name":{},"input":{arguments}}}"#,
            json(name)
        ));
    }
    format!(
        r#"{{"id":"a","type":"message","role":"assistant","model":"m","content":[{}],
            "stop_reason":"{}","usage":{{"input_tokens":1,"output_tokens":1}}}}"#,
        blocks.join(","),
        said.stop[1]
    )
}

/// The answer of a Gemini model.
fn gemini(said: Said<'_>) -> String {
    let mut parts = Vec::new();
    if !said.text.is_empty() {
        parts.push(format!(r#"{{"text":{}}}"#, json(said.text)));
    }
    if let Some((name, arguments)) = said.call {
        let name = json(name);
        parts.push(format!(r#"{{"functionCall":{{"name":{name},"args":{arguments}}}}}"#));
    }
    format!(
        r#"{{"responseId":"a","candidates":[{{"content":{{"parts":[{}]}},
            "finishReason":"{}"}}]}}"#,
        parts.join(","),
        said.stop[2]
    )
}

/// What is heard of a whole answer of a provider's.
fn heard(provider: &str, answer: &str) -> Heard {
    let endpoint = provider::named(provider).unwrap().endpoint(Operation::CHAT).unwrap();
    let document = Document::parse(answer.as_bytes(), Limits::lenient()).unwrap();
    let mut heard = Heard::default();
    (endpoint.format.read_answer)(&document, &mut |event| heard.hear(&event));
    heard
}

/// What is heard of a streamed one.
fn overheard(provider: &str, events: &[(String, String)]) -> Heard {
    let endpoint = provider::named(provider).unwrap().endpoint(Operation::CHAT).unwrap();
    let mut reader = (endpoint.format.read_stream)();
    let mut heard = Heard::default();
    for (name, data) in events {
        reader.read(name, data, &mut |event| heard.hear(&event));
    }
    heard
}

const SCHEMA: &str = r#"{"type":"object","properties":{"total":{"type":"number"}},"required":["total"],
    "additionalProperties":false}"#;

fn rules() -> policy::Acceptance {
    policy::Acceptance {
        hedging: vec![policy::folded("I'm not sure")],
        min_chars: Some(3),
        max_chars: Some(40),
        ..policy::Acceptance::default()
    }
}

/// The rule that an answer breaks, which must be the same whoever gives it.
fn broken(rules: &policy::Acceptance, expected: &Expected, said: Said<'_>) -> Option<&'static str> {
    let own = Acceptance::of(rules, expected);
    let is_object = said.call.is_none_or(|(_, arguments)| arguments.starts_with('{'));
    let mut all = vec![
        ("openai", heard("openai", &openai(said))),
        ("openai stream", overheard("openai", &openai_stream(said))),
    ];
    if is_object {
        // Elsewhere arguments are values, not a text that may be anything.
        all.push(("anthropic", heard("anthropic", &anthropic(said))));
        all.push(("gemini", heard("gemini", &gemini(said))));
        let stream = [(String::new(), gemini(said))];
        all.push(("gemini stream", overheard("gemini", &stream)));
    }
    let first = broken_of(&own, &all[0].1);
    for (provider, heard) in &all {
        let own = broken_of(&own, heard);
        // Anthropic calls what its filter has cut a refusal.
        let same = own == first || (*provider == "anthropic" && said.stop == FILTER);
        assert!(same, "{provider}: {said:?}: {own:?} is not {first:?}");
    }
    first
}

#[test]
fn every_rule_is_kept_by_some_answers_and_broken_by_others() {
    let weather = ("weather".to_owned(), Some(SCHEMA.to_owned()));
    let tools = vec![weather, ("now".to_owned(), None)];
    let tools = Expected { tools, ..Expected::default() };
    let other = Expected { other_tools: true, ..tools.clone() };
    let form = Expected { text: Some(SCHEMA.to_owned()), ..tools.clone() };
    let object = Expected { text: Some(r#"{"type":"object"}"#.to_owned()), ..Expected::default() };
    let calls = |calls: Calls| Expected { calls, ..tools.clone() };
    let (must, never) = (calls(Calls::Some), calls(Calls::None));
    let named = calls(Calls::Of("now".to_owned()));
    let none = Expected::default();
    let long = "a".repeat(41);
    for (expected, said, rule) in [
        (&none, text("Paris."), None),
        (&none, Said { stop: LIMIT, ..text("Paris") }, Some("finish")),
        (&none, Said { stop: FILTER, ..text("Paris") }, Some("finish")),
        (&none, Said { stop: UNKNOWN, ..text("Paris") }, Some("finish")),
        (&tools, Said { stop: UNKNOWN, ..call("now", "{}") }, Some("finish")),
        (&none, text(" \n"), Some("empty")),
        (&none, text("Well, I\u{2019}M NOT SURE of it."), Some("hedging")),
        (&none, text("Well, I`m\u{a0}not\n sure of it."), Some("hedging")),
        (&none, text("Well, I'm **not** _sure_ of it."), Some("hedging")),
        (&none, text("Well, **I\u{b4}m not\u{200b} sure** of it."), Some("hedging")),
        (&none, text("Well, I\u{2018}m ** not sure of it."), Some("hedging")),
        (&none, text("I am not sure of it."), None),
        (&none, text("\u{200b}\u{feff}\u{2060}\u{ad}\u{e0041}"), Some("empty")),
        (&none, text(" no "), Some("min_chars")),
        (&none, text(&long), Some("max_chars")),
        (&none, text("四十を超えない言葉"), None),
        // Calls.
        (&tools, call("weather", r#"{"total":1}"#), None),
        (&tools, call("weather", r#"{"total":"1"}"#), Some("tools_valid")),
        (&tools, call("weather", "{}"), Some("tools_valid")),
        (&tools, call("weather", r#"{"total":1,"more":2}"#), Some("tools_valid")),
        (&tools, call("weather", r#""total""#), Some("tools_valid")),
        (&tools, call("now", " "), None),
        (&tools, call("now", r#"{"any":1}"#), None),
        (&tools, call("now", "[1]"), Some("tools_valid")),
        (&tools, call("now", r#" {"any":"#), Some("tools_valid")),
        (&tools, call("launch", "{}"), Some("tools_valid")),
        (&other, call("launch", "{}"), None),
        (&must, call("now", "{}"), None),
        (&must, text("Paris."), Some("tools_valid")),
        (&named, call("now", "{}"), None),
        (&named, call("weather", r#"{"total":1}"#), Some("tools_valid")),
        (&never, text("Paris."), None),
        (&never, call("now", "{}"), Some("tools_valid")),
        // A form that was asked for.
        (&form, text(r#" {"total": 1} "#), None),
        (&form, text(r#"{"total": "1"}"#), Some("schema_valid")),
        (&form, text("```json\n{\"total\":1}\n```"), Some("schema_valid")),
        (&form, call("now", "{}"), None),
        (&object, text(r#"{"any": []}"#), None),
        (&object, text("[1]"), Some("schema_valid")),
    ] {
        assert_eq!(broken(&rules(), expected, said), rule, "{said:?}");
    }
}

#[test]
fn one_call_at_most_is_one_where_that_is_asked_for() {
    let calls = r#"{"id":"a","choices":[{"index":0,"finish_reason":"tool_calls","message":{
        "role":"assistant","tool_calls":[
        {"id":"1","type":"function","function":{"name":"now","arguments":"{}"}},
        {"id":"2","type":"function","function":{"name":"now","arguments":"{}"}}]}}]}"#;
    let tools = vec![("now".to_owned(), None)];
    let mut expected = Expected { tools, ..Expected::default() };
    let heard = heard("openai", calls);
    assert_eq!(broken_of(&Acceptance::of(&rules(), &expected), &heard), None);
    expected.only_one = true;
    assert_eq!(broken_of(&Acceptance::of(&rules(), &expected), &heard), Some("tools_valid"));
}

/// An answer whose provider never says why it ended may have been cut anywhere.
#[test]
fn an_answer_of_which_nobody_says_that_it_ended_has_not_ended_itself() {
    let whole = r#"{"id":"a","choices":[{"index":0,"finish_reason":null,
        "message":{"role":"assistant","content":"Paris."}}]}"#;
    let open = r#"{"id":"a","choices":[{"index":0,"finish_reason":null,
        "delta":{"content":"Paris."}}]}"#;
    let events = [open, "[DONE]"].map(|data| (String::new(), data.to_owned()));
    for heard in [heard("openai", whole), overheard("openai", &events)] {
        let broken = |rules: &policy::Acceptance| {
            broken_of(&Acceptance::of(rules, &Expected::default()), &heard)
        };
        assert_eq!(broken(&rules()), Some("finish"));
        assert_eq!(broken(&policy::Acceptance { finish: false, ..rules() }), None);
    }
}

/// What all calls of an answer make to be compared is bounded together.
#[test]
fn a_schema_that_asks_much_is_not_asked_for_each_call() {
    let names =
        |of: &str, n: u32| (0..n).map(|at| format!("\"{of}{at}\":{{}}")).collect::<Vec<_>>();
    let properties = names("p", 2000).join(",");
    let schema = format!(r#"{{"type":"object","properties":{{{properties}}}}}"#);
    let arguments = format!("{{{}}}", names("a", 100).join(","));
    let answer = |calls: usize| {
        let own = json(&arguments);
        let call = format!(
            r#"{{"id":"1","type":"function","function":{{"name":"f","arguments":{own}}}}}"#
        );
        let calls = vec![call; calls].join(",");
        format!(
            r#"{{"id":"a","choices":[{{"index":0,"finish_reason":"tool_calls","message":{{
            "role":"assistant","tool_calls":[{calls}]}}}}]}}"#
        )
    };
    let tools = vec![("f".to_owned(), Some(schema))];
    let expected = Expected { tools, ..Expected::default() };
    let rules = rules();
    let own = Acceptance::of(&rules, &expected);
    assert_eq!(broken_of(&own, &heard("openai", &answer(5))), None);
    assert_eq!(broken_of(&own, &heard("openai", &answer(50))), Some("tools_valid"));
}

#[test]
fn a_refusal_is_one_by_its_providers_mark() {
    let openai = r#"{"id":"a","choices":[{"index":0,"finish_reason":"stop",
        "message":{"role":"assistant","content":null,"refusal":"I will not."}}]}"#;
    let anthropic = anthropic(Said { stop: FILTER, ..text("I will not.") });
    for (provider, answer) in [("openai", openai), ("anthropic", &*anthropic)] {
        let heard = heard(provider, answer);
        let expected = Expected::default();
        let strict = rules();
        assert_eq!(broken_of(&Acceptance::of(&strict, &expected), &heard), Some("refusal"));
        let lax = policy::Acceptance { refusal: true, empty: true, finish: false, ..rules() };
        let lax = policy::Acceptance { min_chars: None, ..lax };
        assert_eq!(broken_of(&Acceptance::of(&lax, &expected), &heard), None, "{provider}");
    }
}

/// Each rule that is switched off lets an answer pass that breaks nothing else.
#[test]
fn a_rule_that_is_off_is_broken_by_nothing() {
    let tools = vec![("weather".to_owned(), Some(SCHEMA.to_owned()))];
    let expected = Expected { tools, text: Some(SCHEMA.to_owned()), ..Expected::default() };
    let usual = policy::Acceptance::default();
    for (off, said, rule) in [
        (
            policy::Acceptance { finish: false, schema_valid: false, ..usual.clone() },
            Said { stop: LIMIT, ..text("{") },
            "finish",
        ),
        (
            policy::Acceptance { empty: true, schema_valid: false, ..usual.clone() },
            text(""),
            "empty",
        ),
        (policy::Acceptance { schema_valid: false, ..usual.clone() }, text("{}"), "schema_valid"),
        (
            policy::Acceptance { tools_valid: false, ..usual.clone() },
            call("weather", "{}"),
            "tools_valid",
        ),
    ] {
        assert_eq!(broken(&off, &expected, said), None, "{said:?}");
        assert_eq!(broken(&usual, &expected, said), Some(rule), "{said:?}");
    }
}
