//! Instructions among the messages: for a model that takes none there they go to where it takes
//! them, as in a request that is written anew. Their place in the conversation is lost.
use std::collections::BTreeSet;

use crate::dialect::cut::{insert, items, replace};
use crate::dialect::shorten::stays;
use crate::dialect::{Edit, Put};
use crate::json::Value;
use crate::order;

/// A conversation says something: what stands in for one of instructions alone.
const ALONE: &str = r#"[{"role":"user","content":"."}]"#;

/// Who speaks last in what is left of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nobody: it was instructions alone.
    Nothing,
    User,
    Assistant,
}

/// Moves the instructions among the messages to the others; `None` where there are none.
pub(super) fn lift(root: Value<'_>, edits: &mut Vec<Edit>) -> Option<Left> {
    let messages = root.given("messages")?;
    let mut blocks = Vec::new();
    for message in messages.items() {
        told(message, &mut blocks);
    }
    let emptied = |message: Value<'_>| is_instruction(message) || is_emptied(message);
    if !messages.items().any(emptied) && blocks.is_empty() {
        return None;
    }
    let last = messages.items().filter(|message| !emptied(*message)).last();
    let is_assistant = |last: Value<'_>| last.get("role").is_some_and(|role| role.is("assistant"));
    let left = last.map_or(Left::Nothing, |last| match is_assistant(last) {
        true => Left::Assistant,
        false => Left::User,
    });
    if left == Left::Nothing {
        replace(messages, ALONE, edits);
    } else {
        items(messages, emptied, edits);
        for message in messages.items().filter(|message| !emptied(*message)) {
            message.get("content").into_iter().for_each(|content| {
                items(content, is_block, edits);
            });
        }
    }
    if !blocks.is_empty() {
        add(root, &blocks.join(","), edits);
    }
    Some(left)
}

/// Takes the messages before that place out that do not stay. Where there are instructions before
/// it, these and all that come later go to the others, so that they stay in their order.
pub(super) fn shorten(root: Value<'_>, from: usize, examples: usize) -> Vec<Edit> {
    let Some(messages) = root.get("messages") else { return Vec::new() };
    let start = |message: Value<'_>| message.span().start;
    let begins = messages.items().nth(from).map_or(0, start);
    let stays = stays(root, from, examples);
    let stays = messages.items().enumerate().filter(|(place, _)| stays.contains(place));
    let stays: BTreeSet<usize> = stays.map(|(_, message)| start(message)).collect();
    let goes = |message| start(message) < begins && !stays.contains(&start(message));
    let (mut blocks, mut edits) = (Vec::new(), Vec::new());
    let before = messages.items().filter(|message| start(*message) < begins);
    before.for_each(|message| told(message, &mut blocks));
    if blocks.is_empty() {
        items(messages, goes, &mut edits);
        return joined(edits);
    }
    let later = messages.items().filter(|message| start(*message) >= begins);
    later.for_each(|message| told(message, &mut blocks));
    let gone = |message| goes(message) || is_instruction(message) || is_emptied(message);
    items(messages, gone, &mut edits);
    let left = messages.items().filter(|message| !gone(*message));
    for content in left.filter_map(|message| message.get("content")) {
        items(content, is_block, &mut edits);
    }
    add(root, &blocks.join(","), &mut edits);
    order::sort_by_key(&mut edits, |edit| edit.at.start);
    joined(edits)
}

/// The same edits, those as one that stand side by side and put nothing.
fn joined(edits: Vec<Edit>) -> Vec<Edit> {
    let mut joined: Vec<Edit> = Vec::new();
    for edit in edits {
        let puts_nothing = |edit: &Edit| edit.put.text_bytes() == 0;
        let beside = |last: &&mut Edit| {
            last.at.end == edit.at.start && puts_nothing(last) && puts_nothing(&edit)
        };
        match joined.last_mut().filter(beside) {
            Some(last) => last.at.end = edit.at.end,
            None => joined.push(edit),
        }
    }
    joined
}

fn is_instruction(message: Value<'_>) -> bool {
    message.get("role").is_some_and(|role| role.is("system"))
}

fn is_block(block: Value<'_>) -> bool {
    block.get("type").is_some_and(|kind| kind.is("mid_conv_system"))
}

/// Whether nothing is left of a message without the instructions in it.
fn is_emptied(message: Value<'_>) -> bool {
    message
        .get("content")
        .is_some_and(|content| content.items().next().is_some() && content.items().all(is_block))
}

/// The instructions that a message is, or that are within it.
fn told(message: Value<'_>, blocks: &mut Vec<String>) {
    if is_instruction(message) {
        message.get("content").into_iter().for_each(|content| said(content, blocks));
    } else {
        within(message, blocks);
    }
}

/// The instructions within a message.
fn within(message: Value<'_>, blocks: &mut Vec<String>) {
    let content = message.get("content").filter(|content| content.is_array());
    for block in content.iter().flat_map(|content| content.items()).filter(|item| is_block(*item)) {
        block.get("content").into_iter().for_each(|content| said(content, blocks));
    }
}

/// Instructions as text blocks. An empty one is refused.
fn said(content: Value<'_>, blocks: &mut Vec<String>) {
    match content.as_str() {
        Some(text) if text.trim().is_empty() => {}
        Some(_) => blocks.push(block(content)),
        None => blocks.extend(content.items().map(|item| item.raw().to_owned())),
    }
}

fn block(text: Value<'_>) -> String {
    format!(r#"{{"type":"text","text":{}}}"#, text.raw())
}

/// Adds blocks to the instructions of a request.
fn add(root: Value<'_>, blocks: &str, edits: &mut Vec<Edit>) {
    let Some(system) = root.get("system") else {
        return insert(root, &format!(r#""system":[{blocks}],"#), edits);
    };
    match system.as_str() {
        Some(text) if !text.trim().is_empty() => {
            replace(system, format!("[{},{blocks}]", block(system)), edits);
        }
        None if system.items().next().is_some() => {
            let at = system.items().last().map_or(0, |last| last.span().end);
            edits.push(Edit { at: at..at, put: Put::Text(format!(",{blocks}")) });
        }
        _ => replace(system, format!("[{blocks}]"), edits),
    }
}
