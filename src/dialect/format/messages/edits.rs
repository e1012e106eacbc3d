//! What changes in a body on its way from an app of this format to a provider of this format.
use super::SIGNATURE;
use crate::dialect::{Ask, Edit, Put};
use crate::json::{Document, Value};

/// An assistant message must say something: what stands in for one that only thought.
const FILLER: &str = r#"{"type":"text","text":"."}"#;

/// The model's name, wherever it stands, and thinking blocks that we wrote for another provider.
pub(super) fn edits<'d>(document: &'d Document<'d>, _: &Ask<'d>) -> Vec<Edit> {
    let mut edits = Vec::with_capacity(1);
    let mut unthought = false;
    for (key, value) in document.root().members() {
        match &*key {
            "model" => edits.push(Edit { at: value.span(), put: Put::Model }),
            // Every one of them: only one was held for.
            "max_tokens" => {
                let without = value.raw().to_owned();
                let put = Put::Bound { before: String::new(), after: String::new(), without };
                edits.push(Edit { at: value.span(), put });
            }
            "messages" => unthought = messages(value, &mut edits),
            _ => {}
        }
    }
    if unthought {
        no_thinking(document.root(), &mut edits);
    }
    edits.sort_by_key(|edit| edit.at.start);
    edits
}

/// Whether the assistant's last message, whose calls the app now answers, has lost its thoughts.
fn messages(messages: Value<'_>, edits: &mut Vec<Edit>) -> bool {
    let mut lost = false;
    for message in messages.items() {
        let before = edits.len();
        for (_, content) in message.members().filter(|(key, _)| key == "content") {
            blocks(content, edits);
        }
        if message.get("role").is_some_and(|role| role.is("assistant")) {
            lost = edits.len() > before;
        }
    }
    lost && messages.items().last().is_some_and(answers_calls)
}

fn answers_calls(message: Value<'_>) -> bool {
    message
        .get("content")
        .is_some_and(|content| content.items().any(|block| is(block, "tool_result")))
}

/// Takes the blocks that are ours out of a message, each with the comma that would be left over.
fn blocks(content: Value<'_>, edits: &mut Vec<Edit>) {
    let mut kept = false;
    let mut before: Option<Value<'_>> = None;
    let mut items = content.items().peekable();
    let Some(first) = content.items().find(|item| ours(*item)) else { return };
    if content.items().all(ours) {
        let end = content.items().last().map_or(first.span().end, |last| last.span().end);
        edits.push(Edit { at: first.span().start..end, put: Put::Text(FILLER.to_owned()) });
        return;
    }
    while let Some(item) = items.next() {
        if !ours(item) {
            kept = true;
        } else {
            let from = before.filter(|_| kept).map_or(item.span().start, |item| item.span().end);
            let next = items.peek().filter(|_| !kept);
            let to = next.map_or(item.span().end, |next| next.span().start);
            edits.push(Edit { at: from..to, put: Put::Text(String::new()) });
        }
        before = Some(item);
    }
}

fn ours(block: Value<'_>) -> bool {
    is(block, "thinking") && block.get("signature").is_some_and(|text| text.is(SIGNATURE))
}

fn is(block: Value<'_>, kind: &str) -> bool {
    block.get("type").is_some_and(|own| own.is(kind))
}

/// With a thinking budget Anthropic wants the message whose calls are being answered to begin with
/// a thinking block of its own. There is none, so this one turn goes on without thinking.
fn no_thinking(root: Value<'_>, edits: &mut Vec<Edit>) {
    for (key, value) in root.members() {
        if key == "thinking" && is(value, "enabled") {
            let put = Put::Text(r#"{"type":"disabled"}"#.to_owned());
            edits.push(Edit { at: value.span(), put });
        }
    }
}
