//! `models.<name>.price`: what a model costs, exactly.
use super::document::Content;
use super::names::shown;
use super::read::Spot;

/// The most that one price may be: 999,999,999.999999 credits.
const MOST: u64 = 999_999_999_999_999;

/// Digits after the point that a price may have: a credit has a million parts.
const FRACTION: usize = 6;

/// An amount of millionths of a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Micros(pub u64);

/// What a model costs. Prices of tokens are for a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Input tokens.
    pub input: Micros,
    /// Input tokens that the provider read from its cache; `input` when not given.
    pub cached_input: Micros,
    /// Input tokens that the provider wrote to its cache, kept for five minutes or as long as it
    /// likes; `input` when not given.
    pub cache_write: Micros,
    /// Input tokens that the provider wrote to its cache, kept for an hour; `cache_write` when
    /// not given.
    pub cache_write_1h: Micros,
    /// Output tokens.
    pub output: Micros,
    /// Output tokens that were thought and not said; `output` when not given.
    pub reasoning: Micros,
    /// One image of the input, beside its tokens; 0 when not given.
    pub per_image: Micros,
    /// One request, beside its tokens; 0 when not given.
    pub per_request: Micros,
}

impl Price {
    pub(super) fn read(spot: &Spot<'_>) -> Option<Self> {
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
        Some(Self {
            input,
            cached_input: cached_input.unwrap_or(Some(input))?,
            cache_write,
            cache_write_1h: cache_write_1h.unwrap_or(Some(cache_write))?,
            output,
            reasoning: reasoning.unwrap_or(Some(output))?,
            per_image: per_image.unwrap_or(Some(Micros(0)))?,
            per_request: per_request.unwrap_or(Some(Micros(0)))?,
        })
    }
}

fn decimal(spot: &Spot<'_>) -> Option<Micros> {
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

/// Reads credits with at most six digits after the point.
fn parse(text: &str) -> Result<Micros, &'static str> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.starts_with('-') {
        return Err("a price cannot be negative");
    }
    if !digits(whole) || !digits(fraction) {
        return Err("expected an exact decimal in quotes such as `\"3.75\"`");
    }
    if fraction.len() > FRACTION {
        return Err("expected at most 6 digits after the point");
    }
    let micros = format!("{whole}{fraction:0<FRACTION$}").parse().ok();
    micros.filter(|micros| *micros <= MOST).map(Micros).ok_or("expected at most 999999999.999999")
}
