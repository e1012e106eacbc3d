//! A line of the access log, as far as a report reads it: numbers, and the places of names, so that
//! a log of millions of lines fits.
use serde_json::{Map, Value};

use super::ended::Ended;
use super::names::{Name, Names, digest};
use crate::credit::Price;
use crate::usage::Usage;

/// One request.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    /// A digest of its id.
    pub(super) request_id: u64,
    /// What it may be grouped by, in the order of [`NAMES`].
    pub(super) names: [Name; NAMES.len()],
    /// The digest of the policy that served it; none in lines of older versions.
    pub(super) policy: Name,
    /// The arm that it has in each experiment.
    pub(super) exposures: Box<[Exposure]>,
    pub(super) ended: Ended,
    /// Whether more than one model was asked; `None` where the line does not list the models.
    pub(super) fell_back: Option<bool>,
    /// Whether an answer of it was not accepted, and another model asked.
    pub(super) not_accepted: Option<bool>,
    pub(super) duration_ms: Told,
    pub(super) first_ms: Told,
    pub(super) input_tokens: Told,
    pub(super) output_tokens: Told,
    /// What was charged, in millionths of credits, so that sums are exact.
    pub(super) micros: Told,
    pub(super) saved: Saved,
    /// Whether its answer has gone on with another model, whose part is in a line of its own.
    pub(super) went_on: bool,
    /// A digest of what its answer comes to, where that is compared with its copy's.
    pub(super) comes_to: Option<u64>,
    /// What its app thinks of the answer.
    pub(super) score: Told,
}

/// A request's arm of an experiment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exposure {
    pub(super) experiment: Name,
    pub(super) arm: Name,
    /// A digest of what keeps this arm, where that is not the request alone.
    pub(super) unit: Option<u64>,
}

/// A number of zero or more, if a line says it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told(f64);

impl Default for Told {
    fn default() -> Self {
        Self(f64::NAN)
    }
}

impl From<Option<f64>> for Told {
    fn from(number: Option<f64>) -> Self {
        Self(number.unwrap_or(f64::NAN))
    }
}

impl Told {
    pub(super) fn get(self) -> Option<f64> {
        (!self.0.is_nan()).then_some(self.0)
    }

    /// Both together; nothing where either is not said.
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Entry {
    /// Whether its arm, or its gateway, has refused it.
    pub(super) fn is_refused(&self) -> bool {
        self.ended == Ended::Refused
    }
}

/// What a request says of what was saved.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Saved {
    /// Nobody asks.
    #[default]
    Unasked,
    /// Its line does not say what it cost, or what its answer alone used.
    Untold,
    /// What was paid, and what the same answer would have cost with the premium model; in
    /// millionths of credits.
    Of(f64, f64),
}

/// A copy, as its line of the access log tells of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Copy {
    pub(super) experiment: Name,
    /// A digest of the id of the app's own request.
    pub(super) of: u64,
    /// A digest of what its answer comes to; `None` where it has none that could be compared.
    pub(super) comes_to: Option<u64>,
    pub(super) micros: f64,
}

/// The rest of an answer that broke in mid-stream, as its line tells of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    /// A digest of the id of the app's own request.
    pub(super) of: u64,
    pub(super) input_tokens: Told,
    pub(super) output_tokens: Told,
    /// What was charged, in millionths of credits.
    pub(super) micros: Told,
}

/// What an app thinks of an earlier answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Score {
    /// A digest of the id of the request that was answered.
    pub(super) about: u64,
    /// Who says so.
    pub(super) tenant: Name,
    pub(super) user: Name,
    pub(super) score: f64,
}

/// What the answer alone used that the app had: of all attempts it is the one that another model
/// would have used, too.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    /// There was none.
    None,
    /// The line has only what all attempts used: an older version wrote it.
    Untold,
    Used(Usage),
}

/// What a line says.
#[derive(Debug)]
pub(super) enum Said {
    /// A request that was decided on, or that its arm has refused.
    Request(Box<Entry>),
    /// A copy of a request, which served nobody.
    Copy(Copy),
    /// The rest of an answer, which is a part of that.
    Rest(Rest),
    Score(Score),
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

/// The largest number that is one: beyond it a double has no units.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// How many braces of a line are tried.
const TRIES: usize = 8;

/// Reads a line; something may stand before it, as a container's log has its time there, and it
/// may have braces of its own.
pub(super) fn read(line: &str, names: &mut Names, premium: Option<Price>) -> Said {
    for (place, (at, _)) in line.match_indices('{').take(TRIES).enumerate() {
        let text = line.get(at..).unwrap_or_default();
        let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text) else { continue };
        let said = object(&members, names, premium);
        // What is left of a line that is cut off is no line.
        return if place > 0 && matches!(said, Said::Other) { Said::Unreadable } else { said };
    }
    Said::Unreadable
}

