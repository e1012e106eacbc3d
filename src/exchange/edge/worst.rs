//! The most that a request may cost, before anything is known of its answer.
//!
//! The bound is a hard one for text: a token is at least a byte of it, so there are no more tokens
//! than bytes. That is up to four times what English takes; what is held too much is free again
//! when the request is settled.
use std::rc::Rc;

use super::super::Leg;
use super::super::spend::LegLimits;
use crate::credit::Credits;
use crate::dialect::{Ask, Block, Image};
use crate::policy::Model;

/// Most tokens that one image is taken for. Its size is not known, and the newest models see much:
/// twice what a request is estimated with.
const IMAGE: u64 = 6000;

/// The same where a report of usage is looked at, which is believed up to twice as much:
/// gpt-4o-mini counts 2,833 and 5,667 for each of at most eight tiles
/// (<https://platform.openai.com/docs/guides/images-vision>).
const IMAGE_REPORTED: u64 = 24_100;

/// What providers put around the functions that a request offers, in tokens. Anthropic's own words
/// to its models are 313 to 804 tokens long
/// (<https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview>).
const TOOLS: u64 = 1000;

/// The most tokens of an answer of this model: what the app asks for, or what the model and the
/// policy allow and the input leaves room for.
pub(super) fn bound(ask: &Ask<'_>, leg: &Leg<'_>, input_tokens: u64) -> u64 {
    match &ask.max_tokens {
        Some(asked) => asked.value.min(leg.max_output_tokens),
        None => leg.room(input_tokens),
    }
}

/// What the dearest of the models may cost, each with its bound on the answer.
pub(super) fn cost(ask: &Ask<'_>, bytes: usize, models: &[&Model], bounds: &[u64]) -> Credits {
    let images = images(ask);
    let input = input_tokens(ask, bytes, images.saturating_mul(IMAGE));
    let worst = |(model, bound): (&&Model, &u64)| {
        let output = bound.saturating_mul(ask.choices.max(1));
        model.price.map(|price| price.worst(input, output, images))
    };
    models.iter().zip(bounds).filter_map(worst).max().unwrap_or_default()
}

/// The most that each of the models may use, each with its bound on the answer.
pub(super) fn limits(
    ask: &Ask<'_>,
    bytes: usize,
    models: &[&Model],
    bounds: &[u64],
) -> Rc<[LegLimits]> {
    let input = input_tokens(ask, bytes, images(ask).saturating_mul(IMAGE_REPORTED));
    let limits = |(model, bound): (&&Model, &u64)| LegLimits {
        model: model.name.clone(),
        // A field that only its own dialect knows may bring the provider more to read than the
        // request holds: pages that a server's own tool finds, files by their address.
        input_max: if ask.native.is_empty() { input } else { input.max(model.context_window) },
        output_max: bound.saturating_mul(ask.choices.max(1)),
    };
    models.iter().zip(bounds).map(limits).collect()
}

/// How many images a request has.
pub(super) fn images(ask: &Ask<'_>) -> u64 {
    let blocks = ask.turns.iter().flat_map(|turn| &turn.blocks);
    blocks.map(|block| seen(block).0).fold(0, u64::saturating_add)
}

/// Most tokens of the input, when its images have so many.
fn input_tokens(ask: &Ask<'_>, bytes: usize, images: u64) -> u64 {
    let blocks = ask.turns.iter().flat_map(|turn| &turn.blocks);
    let data = blocks.map(|block| seen(block).1).fold(0, u64::saturating_add);
    let text = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_sub(data);
    let tools = if ask.tools.is_empty() { 0 } else { TOOLS };
    text.saturating_add(images).saturating_add(tools)
}

/// The images in a block, and the bytes of those that are sent in place.
fn seen(block: &Block<'_>) -> (u64, u64) {
    match block {
        Block::Image(Image::Base64 { data, .. }) => {
            (1, u64::try_from(data.len()).unwrap_or(u64::MAX))
        }
        Block::Image(Image::Url(_)) => (1, 0),
        Block::ToolResult { content, .. } => content.iter().map(seen).fold((0, 0), |sum, own| {
            (u64::saturating_add(sum.0, own.0), u64::saturating_add(sum.1, own.1))
        }),
        _ => (0, 0),
    }
}
