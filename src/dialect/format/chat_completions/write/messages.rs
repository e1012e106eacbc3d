//! Turns, written as messages.
use std::borrow::Cow;

use super::{CALL_ID, short};
use crate::dialect::file::PDF;
use crate::dialect::{Ask, Block, FileSource, Image, Role, Turn};
use crate::json::Writer;

/// Writes the instructions and the turns.
pub(super) fn write(ask: &Ask<'_>, list: &mut Writer) {
    for text in &ask.system {
        list.object(|message| {
            // `developer` is the newer word; the older one is read by every model and server.
            message.key("role").string("system");
            message.key("content").string(text);
        });
    }
    for turn in &ask.turns {
        match turn.role {
            Role::User => user(turn, list),
            Role::Assistant => assistant(turn, list),
        }
    }
}

fn user(turn: &Turn<'_>, list: &mut Writer) {
    for block in &turn.blocks {
        if let Block::ToolResult { id, content, failed, .. } = block {
            result(id, content, *failed, list);
        }
    }
    let is_result = |block: &Block<'_>| matches!(block, Block::ToolResult { .. });
    let shown = shown(turn);
    if turn.blocks.iter().all(is_result) && !shown && !turn.blocks.is_empty() {
        return;
    }
    let is_said = |block: &Block<'_>| is_shown(block) || !matches!(block, Block::File(_));
    let rest = || turn.blocks.iter().filter(|block| !is_result(block) && is_said(block));
    list.object(|message| {
        message.key("role").string("user");
        let content = message.key("content");
        match (rest().next(), rest().count()) {
            (Some(Block::Text(text)), 1) if !shown => content.string(text),
            (None, _) if !shown => content.string(""), // an empty list is refused
            _ => content.array(|parts| {
                pictures(turn, parts);
                rest().for_each(|block| part(block, parts));
            }),
        }
    });
}

/// Whether a function answered with an image or a document.
fn shown(turn: &Turn<'_>) -> bool {
    turn.blocks.iter().any(|block| match block {
        Block::ToolResult { content, .. } => content.iter().any(is_shown),
        _ => false,
    })
}

/// Whether a piece of a result is no text, and can be said.
fn is_shown(block: &Block<'_>) -> bool {
    match block {
        Block::Image(_) => true,
        Block::File(file) => matches!(file.source, FileSource::Pdf(_)),
        _ => false,
    }
}

