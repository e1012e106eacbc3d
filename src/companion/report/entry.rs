//! A line of the access log, as far as a report reads it.
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::usage::Usage;

/// One request.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) request_id: String,
    /// What it may be grouped by: `class`, `chain`, `model`, `tenant`, `user`, `key`, `route`,
    /// `api`.
    pub(super) names: BTreeMap<&'static str, String>,
    /// The digest of the policy that served it; empty in lines of older versions.
    pub(super) policy: String,
    /// The arm that it has in each experiment.
    pub(super) arms: BTreeMap<String, String>,
    /// A digest of what keeps each of these arms, where that is not the request alone.
    pub(super) units: BTreeMap<String, String>,
    pub(super) failed: bool,
    pub(super) fell_back: bool,
    /// An answer of it was not accepted, and another model asked.
    pub(super) not_accepted: bool,
    pub(super) duration_ms: f64,
    pub(super) first_ms: Option<f64>,
    pub(super) input_tokens: f64,
    pub(super) output_tokens: f64,
    /// What was charged; `None` where nobody counts.
    pub(super) credits: Option<f64>,
    pub(super) answer: Answer,
    /// What its answer comes to, where that is compared with its copy's.
    pub(super) comes_to: Option<String>,
}

/// A copy, as its line of the access log tells of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Copy {
    pub(super) experiment: String,
    /// The id of the app's own request.
    pub(super) of: String,
    /// What its answer comes to; `None` where it has none that could be compared.
    pub(super) comes_to: Option<String>,
    pub(super) credits: f64,
}

/// What the answer alone used that the app had: of all attempts it is the one that another model
/// would have used, too.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Answer {
    /// There was none.
    #[default]
    None,
    /// The line has only what all attempts used: an older version wrote it.
    Untold,
    Used(Usage),
}

/// What a line says.
#[derive(Debug)]
pub(super) enum Said {
    /// A request that was decided on.
    Request(Box<Entry>),
    /// A copy of a request, which served nobody.
    Copy(Copy),
    /// What an app thinks of an earlier answer, by the id of its request.
    Feedback { request_id: String, score: f64 },
    /// Nothing that a report is made of: a list of models, a refusal by Envoy.
    Other,
    /// No line of an access log.
    Unreadable,
}

/// The members that a request may be grouped by.
pub(super) const NAMES: [&str; 8] =
    ["class", "chain", "model", "tenant", "user", "key", "route", "api"];

/// What becomes of an answer that its cascade does not accept.
const NOT_ACCEPTED: &str = "not_accepted";

/// Reads a line; something may stand before it, as a container's log has its time there.
pub(super) fn read(line: &str) -> Said {
    let Some(begin) = line.find('{') else { return Said::Unreadable };
    let text = line.get(begin..).unwrap_or_default();
    let Ok(Value::Object(line)) = serde_json::from_str::<Value>(text) else {
        return Said::Unreadable;
    };
    let request_id = text_of(&line, "request_id");
    if let Some(score) = line.get("feedback").and_then(|own| own.get("score")?.as_f64()) {
        let about = line.get("feedback").and_then(|own| own.get("request_id")?.as_str());
        return Said::Feedback { request_id: about.unwrap_or_default().to_owned(), score };
    }
    let number = |member: &str| line.get(member).and_then(Value::as_f64).unwrap_or_default();
    if line.contains_key("shadow_of") {
        return Said::Copy(Copy {
            experiment: text_of(&line, "shadow"),
            of: text_of(&line, "shadow_of"),
            comes_to: comes_to(&line),
            credits: number("credits"),
        });
    }
    if !line.contains_key("chain") {
        return Said::Other;
    }
    let attempts = line.get("attempts").and_then(Value::as_array).map(Vec::as_slice);
    let attempts = attempts.unwrap_or_default();
    // Of two models whose answers are to agree the first is not accepted alone. Where the second
    // is, both were asked for one answer, and nothing was fallen back from.
    let agreed = attempts
        .iter()
        .position(|own| own.get("conclusion").is_some() && text_in(own, "outcome") != NOT_ACCEPTED);
    let agreed = agreed.and_then(|second| second.checked_sub(1));
    let alone = attempts.iter().enumerate().filter(|(index, _)| Some(*index) != agreed);
    let alone: Vec<&str> = alone.map(|(_, own)| text_in(own, "outcome")).collect();
    let status = number("status");
    let names = NAMES.iter().map(|name| (*name, text_of(&line, name)));
    Said::Request(Box::new(Entry {
        request_id,
        names: names.filter(|(_, value)| !value.is_empty()).collect(),
        policy: text_of(&line, "policy"),
        arms: texts_of(&line, "arms"),
        units: texts_of(&line, "units"),
        // Who leaves has not been failed.
        failed: status >= 400.0 && status != 499.0,
        fell_back: alone.len() > 1,
        not_accepted: alone.contains(&NOT_ACCEPTED),
        duration_ms: number("duration_ms"),
        first_ms: line.get("first_ms").and_then(Value::as_f64),
        input_tokens: number("input_tokens"),
        output_tokens: number("output_tokens"),
        credits: line.get("credits").and_then(Value::as_f64),
        answer: answer(&line, attempts),
        comes_to: comes_to(&line),
    }))
}

