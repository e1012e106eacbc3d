//! One request's line of the access log.
//!
//! Envoy writes a line once the request is over: what it knows itself, and in one place what is
//! collected here, as members of the same JSON object. It copies that as it is. So it is written
//! with all quotes and commas, and leaves the edge role once: a host call for each member would
//! cost more than all of them together. It begins within the string that Envoy has opened and ends
//! within the one that Envoy closes, since where nothing is collected Envoy puts a word of its own.
use super::filter_state::LOG;
use super::{Effect, Report, Said};
use crate::decide::{Entry, Trace, Verdict, logged};
use crate::dialect::Fault;
use crate::json::Writer;
use crate::policy::Tenant;
use crate::usage::Usage;

/// Bytes that most lines have room in.
const USUAL: usize = 512;

/// What is collected of one request.
#[derive(Debug, Default)]
pub(super) struct Line {
    members: Writer,
    /// When the request came, by the proxy's clock in milliseconds; 0 where none has come.
    begun_ms: u64,
    /// Somebody of ours refuses it.
    refused: bool,
    /// What it has cost, where that is known.
    credits: Option<String>,
}

/// What a request says of itself first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opened<'r> {
    pub(super) request_id: &'r str,
    pub(super) method: &'r str,
    /// Without its query, where some apps put a key.
    pub(super) path: &'r str,
}

impl Line {
    /// A request has come.
    pub(super) fn begin(&mut self, opened: Opened<'_>, now_ms: u64) {
        let Opened { request_id, method, path } = opened;
        self.members = Writer::with_capacity(USUAL);
        self.begun_ms = now_ms;
        self.text("request_id", request_id);
        self.text("method", &logged(method));
        self.text("path", &logged(path));
    }

    /// Whose it is, and what it is for.
    pub(super) fn caller(&mut self, client: &str, operation: &str, tenant: &Tenant) {
        self.text("api", client);
        self.text("operation", operation);
        self.text("tenant", &tenant.tenant);
        for (name, label) in [("user", &tenant.user), ("key", &tenant.key)] {
            label.iter().for_each(|label| self.text(name, label));
        }
    }

    /// It is a copy, for that experiment, of the request of that id.
    pub(super) fn copy_of(&mut self, experiment: &str, request_id: &str) {
        self.text("shadow", experiment);
        self.text("shadow_of", &logged(request_id));
    }

    /// It goes on with the answer of the request of that id.
    pub(super) fn rest_of(&mut self, request_id: &str) {
        self.text("resumes", &logged(request_id));
    }

    /// The model that the app asks for: the name of a route, where there is one.
    pub(super) fn asks(&mut self, model: &str, streamed: bool) {
        self.text("route", &logged(model));
        self.members.key("stream").boolean(streamed);
    }

    /// Somebody of ours refuses it, and why.
    pub(super) fn refuse(&mut self, by: &str, why: &str) {
        if !core::mem::replace(&mut self.refused, true) {
            self.text("refused_by", by);
            self.text("refused", &logged(&without_values(why)));
        }
    }

    /// The gateway answers it itself, or says why it does not.
    pub(super) fn answered_ourselves<T>(&mut self, answer: &Result<T, Fault>) {
        if let Err(fault) = answer {
            self.refuse("request", &fault.message);
        }
    }

    /// Why a chain serves it; or nobody does, where no chain is given. Beside it the models that it
    /// is sent to: what was to be tried, and is not among them, is left to another request.
    pub(super) fn decided(&mut self, trace: &Trace, chain: Option<&str>, sent_to: &[String]) {
        let is_told = |entry: &Entry, verdict: Verdict| {
            entry.verdict == verdict
                && (verdict != Verdict::Tried || sent_to.contains(&entry.subject))
        };
        if let Some(entry) = trace.of(None).find(|entry| entry.verdict == Verdict::Classed) {
            self.text("class", &entry.subject);
            self.text("class_by", &entry.shown_reason());
        }
        for (name, verdict) in [("arms", Verdict::Assigned), ("units", Verdict::Unit)] {
            if trace.subjects(verdict).next().is_none() {
                continue;
            }
            self.members.key(name).object(|json| {
                let all = trace.subjects(verdict);
                for (experiment, own) in all.filter_map(|own| own.split_once('=')) {
                    json.key(experiment).string(own);
                }
            });
        }
        chain.iter().for_each(|chain| self.text("chain", chain));
        for (name, verdict, what) in [
            ("kept", Verdict::Kept, "model"),
            ("skipped", Verdict::Skipped, "model"),
            ("tried", Verdict::Tried, "model"),
            ("prompt", Verdict::Added, "rule"),
            ("lowered", Verdict::Lowered, "model"),
            ("shortened", Verdict::Shortened, "model"),
            ("marked", Verdict::Marked, "model"),
            ("unjudged", Verdict::Unjudged, "model"),
            ("raised", Verdict::Raised, "field"),
        ] {
            if !trace.of(chain).any(|entry| is_told(entry, verdict)) {
                continue;
            }
            self.members.key(name).array(|json| {
                for entry in trace.of(chain).filter(|entry| is_told(entry, verdict)) {
                    json.object(|json| {
                        json.key(what).string(&entry.subject);
                        json.key("why").string(&entry.shown_reason());
                    });
                }
            });
        }
        let refusals = trace.of(chain).filter(|entry| entry.verdict == Verdict::Refused);
        refusals.for_each(|entry| self.refuse(entry.step, &entry.reason));
    }