fn object(line: &Map<String, Value>, names: &mut Names, premium: Option<Price>) -> Said {
    if let Some(score) = line.get("feedback").and_then(|own| own.get("score")?.as_f64()) {
        let about = line.get("feedback").and_then(|own| own.get("request_id")?.as_str());
        return Said::Score(Score {
            about: digest(about.unwrap_or_default()),
            tenant: names.of(text_of(line, "tenant")),
            user: names.of(text_of(line, "user")),
            score,
        });
    }
    if line.contains_key("shadow_of") {
        return Said::Copy(Copy {
            experiment: names.of(text_of(line, "shadow")),
            of: digest(text_of(line, "shadow_of")),
            comes_to: comes_to(line),
            micros: micros(line).unwrap_or_default(),
        });
    }
    let told = |member: &str| Told::from(number(line, member));
    if line.contains_key("resumes") {
        return Said::Rest(Rest {
            of: digest(text_of(line, "resumes")),
            input_tokens: told("input_tokens"),
            output_tokens: told("output_tokens"),
            micros: micros(line).into(),
        });
    }
    let exposures = exposures(line, names);
    // An arm may refuse a request: that is what it does with it.
    if !line.contains_key("chain") && exposures.is_empty() {
        return Said::Other;
    }
    let attempts = line.get("attempts").and_then(Value::as_array).map(Vec::as_slice);
    let ended =
        Ended::of(number(line, "status"), text_of(line, "outcome"), line.contains_key("chain"));
    let outcomes = match (attempts, ended) {
        (Some(attempts), _) => Some(alone(attempts)),
        // Nobody was asked.
        (None, Ended::Refused | Ended::Left) => Some(Vec::new()),
        (None, _) => None,
    };
    let went_on = text_of(line, "outcome") == "resumed";
    Said::Request(Box::new(Entry {
        request_id: digest(text_of(line, "request_id")),
        names: NAMES.map(|name| names.of(text_of(line, name))),
        policy: names.of(text_of(line, "policy")),
        exposures,
        ended,
        fell_back: outcomes.as_ref().map(|own| went_on || own.len() > 1),
        not_accepted: outcomes.as_ref().map(|own| own.contains(&NOT_ACCEPTED)),
        duration_ms: told("duration_ms"),
        first_ms: told("first_ms"),
        input_tokens: told("input_tokens"),
        output_tokens: told("output_tokens"),
        micros: micros(line).into(),
        saved: premium.map_or(Saved::Unasked, |price| {
            let answer = match went_on {
                // Two models have said a part each: no part is what another would have used.
                true => Answer::Untold,
                false => answer(line, attempts.unwrap_or_default()),
            };
            saved(price, micros(line), answer)
        }),
        went_on,
        comes_to: comes_to(line),
        score: Told::default(),
    }))
}

/// What became of the attempts, but for one: of two models whose answers are to agree the first is
/// not accepted alone. Where the second is, both were asked for one answer, and nothing was fallen
/// back from.
fn alone(attempts: &[Value]) -> Vec<&str> {
    let agreed = attempts
        .iter()
        .position(|own| own.get("conclusion").is_some() && text_in(own, "outcome") != NOT_ACCEPTED);
    let agreed = agreed.and_then(|second| second.checked_sub(1));
    let alone = attempts.iter().enumerate().filter(|(index, _)| Some(*index) != agreed);
    alone.map(|(_, own)| text_in(own, "outcome")).collect()
}

/// The arms of a request, each with what keeps it.
fn exposures(line: &Map<String, Value>, names: &mut Names) -> Box<[Exposure]> {
    let units = line.get("units");
    let arms = line.get("arms").and_then(Value::as_object).into_iter().flatten();
    let exposures = arms.filter_map(|(experiment, arm)| {
        let unit = units.and_then(|own| own.get(experiment)?.as_str()).map(digest);
        let (arm, experiment) = (names.of(arm.as_str()?), names.of(experiment));
        Some(Exposure { experiment, arm, unit })
    });
    exposures.collect()
}

/// A number that a line says, and that can be one.
fn number(line: &Map<String, Value>, member: &str) -> Option<f64> {
    line.get(member)?.as_f64().filter(|own| (0.0..=LARGEST).contains(own))
}

/// What was charged, in millionths.
fn micros(line: &Map<String, Value>) -> Option<f64> {
    number(line, "credits").map(|own| (own * 1e6).round())
}

/// A digest of the kind of an answer and its own, where it has both.
fn comes_to(line: &Map<String, Value>) -> Option<u64> {
    let (kind, own) = (text_of(line, "answer_kind"), text_of(line, "answer_digest"));
    (!kind.is_empty() && !own.is_empty()).then(|| digest(&format!("{kind} {own}")))
}

/// What was paid beside what the premium model's answer would have cost.
fn saved(price: Price, paid: Option<f64>, answer: Answer) -> Saved {
    match (paid, answer) {
        (None, _) | (_, Answer::Untold) => Saved::Untold,
        (Some(paid), Answer::None) => Saved::Of(paid, 0.0),
        (Some(paid), Answer::Used(usage)) => {
            Saved::Of(paid, super::stats::double(price.cost(&usage, 0).micros()))
        }
    }
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
    // An answer has used something: where the line has none of it nobody knows what.
    if !["input_tokens", "output_tokens"].iter().any(|own| members.contains_key(*own)) {
        return Answer::Untold;
    }
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

fn text_of<'l>(line: &'l Map<String, Value>, member: &str) -> &'l str {
    line.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn text_in<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
