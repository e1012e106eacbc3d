//! The most that a request may cost, before anything is known of its answer.
//!
//! The bound is a hard one for text: a token is at least a byte of it, so there are no more tokens
//! than bytes. That is up to four times what English takes; what is held too much is free again
//! when the request is settled.
use std::rc::Rc;

use super::super::Leg;
use super::super::spend::LegLimits;
use crate::credit::Credits;
use crate::dialect::{Ask, Block, Image, is_full};
use crate::policy::Model;

/// Most tokens that one image is taken for. Its size is not known: models that see in full detail
/// count up to 10,000 patches of it.
const IMAGE: u64 = 10_000;

/// The same of gpt-4o-mini, which counts 2,833 and 5,667 for each of at most eight tiles
/// (<https://platform.openai.com/docs/guides/images-vision>).
const IMAGE_OF_MINI: u64 = 48_200;

/// A server's own tools are called in turns of the model's, at most ten before the app is asked
/// again, and each reads all that came before: what they add up to is believed, up to this many
/// context windows and twice as many
/// (<https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview>).
const TURNS: u64 = 5;

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
    // What nobody has counted may be among what is not remembered.
    let brought =
        is_full(&ask.passthrough_only) || ask.passthrough_only.iter().any(|field| brings(field));
    let worst = |(model, bound): (&&Model, &u64)| {
        let own = input_tokens(ask, bytes, images.saturating_mul(image_tokens(model)));
        let input = if brought { own.max(model.context_window) } else { own };
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
    let images = images(ask);
    // A field that only its own dialect knows may bring the provider more to read.
    let windows = match ask.passthrough_only.as_slice() {
        [] => 0,
        fields if is_full(fields) || fields.iter().any(|field| is_tool(field)) => TURNS,
        _ => 1,
    };
    let limits = |(model, bound): (&&Model, &u64)| {
        let own = input_tokens(ask, bytes, images.saturating_mul(image_tokens(model)));
        LegLimits {
            model: model.name.clone(),
            input_max: own.max(model.context_window.saturating_mul(windows)),
            output_max: bound.saturating_mul(ask.choices.max(1)),
        }
    };
    models.iter().zip(bounds).map(limits).collect()
}

/// Most tokens that a model counts for one image.
fn image_tokens(model: &Model) -> u64 {
    if model.provider_model.contains("gpt-4o-mini") { IMAGE_OF_MINI } else { IMAGE }
}

/// Whether a field that only its own dialect knows is a tool that may run at the provider.
fn is_tool(field: &str) -> bool {
    let tool = field.starts_with("tools[") && field.ends_with(']');
    tool || ["web_search_options", "mcp_servers"].contains(&field)
}

/// Whether it may bring the provider more to read than the request holds: documents, of which a
/// page is more than its bytes, files by their address, what a tool of the provider's own finds.
fn brings(field: &str) -> bool {
    let block = field.contains(".content[");
    let source = [".source", ".url"].iter().any(|end| field.ends_with(end));
    is_tool(field) || field == "container" || (block && (source || field.ends_with(']')))
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

#[cfg(test)]
mod tests {
    use super::{brings, is_tool};

    #[test]
    fn what_a_request_does_not_hold_is_known_by_its_field() {
        for (field, tool, more) in [
            ("tools[0]", true, true),
            ("tools[0].allowed_callers", false, false),
            ("web_search_options", true, true),
            ("mcp_servers", true, true),
            ("container", false, true),
            ("messages[0].content[1]", false, true),
            ("messages[0].content[1].content[0]", false, true),
            ("messages[0].content[1].source", false, true),
            ("messages[0].content[1].image_url.url", false, true),
            // Words of the request's own.
            ("messages[2]", false, false),
            ("messages[2].tool_calls[0]", false, false),
            ("messages[0].content[1].citations", false, false),
            ("max_tokens", false, false),
            ("context_management", false, false),
        ] {
            assert_eq!((is_tool(field), brings(field)), (tool, more), "{field}");
        }
    }
}
