//! Reads documents: a PDF, the address of one, or words by a title.
use super::check::{need, need_string, object, passthrough_only, rest, wrong};
use super::parts::{image, text};
use crate::dialect::file::PDF;
use crate::dialect::{Ask, Block, Fault, File, FileSource, stored};
use crate::json::{At, Value};

/// Reads a document; nothing when only this format can say where it is.
pub(super) fn document<'d>(
    ask: &mut Ask<'d>,
    item: Value<'d>,
    at: &At<'_>,
) -> Result<Vec<Block<'d>>, Fault> {
    rest(ask, item, &["type", "source", "title", "context", "citations"], at);
    // Nobody else says where in a document the words of an answer stand.
    if let Some(citations) = item.given("citations")
        && citations.given("enabled").is_none_or(|enabled| enabled.as_bool() != Some(false))
    {
        passthrough_only(ask, citations, &at.key("citations"));
    }
    let said = |key: &str| item.given(key).map(|_| need_string(item, key, at)).transpose();
    let name = said("title")?.filter(|text| !text.is_empty());
    let context = said("context")?.filter(|text| !text.is_empty());
    let source = need(item, "source", at, "an object, where the document is")?;
    let source_at = at.key("source");
    let source = object(source, &source_at)?;
    let mut blocks = Vec::new();
    blocks.extend(context.map(Block::Text));
    match &*need_string(source, "type", &source_at)? {
        "base64" => {
            let media_type = need_string(source, "media_type", &source_at)?;
            if media_type != PDF {
                passthrough_only(ask, item, at);
                return Ok(Vec::new());
            }
            rest(ask, source, &["type", "media_type", "data"], &source_at);
            let source = FileSource::Pdf(need_string(source, "data", &source_at)?);
            blocks.push(Block::File(File { name, source }));
        }
        "url" => {
            rest(ask, source, &["type", "url"], &source_at);
            let url = need_string(source, "url", &source_at)?;
            stored::address(&mut ask.stored, &url, &source_at);
            blocks.push(Block::File(File { name, source: FileSource::Url(url) }));
        }
        "text" => {
            rest(ask, source, &["type", "media_type", "data"], &source_at);
            blocks.extend(name.map(Block::Text));
            blocks.push(Block::Text(need_string(source, "data", &source_at)?));
        }
        "content" => {
            rest(ask, source, &["type", "content"], &source_at);
            blocks.extend(name.map(Block::Text));
            content(ask, source, &source_at, &mut blocks)?;
        }
        _ => {
            passthrough_only(ask, source, &source_at);
            return Ok(Vec::new());
        }
    }
    Ok(blocks)
}

/// A document in pieces: words and images.
fn content<'d>(
    ask: &mut Ask<'d>,
    source: Value<'d>,
    at: &At<'_>,
    blocks: &mut Vec<Block<'d>>,
) -> Result<(), Fault> {
    let pieces = "a string or an array of blocks";
    let value = need(source, "content", at, pieces)?;
    let at = at.key("content");
    if let Some(text) = value.as_str() {
        blocks.push(Block::Text(text));
    } else if value.is_array() {
        for (index, part) in value.items().enumerate() {
            let at = at.item(index);
            let part = object(part, &at)?;
            match &*need_string(part, "type", &at)? {
                "text" => blocks.push(Block::Text(text(ask, part, &at)?)),
                "image" => blocks.extend(image(ask, part, &at)?.map(Block::Image)),
                _ => passthrough_only(ask, part, &at),
            }
        }
    } else {
        return Err(wrong(value, &at, pieces));
    }
    Ok(())
}
