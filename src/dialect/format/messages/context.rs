//! What an app asks Anthropic to take out of a long conversation before its model reads it.
use crate::dialect::cut::{items, members};
use crate::dialect::{Ask, Edit};
use crate::json::Value;

/// Takes thoughts out, and is refused where no more are had.
const THOUGHTS: &str = "clear_thinking_";

/// Has the provider read the whole conversation and write a shorter one, before the answer.
const SHORTER: &str = "compact_";

/// Where [`cut_thoughts`] cuts, as the app writes it.
pub(super) const EDITS: &str = "context_management.edits";

/// Reads what matters of it.
pub(super) fn read(ask: &mut Ask<'_>, root: Value<'_>) {
    let edits = root.given("context_management").and_then(|own| own.given("edits"));
    let listed = || edits.into_iter().flat_map(|edits| edits.items());
    ask.clears_thoughts = listed().any(clears_thoughts);
    ask.compacts = listed().any(|edit| is(edit, SHORTER)).then_some(EDITS);
}

/// Takes out what is refused of a request that does not think. Whether nothing else was asked for,
/// so that all of it goes.
pub(super) fn cut_thoughts(root: Value<'_>, edits: &mut Vec<Edit>) -> bool {
    let Some(context) = root.given("context_management") else { return false };
    let Some(listed) = context.given("edits") else { return false };
    if !listed.items().all(clears_thoughts) {
        items(listed, clears_thoughts, edits);
        return false;
    }
    if context.members().all(|(key, _)| key == "edits") {
        return true;
    }
    members(context, |key| key == "edits", edits);
    false
}

fn clears_thoughts(edit: Value<'_>) -> bool {
    is(edit, THOUGHTS)
}

fn is(edit: Value<'_>, kind: &str) -> bool {
    edit.str_of("type").is_some_and(|own| own.starts_with(kind))
}