/// The kind of an answer and its digest, where it has both.
fn comes_to(line: &Map<String, Value>) -> Option<String> {
    let (kind, digest) = (text_of(line, "answer_kind"), text_of(line, "answer_digest"));
    (!kind.is_empty() && !digest.is_empty()).then(|| format!("{kind} {digest}"))
}

/// What the answer alone used.
fn answer(line: &Map<String, Value>, attempts: &[Value]) -> Answer {
    let Some(model) = line.get("model").and_then(Value::as_str) else { return Answer::None };
    if let Some(parts) = line.get("used_by").and_then(Value::as_array) {
        let own = parts.iter().find(|part| text_in(part, "model") == model);
        return own.and_then(Value::as_object).map_or(Answer::Untold, usage);
    }
    // An attempt before the last that began an answer may be in the sum. Where versions that tell
    // them apart say nothing, none is.
    let before = attempts.split_last().map_or(&[][..], |(_, before)| before);
    let began =
        |own: &Value| own.get("status").and_then(Value::as_u64).is_some_and(|own| own < 300);
    if !line.contains_key("policy") && before.iter().any(began) {
        return Answer::Untold;
    }
    usage(line)
}

/// Usage as the log has it: its input holds what was cached, its output what was reasoning.
fn usage(members: &Map<String, Value>) -> Answer {
    let number = |member: &str| members.get(member).and_then(Value::as_u64).unwrap_or_default();
    let (cached_input, cache_write) = (number("cached_input_tokens"), number("cache_write_tokens"));
    let fresh = number("input_tokens").saturating_sub(cached_input).saturating_sub(cache_write);
    Answer::Used(Usage {
        input: fresh,
        cached_input,
        cache_write,
        output: number("output_tokens"),
        reasoning: number("reasoning_tokens"),
        ..Usage::default()
    })
}

fn texts_of(line: &Map<String, Value>, member: &str) -> BTreeMap<String, String> {
    let all = line.get(member).and_then(Value::as_object).into_iter().flatten();
    all.filter_map(|(name, own)| Some((name.clone(), own.as_str()?.to_owned()))).collect()
}

