//! Whether an answer is one that the app may see, by the rules of its cascade.
//!
//! An answer of any format, whole or streamed, is the same row of events: one judge for all.
mod heard;
#[cfg(test)]
mod tests;

pub(super) use self::heard::Heard;

use super::super::conclusion::Conclusion;
use super::super::{Acceptance, Envoy, PLAN, Plan, Report};
use super::pair::Pair;
use crate::decide::Calls;
use crate::json::{Document, Limits, conforms};
use crate::policy::{AGREE, RULES, folded};

/// Whether an answer keeps a rule.
type Rule = fn(&Acceptance<'_>, &Heard) -> bool;

/// Every rule that an answer keeps or breaks alone, in the order of its name in [`RULES`]; the last
/// of these, `agree`, takes another answer.
const ALL: [Rule; 8] = [
    |own, heard| own.rules.refusal || !heard.refused,
    |own, heard| !own.rules.finish || heard.finished,
    |own, heard| own.rules.empty || !heard.calls.is_empty() || !heard.text.trim().is_empty(),
    |own, heard| !own.rules.tools_valid || calls_as_asked(own, heard),
    |own, heard| !own.rules.schema_valid || is_as_asked(own, heard),
    |own, heard| !hedges(&own.rules.hedging, &heard.text),
    |own, heard| {
        let least = own.rules.min_chars.filter(|_| heard.calls.is_empty());
        least.is_none_or(|least| heard.chars() >= least)
    },
    |own, heard| own.rules.max_chars.is_none_or(|most| heard.chars() <= most),
];

/// What a judge says of an answer.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// The first rule that it breaks, by its name in the policy; `None` where it is accepted.
    pub(super) broken: Option<&'static str>,
    /// What it comes to, where that is compared with another's.
    pub(super) conclusion: Option<Conclusion>,
}

/// Judges an answer of a model that is one of such a pair, or of none.
pub(super) fn judged(heard: &Heard, pair: &Pair, envoy: &dyn Envoy) -> Judged {
    let plan = envoy.property(&[PLAN]).unwrap_or_default();
    // Its attempt has read the plan, which says that it is judged.
    let acceptance = Plan::decode(&plan).ok().and_then(|plan| plan.acceptance);
    let broken = acceptance.and_then(|own| broken_of(&own, heard));
    if broken.is_some() || *pair == Pair::None {
        return Judged { broken, conclusion: None };
    }
    let conclusion = heard.conclusion();
    let agrees = match pair {
        // There is nothing yet that it could agree with.
        Pair::None | Pair::First { .. } => false,
        Pair::Second { first } => {
            let first = Report::of(envoy, first).and_then(|first| first.conclusion);
            first.is_some_and(|first| conclusion.agrees_with(&first))
        }
    };
    Judged { broken: (!agrees).then_some(AGREE), conclusion: Some(conclusion) }
}

fn broken_of(acceptance: &Acceptance<'_>, heard: &Heard) -> Option<&'static str> {
    let broken = RULES.iter().zip(ALL).find(|(_, keeps)| !keeps(acceptance, heard));
    broken.map(|(name, _)| *name)
}

/// Whether an answer calls what it may and must, and each call is one that can be made.
fn calls_as_asked(own: &Acceptance<'_>, heard: &Heard) -> bool {
    let calls = &heard.calls;
    let chosen = match &*own.calls {
        Calls::Free => true,
        Calls::None => calls.is_empty(),
        Calls::Some => !calls.is_empty(),
        Calls::Of(name) => !calls.is_empty() && calls.iter().all(|call| call.name == *name),
    };
    chosen && !(own.only_one && calls.len() > 1) && calls.iter().all(|call| is_valid(own, call))
}

/// Whether a call is of a function that there is, with arguments that are as its schema says.
fn is_valid(own: &Acceptance<'_>, call: &heard::Call) -> bool {
    // A function without arguments is called with none by some.
    let arguments = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
    let Ok(arguments) = Document::parse(arguments.as_bytes(), Limits::lenient()) else {
        return false;
    };
    let known = own.tools.iter().find(|(name, _)| *name == call.name);
    let Some((_, schema)) = known else { return own.other_tools };
    arguments.root().is_object() && schema.as_deref().is_none_or(|own| fits(own, &arguments))
}

/// Whether the text is as was asked for; an answer that calls a function is not the last word.
fn is_as_asked(own: &Acceptance<'_>, heard: &Heard) -> bool {
    let Some(schema) = own.text.as_deref().filter(|_| heard.calls.is_empty()) else { return true };
    let text = Document::parse(heard.text.trim().as_bytes(), Limits::lenient());
    text.is_ok_and(|text| fits(schema, &text))
}

fn fits(schema: &str, value: &Document<'_>) -> bool {
    let schema = Document::parse(schema.as_bytes(), Limits::default());
    // It stands in the request, which has been read.
    schema.is_ok_and(|schema| conforms(value.root(), schema.root()))
}

fn hedges(phrases: &[String], text: &str) -> bool {
    if phrases.is_empty() {
        return false;
    }
    let text = folded(text);
    phrases.iter().any(|phrase| text.contains(phrase.as_str()))
}
