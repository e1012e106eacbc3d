//! `prompt[].set`, `default` and `cap`: what a request says of how it is to be answered.
use super::field::{
    Decimal, DecimalText, Field, Nested, Object, Optional, Section, Spot, Whole, Word, Words,
};
use crate::dialect::{Effort, Reasoning};

/// What a request says of how it is to be answered; `None` for what it does not say.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// Sampling temperature.
    pub temperature: Option<DecimalText>,
    /// Nucleus sampling.
    pub top_p: Option<DecimalText>,
    /// Most tokens of the answer.
    pub max_tokens: Option<u64>,
    /// How much to think first.
    pub reasoning: Option<Reasoning>,
}

const TEMPERATURE: Optional<Decimal> = Field::optional(
    "temperature",
    Decimal { least: "0", most: "2" },
    "as the app has it",
    "Sampling temperature. Anthropic's API takes up to 1: an app of it is given no more.",
);

const TOP_P: Optional<Decimal> = Field::optional(
    "top_p",
    Decimal { least: "0", most: "1" },
    "as the app has it",
    "Nucleus sampling: the share of the probability that is sampled from.",
);

const MAX_TOKENS: Optional<Whole> = Field::optional(
    "max_tokens",
    Whole { of: "tokens", least: 1, most: 100_000_000 },
    "as the app has it",
    "The most tokens of the answer.",
);

const REASONING: Optional<Words<Reasoning>> = Field::optional(
    "reasoning",
    Words {
        what: "effort",
        of: &[
            Word::new("off", Reasoning::Off, "No thinking before the answer."),
            Word::new("minimal", Reasoning::Effort(Effort::Minimal), "Hardly any."),
            Word::new("low", Reasoning::Effort(Effort::Low), "Less than usual."),
            Word::new("medium", Reasoning::Effort(Effort::Medium), "What models do unasked."),
            Word::new("high", Reasoning::Effort(Effort::High), "More than usual."),
            Word::new("max", Reasoning::Effort(Effort::Max), "As much as there is."),
        ],
    },
    "as the app has it",
    "How much the model is to think before it answers.",
);

const PARAMETERS: Section = Section::new(
    "an object of parameters",
    "What a request says of how it is to be answered.",
    "prompt:\n  - {set: {temperature: 0.2}, default: {reasoning: low}, cap: {max_tokens: 2000}}",
    &[&TEMPERATURE, &TOP_P, &MAX_TOKENS, &REASONING],
);

pub(super) const SET: Optional<Nested> = Field::optional(
    "set",
    Nested(&PARAMETERS),
    "nothing",
    "What the request says from here on, whatever the app has said.",
);

pub(super) const DEFAULT: Optional<Nested> = Field::optional(
    "default",
    Nested(&PARAMETERS),
    "nothing",
    "What it says where the app says nothing.",
);

pub(super) const CAP: Optional<Nested> = Field::optional(
    "cap",
    Nested(&PARAMETERS),
    "nothing",
    "The most that it says: what is more, is lowered to this. What is not said stays unsaid, but \
     for `max_tokens`, of which it is the bound then.",
);

/// Reads parameters; `None`, and a report, when something is wrong with them.
pub(super) fn read(spot: &Spot<'_>) -> Option<Parameters> {
    let mut fields: Object<'_> = spot.object(&PARAMETERS)?;
    let temperature = fields.read(&TEMPERATURE);
    let top_p = fields.read(&TOP_P);
    let max_tokens = fields.read(&MAX_TOKENS);
    let reasoning = fields.read(&REASONING);
    let empty = fields.is_empty();
    fields.finish();
    if empty {
        spot.problem("expected a parameter: `temperature`, `top_p`, `max_tokens` or `reasoning`");
        return None;
    }
    Some(Parameters {
        temperature: temperature?,
        top_p: top_p?,
        max_tokens: max_tokens?,
        reasoning: reasoning?,
    })
}
