//! What changes in a body on its way from an app of this format to a provider of this format.
use super::SIGNATURE;
use crate::dialect::cut::{items, replace};
use crate::dialect::{Ask, Change, Edit, Put};
use crate::json::{Document, Value};
use crate::order;

/// An assistant message must say something: what stands in for one that only thought.
const FILLER: &str = r#"{"type":"text","text":"."}"#;

/// The model's name, wherever it stands, and thinking blocks that we wrote for another provider.
pub(super) fn edits<'d>(document: &'d Document<'d>, _: &Ask<'d>) -> Vec<Edit> {
    let mut edits = Vec::with_capacity(1);
    for (key, value) in document.root().members() {
        match &*key {
            "model" => edits.push(Edit { at: value.span(), put: Put::Model }),
            // Every one of them: only one was held for.
            "max_tokens" => {
                let without = value.raw().to_owned();
                let put = Put::Bound { before: String::new(), after: String::new(), without };
                edits.push(Edit { at: value.span(), put });
            }
            "messages" => {
                for message in value.items() {
                    for (_, content) in message.members().filter(|(key, _)| key == "content") {
                        blocks(content, &mut edits);
                    }
                }
            }
            _ => {}
        }
    }
    order::sort_by_key(&mut edits, |edit| edit.at.start);
    edits
}

/// An earlier answer that this request is to be compared with: coding agents ask for it unasked.
pub(super) fn unshared<'d>(document: &'d Document<'d>) -> Change {
    let mut change = Change::default();
    let diagnostics = document.root().given("diagnostics");
    if let Some(id) = diagnostics.and_then(|own| own.given("previous_message_id")) {
        replace(id, "null", &mut change.edits);
        change.left_out.push("diagnostics.previous_message_id".into());
    }
    change
}

/// Takes the blocks that are ours out of a message.
fn blocks(content: Value<'_>, edits: &mut Vec<Edit>) {
    let Some(first) = content.items().next() else { return };
    if content.items().all(ours) {
        let end = content.items().last().map_or(first.span().end, |last| last.span().end);
        edits.push(Edit { at: first.span().start..end, put: Put::Text(FILLER.to_owned()) });
    } else {
        items(content, ours, edits);
    }
}

/// Whether we wrote a thinking block.
pub(super) fn ours(block: Value<'_>) -> bool {
    is(block, "thinking") && block.get("signature").is_some_and(|text| text.is(SIGNATURE))
}

fn is(block: Value<'_>, kind: &str) -> bool {
    block.get("type").is_some_and(|own| own.is(kind))
}