    /// Which model has answered, and when the app had the first of its answer.
    pub(super) fn answered(&mut self, report: &Report) {
        self.text("model", &report.model);
        if report.first_ms > 0 {
            let first_ms = report.first_ms.saturating_sub(self.begun_ms);
            self.members.key("first_ms").number(first_ms);
        }
    }

    /// What the attempts used, in tokens, each with its model: all of it; and each for itself where
    /// one before the last used something, so that nobody takes the sum for the answer's.
    pub(super) fn used<'m>(
        &mut self,
        parts: impl DoubleEndedIterator<Item = (&'m str, Usage)> + Clone,
    ) {
        let all = parts.clone().map(|(_, usage)| usage).fold(Usage::default(), Usage::plus);
        tokens(&mut self.members, &all);
        let using = parts.clone().map(|(_, usage)| counts(&usage).next().is_some());
        if !using.rev().skip(1).any(|uses| uses) {
            return;
        }
        self.members.key("used_by").array(|json| {
            for (model, usage) in parts.filter(|(_, usage)| counts(usage).next().is_some()) {
                json.object(|json| {
                    json.key("model").string(model);
                    tokens(json, &usage);
                });
            }
        });
    }

    /// What its app thinks of an answer to an earlier request; the score as JSON has numbers.
    pub(super) fn feedback(&mut self, request_id: &str, score: &str) {
        self.members.key("feedback").object(|json| {
            json.key("request_id").string(&logged(request_id));
            json.key("score").raw(score);
        });
    }

    /// A member that says something of the request by being there.
    pub(super) fn flag(&mut self, name: &str) {
        self.members.key(name).boolean(true);
    }

    /// What it has cost.
    pub(super) fn cost(&mut self, credits: String) {
        self.decimal("credits", &credits);
        self.credits = Some(credits);
    }

    /// The same, once it is known.
    pub(super) fn credits(&self) -> Option<&str> {
        self.credits.as_deref()
    }

    /// What the answer comes to that is compared with another's.
    pub(super) fn said(&mut self, said: &Said) {
        self.members.key("answer_bytes").number(said.bytes);
        if !said.kind.is_empty() {
            self.text("answer_kind", &said.kind);
        }
        if let Some(digest) = said.digest {
            self.text("answer_digest", &format!("{digest:016x}"));
        }
        if !said.finish.is_empty() {
            self.text("answer_finish", &said.finish);
        }
    }

    /// A member that is a decimal number.
    pub(super) fn decimal(&mut self, name: &str, digits: &str) {
        self.members.key(name).raw(digits);
    }

    /// A member that is a text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.members.key(name).string(text);
    }

    /// A member with several things in it.
    pub(super) fn list(&mut self, name: &str, items: impl FnOnce(&mut Writer)) {
        self.members.key(name).array(items);
    }

    /// Whether somebody of ours has refused the request.
    pub(super) const fn is_refused(&self) -> bool {
        self.refused
    }

    /// The whole of it, with Envoy's own word for how the request ended and ours; `None` where no
    /// request has come.
    pub(super) fn finish(mut self, details: &str, outcome: &str) -> Option<Effect> {
        if self.begun_ms == 0 {
            return None;
        }
        self.text("outcome", outcome);
        let members = self.members.finish();
        let length = members.len().saturating_add(details.len()).saturating_add(8);
        let mut line = Writer::with_capacity(length);
        line.string(details);
        let mut out = line.finish();
        // Envoy has opened it.
        out.drain(..1);
        out.push(b',');
        out.extend_from_slice(members.get(..members.len().saturating_sub(1))?);
        Some(Effect::State(LOG.into(), out))
    }
}

