//! A line of the access log, as far as a report reads it.
use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// One request.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) request_id: String,
    /// What it may be grouped by: `class`, `chain`, `model`, `tenant`, `user`, `key`, `route`,
    /// `api`.
    pub(super) names: BTreeMap<&'static str, String>,
    /// The arm that it has in each experiment.
    pub(super) arms: BTreeMap<String, String>,
    pub(super) failed: bool,
    pub(super) fell_back: bool,
    /// An answer of it was not accepted, and another model asked.
    pub(super) not_accepted: bool,
    pub(super) duration_ms: f64,
    pub(super) first_ms: Option<f64>,
    pub(super) input_tokens: f64,
    pub(super) cached_tokens: f64,
    pub(super) output_tokens: f64,
    pub(super) credits: f64,
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
    let arms = line.get("arms").and_then(Value::as_object).into_iter().flatten();
    Said::Request(Box::new(Entry {
        request_id,
        names: names.filter(|(_, value)| !value.is_empty()).collect(),
        arms: arms
            .filter_map(|(name, arm)| Some((name.clone(), arm.as_str()?.to_owned())))
            .collect(),
        // Who leaves has not been failed.
        failed: status >= 400.0 && status != 499.0,
        fell_back: alone.len() > 1,
        not_accepted: alone.contains(&NOT_ACCEPTED),
        duration_ms: number("duration_ms"),
        first_ms: line.get("first_ms").and_then(Value::as_f64),
        input_tokens: number("input_tokens"),
        cached_tokens: number("cached_input_tokens"),
        output_tokens: number("output_tokens"),
        credits: number("credits"),
        comes_to: comes_to(&line),
    }))
}

/// The kind of an answer and its digest, where it has both.
fn comes_to(line: &Map<String, Value>) -> Option<String> {
    let (kind, digest) = (text_of(line, "answer_kind"), text_of(line, "answer_digest"));
    (!kind.is_empty() && !digest.is_empty()).then(|| format!("{kind} {digest}"))
}

fn text_of(line: &Map<String, Value>, member: &str) -> String {
    line.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn text_in<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Said, read};

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
        assert_eq!((entry.duration_ms, entry.first_ms, entry.credits), (120.0, Some(80.0), 0.01));
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
    fn what_is_no_request_is_known() {
        assert!(matches!(read("starting"), Said::Unreadable));
        assert!(matches!(read("{\"a\": "), Said::Unreadable));
        assert!(matches!(read(r#"{"path":"/v1/models","status":200}"#), Said::Other));
        let line = r#"{"status":200,"feedback":{"request_id":"r","score":0.5}}"#;
        let Said::Feedback { request_id, score } = read(line) else { panic!("no feedback") };
        assert_eq!((&*request_id, score), ("r", 0.5));
    }
}
