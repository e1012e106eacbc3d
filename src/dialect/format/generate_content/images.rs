//! Which images the API takes: <https://ai.google.dev/gemini-api/docs/image-understanding>.
use crate::dialect::{Ask, Block, Image};

/// Whether a request holds an image that the API does not take.
pub(super) fn has_strange(ask: &Ask<'_>) -> bool {
    ask.turns.iter().flat_map(|turn| &turn.blocks).any(strange)
}

fn strange(block: &Block<'_>) -> bool {
    match block {
        Block::Image(image) => media_type(image).is_none(),
        Block::ToolResult { content, .. } => content.iter().any(strange),
        _ => false,
    }
}

/// An image's media type; `None` for one that the API does not take, or whose address does not
/// tell: the API wants to be told one, and reads as a film what is the address of a film.
pub(super) fn media_type(image: &Image<'_>) -> Option<&'static str> {
    let given = match image {
        Image::Base64 { media_type, .. } => media_type.split_once('/').unwrap_or_default().1,
        Image::Url(url) => extension(url),
    };
    match given.to_ascii_lowercase().as_str() {
        "jpeg" | "jpg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "webp" => Some("image/webp"),
        "heic" => Some("image/heic"),
        "heif" => Some("image/heif"),
        _ => None,
    }
}

fn extension(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').unwrap_or_default().1
}
