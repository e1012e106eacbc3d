//! Fields that this format, or one of OpenAI's models, cannot be told.
use core::ops::RangeInclusive;

use super::models::{Family, thinks};
use crate::dialect::{
    Ask, Block, FileSource, Given, Number, Reason, Reasoning, Target, UnsupportedField,
};

/// Most stop sequences.
pub(super) const STOPS: usize = 4;

/// Longest name of a function, in bytes.
const NAME: usize = 64;

/// Most functions of a request to one of OpenAI's own models
/// (<https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools>).
pub(in crate::dialect::format::chat_completions) const TOOLS: usize = 128;

/// Fields of this format's own that a model does not take while it reasons.
const UNREASONED: [&str; 3] = ["logprobs", "top_logprobs", "logit_bias"];

/// Collects what cannot be said.
pub(in crate::dialect::format::chat_completions) fn unsupported(
    ask: &Ask<'_>,
    target: &Target<'_>,
    out: &mut Vec<UnsupportedField>,
) {
    out.append(&mut refused(ask, target));
    let family = Family::of(target.model);
    let known = family.is_known();
    let demand = |text| Reason::demand(text).of_model(known);
    if let Some(Given { field, value }) = ask.reasoning {
        out.extend(unreasoned(ask, value, family).map(|why| why.of_model(known).of(field)));
    }
    if let Some(Given { field, value: false }) = ask.parallel_tools
        && family == Family::O
        && !ask.tools.is_empty()
    {
        let why = Reason::advice("is not taken by this model");
        out.push(why.of_model(true).of(field));
    }
    if family.never_thinks() && ask.best_effort.iter().any(|own| own == "verbosity") {
        let why = Reason::advice("is not taken by this model");
        out.push(why.of_model(true).of("verbosity"));
    }
    if thinks(ask, family) {
        let given =
            UNREASONED.iter().filter(|name| ask.passthrough_only.iter().any(|f| f == *name));
        let why = demand("is not offered by this model while it reasons");
        out.extend(given.map(|name| why.of(*name)));
    }
    if ask.turns.iter().flat_map(|turn| &turn.blocks).any(has_address) {
        let why = "hold a document by its address, which this provider does not fetch";
        out.push(Reason::demand(why).of("messages"));
    }
    if known && ask.tools.len() > TOOLS {
        out.push(
            demand("are more than 128 functions, the most that this provider takes").of("tools"),
        );
    } else if ask.tools.iter().any(|tool| tool.name.len() > NAME) {
        let why = Reason::demand("has a function name longer than 64 characters");
        out.push(why.of("tools"));
    }
}

/// Why a model does not reason as it is asked to.
fn unreasoned(ask: &Ask<'_>, asked: Reasoning, family: Family) -> Option<Reason> {
    match asked {
        Reasoning::Off | Reasoning::Budget(0) => {
            let why = Reason::advice("cannot be turned off for this model");
            family.always_thinks().then_some(why)
        }
        // Agents always ask with functions, and say how much to think in all they ask: for them it
        // is the functions that matter.
        _ if family.thinks_without_tools_only() && !ask.tools.is_empty() => {
            Some(Reason::advice("is not offered by this model together with functions"))
        }
        Reasoning::Adaptive => {
            let why = Reason::advice("is not offered by this model, where no effort is named");
            (family.is_known() && !thinks(ask, family)).then_some(why)
        }
        _ if family.never_thinks() => Some(Reason::demand("is not offered by this model")),
        _ => None,
    }
}

/// Whether it holds a document by its address: the API takes them in place alone
/// (<https://developers.openai.com/api/docs/guides/file-inputs>).
fn has_address(block: &Block<'_>) -> bool {
    match block {
        Block::File(file) => matches!(file.source, FileSource::Url(_)),
        Block::ToolResult { content, .. } => content.iter().any(has_address),
        _ => false,
    }
}

/// The sampling parameters that cannot be said.
pub(super) fn refused(ask: &Ask<'_>, target: &Target<'_>) -> Vec<UnsupportedField> {
    let mut out = Vec::new();
    let family = Family::of(target.model);
    let known = family.is_known();
    if let Some(Given { field, .. }) = ask.top_k {
        out.push(Reason::advice("is not offered by this provider").of_model(known).of(field));
    }
    let thinks = thinks(ask, family);
    let mut number = |given: Option<Given<Number<'_>>>, range: RangeInclusive<f64>, reason| {
        let Some(Given { value, field }) = given else { return };
        let is_temperature = *range.start() == 0.0 && *range.end() == TEMPERATURE;
        let default = is_temperature && (value.value - 1.0).abs() < f64::EPSILON;
        if thinks && !default {
            let why = Reason::advice("is not offered by this model while it reasons");
            out.push(why.of_model(known).of(field));
        } else if !range.contains(&value.value) {
            out.push(Reason::demand(reason).of(field));
        }
    };
    number(ask.temperature, 0.0..=TEMPERATURE, "must be between 0 and 2 there");
    number(ask.top_p, 0.0..=1.0, "must be between 0 and 1 there");
    number(ask.frequency_penalty, -2.0..=2.0, "must be between -2 and 2 there");
    number(ask.presence_penalty, -2.0..=2.0, "must be between -2 and 2 there");
    if let Some(Given { value, field }) = &ask.stop {
        if thinks {
            let why = Reason::demand("is not offered by this model while it reasons");
            out.push(why.of_model(known).of(*field));
        } else if value.len() > STOPS {
            out.push(Reason::demand("has more than 4 texts").of(*field));
        }
    }
    out
}

const TEMPERATURE: f64 = 2.0;