/// Usage in tokens, as the log names it.
fn counts(usage: &Usage) -> impl Iterator<Item = (&'static str, u64)> {
    let cache_write = usage.cache_write.saturating_add(usage.cache_write_hour);
    [
        ("input_tokens", usage.input_total()),
        ("cached_input_tokens", usage.cached_input),
        ("cache_write_tokens", cache_write),
        ("output_tokens", usage.output),
        ("reasoning_tokens", usage.reasoning),
    ]
    .into_iter()
    .filter(|(_, tokens)| *tokens > 0)
}

fn tokens(json: &mut Writer, usage: &Usage) {
    for (name, tokens) in counts(usage) {
        json.key(name).number(tokens);
    }
}

/// What is wrong with a request, without what it says: that is quoted last, whatever is in it.
fn without_values(message: &str) -> String {
    let marks = ["got `", "found `"];
    let ends = marks.iter().filter_map(|mark| Some(message.find(mark)?.saturating_add(mark.len())));
    match ends.min().and_then(|end| message.get(..end)) {
        Some(before) => format!("{before}…`"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Effect, Line, Opened, Usage, without_values};

    /// What the line says of usage.
    fn used(parts: &[(&str, Usage)]) -> String {
        let mut line = Line::default();
        line.begin(Opened { request_id: "r", method: "POST", path: "/" }, 1);
        line.used(parts.iter().copied());
        let Some(Effect::State(_, line)) = line.finish("-", "answered") else {
            return String::new();
        };
        let line = String::from_utf8_lossy(&line).into_owned();
        let members = line.split_once(r#""path":"/""#).map(|(_, members)| members);
        members.unwrap_or_default().replace(r#","outcome":"answered"#, "")
    }

    #[test]
    fn usage_stands_apart_where_more_than_the_last_attempt_used_something() {
        let none = Usage::default();
        let small = Usage { input: 10, output: 5, ..none };
        let large = Usage { input: 20, cached_input: 70, output: 6, ..none };
        let sum = r#","input_tokens":100,"cached_input_tokens":70,"output_tokens":11"#;
        let (one, other) = (
            r#"{"model":"a","input_tokens":10,"output_tokens":5}"#,
            r#"{"model":"b","input_tokens":90,"cached_input_tokens":70,"output_tokens":6}"#,
        );
        for (parts, expected) in [
            (&[][..], String::new()),
            (&[("a", small)], r#","input_tokens":10,"output_tokens":5"#.to_owned()),
            (&[("a", none), ("b", small)], r#","input_tokens":10,"output_tokens":5"#.to_owned()),
            (
                &[("a", small), ("b", none)],
                format!(r#","input_tokens":10,"output_tokens":5,"used_by":[{one}]"#),
            ),
            (&[("a", small), ("b", large)], format!(r#"{sum},"used_by":[{one},{other}]"#)),
            (
                &[("a", small), ("c", none), ("b", large)],
                format!(r#"{sum},"used_by":[{one},{other}]"#),
            ),
        ] {
            assert_eq!(used(parts), expected);
        }
    }

    /// Whoever refuses it: the line is the one place that knows.
    #[test]
    fn no_refusal_brings_what_a_request_says_into_the_line() {
        let mut line = Line::default();
        line.begin(Opened { request_id: "r", method: "POST", path: "/v1/messages" }, 1);
        line.refuse("request", "`messages`: expected an array, got `\"my word\"`");
        let Some(Effect::State(_, line)) = line.finish("via_upstream", "refused") else { return };
        let line = String::from_utf8_lossy(&line);
        assert!(line.contains("expected an array") && !line.contains("my word"), "{line}");
    }

    #[test]
    fn what_a_request_says_is_not_logged() {
        for (told, logged) in [
            (
                "`messages`: expected an array, got `\"my word\"`",
                "`messages`: expected an array, got `…`",
            ),
            ("`messages[1].tool_call_id`: is missing", "`messages[1].tool_call_id`: is missing"),
            ("`n`: expected 1, got `a ` b` or `2`", "`n`: expected 1, got `…`"),
            ("send `x-api-key: KEY`", "send `x-api-key: KEY`"),
        ] {
            assert_eq!(without_values(told), logged);
        }
    }
}
