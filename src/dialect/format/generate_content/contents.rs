//! Writes the conversation: a turn is a content, a block is a part.
use std::collections::BTreeMap;

use super::images::media_type;
use super::model::Traits;
use crate::dialect::file::PDF;
use crate::dialect::{Block, File, FileSource, Image, Role, Turn};
use crate::json::{Document, Limits, Writer};
use crate::order;

/// Says nothing where the API wants something said: an empty text is refused.
pub(super) const BLANK: &str = " ";

/// Google's own stand-in for the signature of a call that another model made, from
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// The items of `contents`.
pub(super) fn write(w: &mut Writer, turns: &[Turn<'_>], traits: Traits) {
    if turns.first().is_some_and(|turn| turn.role == Role::Assistant) {
        // The first word is the user's: a function call that answers nobody is refused.
        content(w, "user", |w| text(w, BLANK));
    }
    let mut before: &[Block<'_>] = &[];
    for turn in turns {
        match turn.role {
            Role::User => content(w, "user", |w| user(w, &turn.blocks, before, traits)),
            Role::Assistant => content(w, "model", |w| assistant(w, &turn.blocks, traits)),
        }
        before = &turn.blocks;
    }
}

fn content(w: &mut Writer, role: &str, parts: impl FnOnce(&mut Writer)) {
    w.object(|w| {
        w.key("role").string(role);
        w.key("parts").array(parts);
    });
}

fn user(w: &mut Writer, blocks: &[Block<'_>], before: &[Block<'_>], traits: Traits) {
    let results = results(blocks, before);
    let mut said = !results.is_empty();
    for result in results {
        response(w, &result, traits);
    }
    // Results stand together, so what does not fit inside them follows all of them.
    for block in blocks {
        match block {
            Block::ToolResult { content, .. } => {
                for item in content.iter().filter(|item| !inside(item, traits)) {
                    said |= part(w, item);
                }
            }
            block => said |= part(w, block),
        }
    }
    if !said {
        text(w, BLANK);
    }
}

/// A turn's results in the order of their calls, which models that know no ids go by.
fn results<'r, 'd>(blocks: &'r [Block<'d>], before: &'r [Block<'d>]) -> Vec<Response<'r, 'd>> {
    let result = |block: &'r Block<'d>| match block {
        Block::ToolResult { id, name, content, failed } => {
            Some(Response { id, name, content, failed: *failed })
        }
        _ => None,
    };
    let mut results: Vec<_> = blocks.iter().filter_map(result).collect();
    if results.len() > 1 {
        let call = |(at, block): (usize, &'r Block<'d>)| match block {
            Block::ToolCall { id, .. } => Some((id.as_ref(), at)),
            _ => None,
        };
        let calls: BTreeMap<&str, usize> = before.iter().enumerate().filter_map(call).collect();
        // Stable: results of no call keep their order, behind the others.
        order::sort_by_key(&mut results, |result| {
            calls.get(result.id).copied().unwrap_or(usize::MAX)
        });
    }
    results
}

fn assistant(w: &mut Writer, blocks: &[Block<'_>], traits: Traits) {
    let mut said = false;
    let mut signed = !traits.signed;
    for block in blocks {
        if let Block::ToolCall { id, name, arguments } = block {
            w.object(|w| {
                w.key("functionCall").object(|w| {
                    w.key("id").string(id);
                    w.key("name").string(name);
                    args(w.key("args"), arguments);
                });
                // Of calls made together only the first is looked at.
                if !signed {
                    w.key("thoughtSignature").string(UNSIGNED);
                }
            });
            signed = true;
            said = true;
        } else {
            said |= part(w, block);
        }
    }
    if !said {
        text(w, BLANK);
    }
}

/// A text, an image, a document or a refusal; whether anything was written.
fn part(w: &mut Writer, block: &Block<'_>) -> bool {
    match block {
        Block::Text(said) | Block::Refusal(said) if !said.is_empty() => text(w, said),
        Block::Image(image) => {
            let Some(media_type) = media_type(image) else { return false };
            w.object(|w| picture(w, image, media_type));
        }
        Block::File(file) => document(w, file),
        _ => return false,
    }
    true
}

fn text(w: &mut Writer, said: &str) {
    w.object(|w| w.key("text").string(said));
}

fn picture(w: &mut Writer, image: &Image<'_>, media_type: &str) {
    match image {
        Image::Base64 { data, .. } => bytes(w, media_type, ("inlineData", "data"), data),
        Image::Url(url) => bytes(w, media_type, ("fileData", "fileUri"), url),
    }
}

fn bytes(w: &mut Writer, media_type: &str, (kind, key): (&str, &str), value: &str) {
    w.key(kind).object(|w| {
        w.key("mimeType").string(media_type);
        w.key(key).string(value);
    });
}

/// A document, below its name: the API has no field for that.
fn document(w: &mut Writer, file: &File<'_>) {
    if let Some(name) = file.name.as_ref().filter(|name| !name.is_empty()) {
        text(w, name);
    }
    w.object(|w| match &file.source {
        FileSource::Pdf(data) => bytes(w, PDF, ("inlineData", "data"), data),
        FileSource::Url(url) => bytes(w, PDF, ("fileData", "fileUri"), url),
    });
}

/// A call's arguments, which must be an object there: what is none is kept inside of one.
fn args(w: &mut Writer, arguments: &str) {
    let text = arguments.trim();
    match Document::parse(text.as_bytes(), Limits::default()) {
        Ok(document) if document.root().is_object() => w.raw(text),
        _ if text.is_empty() => w.raw("{}"),
        _ => w.object(|w| w.key("arguments").string(arguments)),
    }
}

struct Response<'r, 'd> {
    id: &'r str,
    name: &'r str,
    content: &'r [Block<'d>],
    failed: bool,
}

/// What a function answered. `output` and `error` are the keys the API knows.
fn response(w: &mut Writer, answer: &Response<'_, '_>, traits: Traits) {
    let texts = || {
        answer.content.iter().filter_map(|block| match block {
            Block::Text(text) => Some(text.as_ref()),
            _ => None,
        })
    };
    w.object(|w| {
        w.key("functionResponse").object(|w| {
            w.key("id").string(answer.id);
            // A result whose call is not in the conversation still needs a name.
            w.key("name").string(if answer.name.is_empty() { "unknown" } else { answer.name });
            w.key("response").object(|w| {
                w.key(if answer.failed { "error" } else { "output" });
                let mut all = texts();
                match (all.next(), all.next()) {
                    (None, _) => w.string(""),
                    (Some(only), None) => w.string(only),
                    _ => w.string(&texts().collect::<Vec<_>>().join("\n")),
                }
            });
            if answer.content.iter().any(|item| image_inside(item, traits)) {
                w.key("parts").array(|w| {
                    for item in answer.content.iter().filter(|item| image_inside(item, traits)) {
                        part(w, item);
                    }
                });
            }
        });
    });
}

/// Whether this piece of a result stands inside its function response.
fn inside(item: &Block<'_>, traits: Traits) -> bool {
    matches!(item, Block::Text(_)) || image_inside(item, traits)
}

/// From Gemini 3 on, images in place stand inside; the API takes none by address there.
fn image_inside(item: &Block<'_>, traits: Traits) -> bool {
    match item {
        Block::Image(image @ Image::Base64 { .. }) => traits.signed && media_type(image).is_some(),
        _ => false,
    }
}
