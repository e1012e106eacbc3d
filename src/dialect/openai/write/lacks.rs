//! What this dialect, or one of OpenAI's models, cannot be told.
use core::ops::RangeInclusive;
use std::borrow::Cow;

use crate::dialect::{Ask, Given, Lack, Number, Reasoning, Target};

/// Most stop sequences.
pub(super) const STOPS: usize = 4;

/// Longest name of a function, in bytes.
const NAME: usize = 64;

/// Collects what cannot be said.
pub(in crate::dialect::openai) fn lacks(ask: &Ask<'_>, target: &Target<'_>, out: &mut Vec<Lack>) {
    out.append(&mut refusals(ask, target));
    if ask.tools.iter().any(|tool| tool.name.len() > NAME) {
        out.push(lack("tools", "has a function name longer than 64 characters"));
    }
}

/// The sampling parameters that cannot be said.
pub(super) fn refusals(ask: &Ask<'_>, target: &Target<'_>) -> Vec<Lack> {
    let mut out = Vec::new();
    if let Some(Given { field, .. }) = ask.top_k {
        out.push(lack(field, "is not offered by this provider"));
    }
    let thinks = thinks(ask, target.model);
    let mut number = |given: Option<Given<Number<'_>>>, range: RangeInclusive<f64>, why| {
        let Some(Given { value, field }) = given else { return };
        let default = *range.end() == TEMPERATURE && (value.value - 1.0).abs() < f64::EPSILON;
        if thinks && !default {
            out.push(lack(field, "is not offered by this model while it reasons"));
        } else if !range.contains(&value.value) {
            out.push(lack(field, why));
        }
    };
    number(ask.temperature, 0.0..=TEMPERATURE, "must be between 0 and 2 there");
    number(ask.top_p, 0.0..=1.0, "must be between 0 and 1 there");
    number(ask.frequency_penalty, -2.0..=2.0, "must be between -2 and 2 there");
    number(ask.presence_penalty, -2.0..=2.0, "must be between -2 and 2 there");
    if let Some(Given { value, field }) = &ask.stop {
        if always_thinks(target.model) {
            out.push(lack(field, "is not offered by this model"));
        } else if value.len() > STOPS {
            out.push(lack(field, "has more than 4 texts"));
        }
    }
    out
}

const TEMPERATURE: f64 = 2.0;

fn lack(field: &'static str, why: &'static str) -> Lack {
    Lack { field: Cow::Borrowed(field), why }
}

/// Whether the model reasons about this request: it then samples in its own way.
fn thinks(ask: &Ask<'_>, model: &str) -> bool {
    let asked = ask.reasoning.is_some_and(|given| {
        !matches!(given.value, Reasoning::Off | Reasoning::Budget(0) | Reasoning::Adaptive)
    });
    always_thinks(model) || (asked && may_think(model))
}

/// Models that reason always: the o series and the first GPT-5.
fn always_thinks(model: &str) -> bool {
    let model = base(model);
    let o_series =
        model.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let first = model == "gpt-5" || model.starts_with("gpt-5-");
    o_series || (first && !model.contains("chat"))
}

/// Models that reason when asked to, and take `none` for not at all: GPT-5.1 and later.
pub(super) fn may_think(model: &str) -> bool {
    let model = base(model);
    model.starts_with("gpt-5.") && !model.contains("chat")
}

/// The name after a reseller's prefix: `openai/gpt-5` is `gpt-5`.
fn base(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}