fn text_of(line: &Map<String, Value>, member: &str) -> String {
    line.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn text_in<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Answer, Said, Usage, read};

    #[test]
    fn a_line_is_read_wherever_it_begins() {
        let line = concat!(
            r#"2026-11-29T10:00:00Z {"status":200,"duration_ms":120,"request_id":"r","#,
            r#""tenant":"acme","#,
            r#""chain":"premium","class":"hard","arms":{"try":"b"},"attempts":["#,
            r#"{"model":"a","outcome":"#,
            r#""overloaded"},{"model":"b","outcome":"answered"}],"first_ms":80,"credits":0.01}"#
        );
        let Said::Request(entry) = read(line) else { panic!("no request") };
        assert!(entry.fell_back && !entry.failed && !entry.not_accepted);
        assert_eq!((entry.duration_ms, entry.first_ms), (120.0, Some(80.0)));
        assert_eq!(entry.credits, Some(0.01));
        assert_eq!(entry.names.get("class").map(String::as_str), Some("hard"));
        assert_eq!(entry.arms.get("try").map(String::as_str), Some("b"));
    }

    #[test]
    fn two_models_that_agree_have_given_one_answer_that_is_accepted() {
        let first = r#"{"model":"a","outcome":"not_accepted","why":"agree","conclusion":"number"}"#;
        let second = r#"{"model":"b","outcome":"not_accepted","why":"agree","conclusion":"text"}"#;
        let agrees = r#"{"model":"b","outcome":"answered","conclusion":"number"}"#;
        let last = r#"{"model":"c","outcome":"answered"}"#;
        for (attempts, accepted, fell_back) in [
            (vec![first, agrees], true, false),
            (vec![r#"{"model":"z","outcome":"overloaded"}"#, first, agrees], true, true),
            (vec![first, second, last], false, true),
            // What was no conclusion had nobody asked to agree with it.
            (vec![first, last], false, true),
            (vec![last], true, false),
        ] {
            let line = format!(r#"{{"chain":"careful","attempts":[{}]}}"#, attempts.join(","));
            let Said::Request(entry) = read(&line) else { panic!("no request") };
            assert_eq!((!entry.not_accepted, entry.fell_back), (accepted, fell_back), "{line}");
        }
    }

    #[test]
    fn the_answer_alone_is_told_from_what_all_attempts_used() {
        let of = |members: &str| {
            let line = format!(r#"{{"chain":"careful",{members}}}"#);
            let Said::Request(entry) = read(&line) else { panic!("no request") };
            entry.answer
        };
        let used = |input, cached_input, cache_write, output| {
            let none = Usage::default();
            Answer::Used(Usage { input, cached_input, cache_write, output, ..none })
        };
        let sum = concat!(
            r#""input_tokens":2100,"cached_input_tokens":600,"cache_write_tokens":100,"#,
            r#""output_tokens":110"#
        );
        let one = r#""attempts":[{"model":"b","outcome":"answered","status":200}]"#;
        let two = concat!(
            r#""attempts":[{"model":"a","outcome":"not_accepted","status":200},"#,
            r#"{"model":"b","outcome":"answered","status":200}]"#
        );
        let failed =
            two.replacen(r#""not_accepted","status":200"#, r#""overloaded","status":529"#, 1);
        let parts = concat!(
            r#""used_by":[{"model":"a","input_tokens":1000,"output_tokens":50},"#,
            r#"{"model":"b","input_tokens":1100,"cached_input_tokens":600,"#,
            r#""cache_write_tokens":100,"output_tokens":60}]"#
        );
        let (b, policy) = (r#""model":"b""#, r#""policy":"0123456789ab""#);
        for (members, expected) in [
            (format!("{b},{one},{sum}"), used(1400, 600, 100, 110)),
            (format!("{b},{failed},{sum}"), used(1400, 600, 100, 110)),
            (format!("{b},{two},{sum}"), Answer::Untold),
            (format!("{b},{two},{sum},{policy}"), used(1400, 600, 100, 110)),
            (format!("{b},{two},{sum},{policy},{parts}"), used(400, 600, 100, 60)),
            (format!(r#""model":"c",{two},{sum},{policy},{parts}"#), Answer::Untold),
            (format!("{two},{sum},{policy},{parts}"), Answer::None),
        ] {
            assert_eq!(of(&members), expected, "{members}");
        }
    }

    #[test]
    fn what_is_no_request_is_known() {
        assert!(matches!(read("starting"), Said::Unreadable));
        assert!(matches!(read("{\"a\": "), Said::Unreadable));
        assert!(matches!(read(r#"{"path":"/v1/models","status":200}"#), Said::Other));
        let line = r#"{"status":200,"feedback":{"request_id":"r","score":0.5}}"#;
        let Said::Feedback { request_id, score } = read(line) else { panic!("no feedback") };
        assert_eq!((&*request_id, score), ("r", 0.5));
    }
}
