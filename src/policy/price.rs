//! `models.<name>.price`: what a model costs, exactly; and how any amount is read.
use super::document::Content;
use super::names::shown;
use super::read::Spot;
use crate::credit::{Credits, NotCredits, Price};

/// The most that one amount may be, in millionths: 999,999,999.999999 credits.
const MOST: u64 = 999_999_999_999_999;

pub(super) fn read(spot: &Spot<'_>) -> Option<Price> {
    let mut fields = spot.object("an object of prices")?;
    let input = fields.required("input").map(|spot| decimal(&spot));
    let output = fields.required("output").map(|spot| decimal(&spot));
    let mut optional = |key| fields.optional(key).map(|spot| decimal(&spot));
    let cached_input = optional("cached_input");
    let cache_write = optional("cache_write");
    let cache_write_1h = optional("cache_write_1h");
    let reasoning = optional("reasoning");
    let per_image = optional("per_image");
    let per_request = optional("per_request");
    fields.finish();
    let (input, output) = (input??, output??);
    let cache_write = cache_write.unwrap_or(Some(input))?;
    Some(Price {
        input,
        cached_input: cached_input.unwrap_or(Some(input))?,
        cache_write,
        cache_write_1h: cache_write_1h.unwrap_or(Some(cache_write))?,
        output,
        reasoning: reasoning.unwrap_or(Some(output))?,
        per_image: per_image.unwrap_or(Some(Credits::ZERO))?,
        per_request: per_request.unwrap_or(Some(Credits::ZERO))?,
    })
}

pub(super) fn decimal(spot: &Spot<'_>) -> Option<Credits> {
    if let Content::Number(text) = &spot.node.content {
        // A number would pass through a double somewhere on its way, and lose its last digits.
        spot.problem(match parse(text) {
            Ok(_) => format!("expected an exact decimal in quotes: write `\"{}\"`", shown(text)),
            Err(wrong) => format!("{wrong}, found `{}`", shown(text)),
        });
        return None;
    }
    let text = spot.text("an exact decimal in quotes such as `\"3.75\"`")?;
    match parse(text) {
        Ok(micros) => Some(micros),
        Err(wrong) => {
            spot.problem(format!("{wrong}, found `{}`", shown(text)));
            None
        }
    }
}

fn parse(text: &str) -> Result<Credits, String> {
    let amount: Result<Credits, NotCredits> = text.parse();
    match amount {
        Ok(amount) if amount.micros() <= MOST => Ok(amount),
        Ok(_) | Err(NotCredits::TooLarge) => Err("expected at most 999999999.999999".to_owned()),
        Err(wrong) => Err(wrong.to_string()),
    }
}
