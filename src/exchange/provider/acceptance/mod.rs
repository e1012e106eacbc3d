//! Whether an answer is one that the app may see, by the rules of its cascade.
//!
//! An answer of any format, whole or streamed, is the same row of events: one judge for all.
mod heard;
#[cfg(test)]
mod tests;

use self::heard::Call;
pub(super) use self::heard::Heard;

use std::borrow::Cow;

use super::super::conclusion::Conclusion;
use super::super::{Acceptance, Envoy, PLAN, Plan, Report};
use super::pair::Pair;
use crate::decide::Calls;
use crate::json::{Document, Effort, Limits, conforms};
use crate::policy::{AGREE, RULES, folded, is_unseen};

/// Whether an answer keeps a rule.
type Rule = fn(&Acceptance<'_>, &Heard) -> bool;

/// Every rule that an answer keeps or breaks alone, in the order of its name in [`RULES`]; the last
/// of these, `agree`, takes another answer.
const ALL: [Rule; 8] = [
    |own, heard| own.rules.refusal || !heard.refused,
    |own, heard| !own.rules.finish || heard.finished,
    |own, heard| own.rules.empty || !heard.calls.is_empty() || !heard.text.chars().all(is_unseen),
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
    chosen && !(own.only_one && calls.len() > 1) && are_valid(own, calls)
}

/// Whether all calls are of functions that there are, with arguments that are as the function's
/// schema says. Each schema is read once, and all that is compared is one effort, however many
/// calls there are.
fn are_valid(own: &Acceptance<'_>, calls: &[Call]) -> bool {
    let effort = Effort::default();
    let is_of = |name: &str, call: &Call| effort.take(1) && call.name == *name;
    let is_known = |call: &Call| own.tools.iter().any(|(name, _)| is_of(name, call));
    let is_right = |(name, schema): &(Cow<'_, str>, Option<Cow<'_, str>>)| {
        let mut calls = calls.iter().filter(|call| is_of(name, call)).peekable();
        if calls.peek().is_none() {
            return true;
        }
        let schema = schema.as_ref().map(|own| read(own));
        calls.all(|call| {
            arguments(call).is_some_and(|arguments| {
                let fits = |own: &Document<'_>| conforms(arguments.root(), own.root(), &effort);
                let schema = schema.as_ref().map(|own| own.as_ref().is_some_and(fits));
                arguments.root().is_object() && schema.unwrap_or(true)
            })
        })
    };
    let mut others = calls.iter().filter(|call| !is_known(call));
    others.all(|call| own.other_tools && arguments(call).is_some())
        && own.tools.iter().all(is_right)
        && !effort.is_spent()
}

/// The arguments of a call; `None` for what is no JSON.
fn arguments(call: &Call) -> Option<Document<'_>> {
    // A function without arguments is called with none by some.
    let arguments = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
    Document::parse(arguments.as_bytes(), Limits::lenient()).ok()
}

/// Whether the text is as was asked for; an answer that calls a function is not the last word.
fn is_as_asked(own: &Acceptance<'_>, heard: &Heard) -> bool {
    let Some(schema) = own.text.as_deref().filter(|_| heard.calls.is_empty()) else { return true };
    let text = Document::parse(heard.text.trim().as_bytes(), Limits::lenient());
    let fits = |text: &Document<'_>| {
        let schema = read(schema);
        schema.is_some_and(|own| conforms(text.root(), own.root(), &Effort::default()))
    };
    text.is_ok_and(|text| fits(&text))
}

/// A schema. It stands in the request, which has been read.
fn read(schema: &str) -> Option<Document<'_>> {
    Document::parse(schema.as_bytes(), Limits::default()).ok()
}

fn hedges(phrases: &[String], text: &str) -> bool {
    if phrases.is_empty() {
        return false;
    }
    let text = folded(text);
    phrases.iter().any(|phrase| text.contains(phrase.as_str()))
}