/// What a result shows, in words, and how a line about it begins.
fn kinds(content: &[Block<'_>]) -> Option<(&'static str, &'static str)> {
    let images = content.iter().any(|block| matches!(block, Block::Image(_)));
    let files = content.iter().any(|block| is_shown(block) && matches!(block, Block::File(_)));
    match (images, files) {
        (true, false) => Some(("images", "Images")),
        (false, true) => Some(("documents", "Documents")),
        (true, true) => Some(("images and documents", "Images and documents")),
        (false, false) => None,
    }
}

/// The images and documents that functions answered with: a `tool` message takes text only, so they
/// stand in the user's message after it, each call's under a line that names the call.
fn pictures(turn: &Turn<'_>, parts: &mut Writer) {
    for block in &turn.blocks {
        let Block::ToolResult { id, content, .. } = block else { continue };
        let Some((_, kinds)) = kinds(content) else { continue };
        text(&format!("{kinds} in the result of tool call {id}:"), parts);
        content.iter().filter(|block| is_shown(block)).for_each(|block| part(block, parts));
    }
}

fn result(id: &str, content: &[Block<'_>], failed: bool, list: &mut Writer) {
    let shown = kinds(content).map(|(kinds, _)| format!("(The {kinds} of this result follow.)"));
    let said = content.iter().filter_map(|block| match block {
        Block::Text(text) => Some(Cow::Borrowed(&**text)),
        _ => None,
    });
    let mut texts: Vec<Cow<'_, str>> = said.chain(shown.map(Cow::Owned)).collect();
    if failed {
        // There is no field that says so.
        match texts.first_mut() {
            Some(first) => *first = Cow::Owned(format!("The tool call failed: {first}")),
            None => texts.push(Cow::Borrowed("The tool call failed")),
        }
    }
    list.object(|message| {
        message.key("role").string("tool");
        message.key("tool_call_id").string(&short(id, CALL_ID));
        let content = message.key("content");
        match texts.pop() {
            None => content.string(""),
            Some(only) if texts.is_empty() => content.string(&only),
            Some(last) => content.array(|parts| {
                texts.iter().for_each(|said| text(said, parts));
                text(&last, parts);
            }),
        }
    });
}

fn assistant(turn: &Turn<'_>, list: &mut Writer) {
    let texts = || turn.blocks.iter().filter(|block| matches!(block, Block::Text(_)));
    let calls = turn.blocks.iter().any(|block| matches!(block, Block::ToolCall { .. }));
    let mut refusals = turn.blocks.iter().filter_map(|block| match block {
        Block::Refusal(text) => Some(text),
        _ => None,
    });
    let refusal = refusals.next();
    list.object(|message| {
        message.key("role").string("assistant");
        let content = message.key("content");
        match (texts().next(), texts().count()) {
            (Some(Block::Text(text)), 1) => content.string(text),
            (Some(_), _) => content.array(|parts| texts().for_each(|text| part(text, parts))),
            (None, _) if calls || refusal.is_some() => content.null(),
            (None, _) => content.string(""),
        }
        if let Some(refusal) = refusal {
            message.key("refusal").string(refusal);
        }
        if calls {
            message.key("tool_calls").array(|list| turn.blocks.iter().for_each(|b| call(b, list)));
        }
    });
}

fn call(block: &Block<'_>, list: &mut Writer) {
    let Block::ToolCall { id, name, arguments } = block else { return };
    list.object(|call| {
        call.key("id").string(&short(id, CALL_ID));
        call.key("type").string("function");
        call.key("function").object(|function| {
            function.key("name").string(name);
            function.key("arguments").string(arguments);
        });
    });
}

/// What a document without a name is called.
const NAME: &str = "document.pdf";

/// A file by its bytes needs a name, which says what it is. Titles of other formats do not.
fn filename(title: Option<&str>) -> Cow<'_, str> {
    let title = title.map(str::trim).filter(|title| !title.is_empty());
    let Some(title) = title else { return Cow::Borrowed(NAME) };
    let ending = title.len().checked_sub(4).and_then(|at| title.get(at..));
    match ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".pdf")) {
        true => Cow::Borrowed(title),
        false => Cow::Owned(format!("{title}.pdf")),
    }
}

/// One part of a message. What a model thought stays with the provider whose model thought it.
fn part(block: &Block<'_>, parts: &mut Writer) {
    match block {
        Block::Text(said) => text(said, parts),
        Block::Image(image) => parts.object(|part| {
            part.key("type").string("image_url");
            part.key("image_url").object(|object| match image {
                Image::Url(url) => object.key("url").string(url),
                Image::Base64 { media_type, data } => {
                    object.key("url").joined(&["data:", media_type, ";base64,", data]);
                }
            });
        }),
        Block::File(file) => {
            let FileSource::Pdf(data) = &file.source else { return };
            parts.object(|part| {
                part.key("type").string("file");
                part.key("file").object(|object| {
                    object.key("filename").string(&filename(file.name.as_deref()));
                    object.key("file_data").joined(&["data:", PDF, ";base64,", data]);
                });
            });
        }
        Block::Refusal(refusal) => parts.object(|part| {
            part.key("type").string("refusal");
            part.key("refusal").string(refusal);
        }),
        Block::ToolCall { .. } | Block::ToolResult { .. } | Block::Reasoning(_) => {}
    }
}

fn text(said: &str, parts: &mut Writer) {
    parts.object(|part| {
        part.key("type").string("text");
        part.key("text").string(said);
    });
}
