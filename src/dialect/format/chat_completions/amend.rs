//! What changes in an app's body for one of OpenAI's models: what that model does not take is said
//! otherwise or left out. How is found where a request is written, in [`super::write`].
use super::write::{Family, TOOLS, effort};
use crate::dialect::cut::{insert, members, replace};
use crate::dialect::{Ask, Edit, Field, Put, Target};
use crate::json::{Document, Value};

/// The older name for the most tokens of an answer, and the newer one.
const BOUNDS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// Changes a body for one model.
pub(super) fn amend<'d>(
    document: &'d Document<'d>,
    ask: &Ask<'d>,
    target: &Target<'_>,
    gone: &[Field],
    edits: &mut Vec<Edit>,
) {
    let family = Family::of(target.model);
    let root = document.root();
    if !family.is_known() {
        let premium = ask.premium.filter(|field| gone.iter().any(|own| own == field));
        return members(root, |key| premium == Some(key), edits);
    }
    let mut unsaid: Vec<&str> = gone.iter().map(AsRef::as_ref).collect();
    unsaid.retain(|field| *field != "tools");
    if gone.iter().any(|field| field == "tools") {
        shorten(root, edits);
    }
    bound(root, family, &mut unsaid, edits);
    reasoning(root, effort(ask, family), family, &mut unsaid, edits);
    if family == Family::O {
        unsaid.push("parallel_tool_calls");
    }
    members(root, |key| unsaid.contains(&key), edits);
}

/// Gives the bound on the answer the name that the model takes.
fn bound(root: Value<'_>, family: Family, unsaid: &mut Vec<&str>, edits: &mut Vec<Edit>) {
    let [older, newer] = BOUNDS;
    if !family.takes_newer_bound_only() {
        return;
    }
    // A null bounds nothing: of a null and a number it is the number that stays.
    let is_null = root.given(newer).is_none();
    match root.get(newer) {
        Some(_) if is_null && root.given(older).is_some() => unsaid.push(newer),
        Some(_) => return unsaid.push(older),
        None => {}
    }
    for (key, _) in root.pairs().filter(|(key, _)| key.is(older)) {
        replace(key, format!("\"{newer}\""), edits);
    }
}

/// Says how much to reason in a word that the model takes. Of Anthropic's word for it, which some
/// gateways translate, OpenAI knows nothing.
fn reasoning(
    root: Value<'_>,
    effort: Option<&'static str>,
    family: Family,
    unsaid: &mut Vec<&str>,
    edits: &mut Vec<Edit>,
) {
    unsaid.push("thinking");
    let Some(nearest) = effort else {
        // What never reasons does not know the word that says so.
        if family.never_thinks() {
            unsaid.push("reasoning_effort");
        }
        return;
    };
    // Where it is not taken with this request, the word that says so is still to be said.
    unsaid.retain(|field| *field != "reasoning_effort");
    match root.get("reasoning_effort") {
        Some(word) => {
            let text = word.as_str().unwrap_or_default();
            if !family.takes(&text) || word.is_null() || (nearest == "none" && text != "none") {
                replace(word, format!("\"{nearest}\""), edits);
            }
        }
        None => insert(root, &format!(r#""reasoning_effort":"{nearest}","#), edits),
    }
}

/// Leaves out the functions beyond the most that are taken.
fn shorten(root: Value<'_>, edits: &mut Vec<Edit>) {
    let Some(tools) = root.get("tools") else { return };
    let last = tools.items().nth(TOOLS.saturating_sub(1)).map(|tool| tool.span().end);
    let end = tools.items().last().map(|tool| tool.span().end);
    if let (Some(last), Some(end)) = (last, end) {
        edits.push(Edit { at: last..end, put: Put::Text(String::new()) });
    }
}
