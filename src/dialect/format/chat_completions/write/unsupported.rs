//! Fields that this format, or one of OpenAI's models, cannot be told.
use core::ops::RangeInclusive;
use std::borrow::Cow;

use super::models::{Family, thinks};
use crate::dialect::{Ask, Given, Number, Reasoning, Target, UnsupportedField};

/// Most stop sequences.
pub(super) const STOPS: usize = 4;

/// Longest name of a function, in bytes.
const NAME: usize = 64;

/// Collects what cannot be said.
pub(in crate::dialect::format::chat_completions) fn unsupported(
    ask: &Ask<'_>,
    target: &Target<'_>,
    out: &mut Vec<UnsupportedField>,
) {
    out.append(&mut refused(ask, target));
    let family = Family::of(target.model);
    if let Some(Given { field, .. }) = ask.reasoning.filter(|given| asks(given.value)) {
        if family.never_thinks() {
            out.push(no(field, "is not offered by this model"));
        } else if family.thinks_without_tools_only() && !ask.tools.is_empty() {
            out.push(no(field, "is not offered by this model together with functions"));
        }
    }
    if ask.tools.iter().any(|tool| tool.name.len() > NAME) {
        out.push(no("tools", "has a function name longer than 64 characters"));
    }
}

/// The sampling parameters that cannot be said.
pub(super) fn refused(ask: &Ask<'_>, target: &Target<'_>) -> Vec<UnsupportedField> {
    let mut out = Vec::new();
    if let Some(Given { field, .. }) = ask.top_k {
        out.push(no(field, "is not offered by this provider"));
    }
    let family = Family::of(target.model);
    let thinks = thinks(ask, family);
    let mut number = |given: Option<Given<Number<'_>>>, range: RangeInclusive<f64>, reason| {
        let Some(Given { value, field }) = given else { return };
        let default = *range.end() == TEMPERATURE && (value.value - 1.0).abs() < f64::EPSILON;
        if thinks && !default {
            out.push(no(field, "is not offered by this model while it reasons"));
        } else if !range.contains(&value.value) {
            out.push(no(field, reason));
        }
    };
    number(ask.temperature, 0.0..=TEMPERATURE, "must be between 0 and 2 there");
    number(ask.top_p, 0.0..=1.0, "must be between 0 and 1 there");
    number(ask.frequency_penalty, -2.0..=2.0, "must be between -2 and 2 there");
    number(ask.presence_penalty, -2.0..=2.0, "must be between -2 and 2 there");
    if let Some(Given { value, field }) = &ask.stop {
        if family.always_thinks() {
            out.push(no(field, "is not offered by this model"));
        } else if value.len() > STOPS {
            out.push(no(field, "has more than 4 texts"));
        }
    }
    out
}

/// Whether the request wants reasoning of a certain strength.
const fn asks(reasoning: Reasoning) -> bool {
    !matches!(reasoning, Reasoning::Off | Reasoning::Budget(0) | Reasoning::Adaptive)
}

const TEMPERATURE: f64 = 2.0;

fn no(field: &'static str, reason: &'static str) -> UnsupportedField {
    UnsupportedField { field: Cow::Borrowed(field), reason }
}
