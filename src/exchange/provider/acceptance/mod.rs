//! Whether an answer is one that the app may see, by the rules of its cascade.
//!
//! An answer of any format, whole or streamed, is the same row of events: one judge for all.
mod heard;
#[cfg(test)]
mod tests;

pub(super) use self::heard::Heard;

use super::super::{Acceptance, Envoy, PLAN, Plan};
use crate::json::{Document, Limits, conforms};
use crate::policy::{RULES, folded};

/// Whether an answer keeps a rule.
type Rule = fn(&Acceptance<'_>, &Heard) -> bool;

/// Every rule, in the order of its name in [`RULES`].
const ALL: [Rule; 8] = [
    |own, heard| own.rules.refusal || !heard.refused,
    |own, heard| !own.rules.finish || heard.finished,
    |own, heard| own.rules.empty || !heard.calls.is_empty() || !heard.text.trim().is_empty(),
    |own, heard| !own.rules.tools_valid || heard.calls.iter().all(|call| is_valid(own, call)),
    |own, heard| !own.rules.schema_valid || is_as_asked(own, heard),
    |own, heard| !hedges(&own.rules.hedging, &heard.text),
    |own, heard| {
        let least = own.rules.min_chars.filter(|_| heard.calls.is_empty());
        least.is_none_or(|least| heard.chars() >= least)
    },
    |own, heard| own.rules.max_chars.is_none_or(|most| heard.chars() <= most),
];

/// The first rule that an answer breaks, by its name in the policy; `None` where it is accepted.
pub(super) fn broken(heard: &Heard, envoy: &dyn Envoy) -> Option<&'static str> {
    let plan = envoy.property(&[PLAN]).unwrap_or_default();
    // Its attempt has read the plan, which says that it is judged.
    let acceptance = Plan::decode(&plan).ok()?.acceptance?;
    broken_of(&acceptance, heard)
}

fn broken_of(acceptance: &Acceptance<'_>, heard: &Heard) -> Option<&'static str> {
    let broken = RULES.iter().zip(ALL).find(|(_, keeps)| !keeps(acceptance, heard));
    broken.map(|(name, _)| *name)
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
