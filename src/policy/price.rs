//! `models.<name>.price`: what a model costs, exactly.
use super::field::{Amount, Defaulted, Field, Optional, Required, Section, Spot};
use crate::credit::{Credits, Price};

pub(super) const PRICE: Section = Section::new(
    "an object of prices",
    "What a model costs: credits for a million tokens of each kind, exact decimals in quotes. \
     Where there are `credits`, every model needs a price.",
    "price: {input: \"3\", cached_input: \"0.30\", cache_write: \"3.75\", output: \"15\"}",
    &[
        &INPUT,
        &OUTPUT,
        &CACHED_INPUT,
        &CACHE_WRITE,
        &CACHE_WRITE_1H,
        &REASONING,
        &PER_IMAGE,
        &PER_REQUEST,
    ],
);

const INPUT: Required<Amount> =
    Field::required("input", Amount::OrZero, "A million tokens of what a model reads.");

const OUTPUT: Required<Amount> =
    Field::required("output", Amount::OrZero, "A million tokens of what a model writes.");

const CACHED_INPUT: Optional<Amount> = Field::optional(
    "cached_input",
    Amount::OrZero,
    "as `input`",
    "A million tokens that the provider reads from its cache.",
);

const CACHE_WRITE: Optional<Amount> = Field::optional(
    "cache_write",
    Amount::OrZero,
    "as `input`",
    "A million tokens that the provider writes into its cache, for five minutes or as long as is \
     usual there.",
);

const CACHE_WRITE_1H: Optional<Amount> = Field::optional(
    "cache_write_1h",
    Amount::OrZero,
    "as `cache_write`",
    "A million tokens that the provider writes into its cache for an hour.",
);

const REASONING: Optional<Amount> = Field::optional(
    "reasoning",
    Amount::OrZero,
    "as `output`",
    "A million tokens that a model thinks before it answers.",
);

const PER_IMAGE: Defaulted<Amount> = Field::defaulted(
    "per_image",
    Amount::OrZero,
    Credits::ZERO,
    "One image in a request, beside its tokens.",
);

const PER_REQUEST: Defaulted<Amount> = Field::defaulted(
    "per_request",
    Amount::OrZero,
    Credits::ZERO,
    "One request, beside its tokens.",
);

pub(super) fn read(spot: &Spot<'_>) -> Option<Price> {
    let mut fields = spot.object(&PRICE)?;
    let input = fields.read(&INPUT);
    let output = fields.read(&OUTPUT);
    let cached_input = fields.read(&CACHED_INPUT);
    let cache_write = fields.read(&CACHE_WRITE);
    let cache_write_1h = fields.read(&CACHE_WRITE_1H);
    let reasoning = fields.read(&REASONING);
    let per_image = fields.read(&PER_IMAGE);
    let per_request = fields.read(&PER_REQUEST);
    fields.finish();
    let (input, output) = (input?, output?);
    let cache_write = cache_write?.unwrap_or(input);
    Some(Price {
        input,
        cached_input: cached_input?.unwrap_or(input),
        cache_write,
        cache_write_1h: cache_write_1h?.unwrap_or(cache_write),
        output,
        reasoning: reasoning?.unwrap_or(output),
        per_image: per_image?,
        per_request: per_request?,
    })
}
