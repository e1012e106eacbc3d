//! What changes in an app's body on its way to a provider of the same format.
use crate::dialect::cut::{insert, replace};
use crate::dialect::{Ask, Edit, Put};
use crate::json::{Document, Value};

/// The model's name; the wish for usage at the end of a stream, since tokens are counted whether
/// or not the app wants to see them; and a bound on the answer where the app sets none, for those
/// who pay for it beforehand.
///
/// Readers differ in which of two equal keys they take, so every one of them is changed.
pub(super) fn edits<'d>(document: &'d Document<'d>, ask: &Ask<'d>) -> Vec<Edit> {
    let root = document.root();
    let usage = ask.stream && !ask.stream_usage;
    let mut edits = Vec::new();
    if usage && !root.members().any(|(key, _)| key == "stream_options") {
        // A comma may follow: a request has at least its model.
        insert(root, r#""stream_options":{"include_usage":true},"#, &mut edits);
    }
    let unbound = ask.max_tokens.is_none();
    if unbound && !root.members().any(|(key, _)| MOST.contains(&&*key)) {
        let at = root.span().start.saturating_add(1);
        let before = r#""max_completion_tokens":"#.to_owned();
        edits.push(Edit { at: at..at, put: bound(before, ",", "") });
    }
    for (key, value) in root.members() {
        match &*key {
            // Every one of them, nulls as well where there is nothing else: servers differ in which
            // they take, and only one of them was held for.
            most if MOST.contains(&most) && (unbound || !value.is_null()) => {
                edits.push(Edit { at: value.span(), put: bound(String::new(), "", value.raw()) });
            }
            "model" => edits.push(Edit { at: value.span(), put: Put::Model }),
            "stream_options" if usage => options(value, &mut edits),
            _ => {}
        }
    }
    edits
}

/// The fields that bound an answer.
const MOST: [&str; 2] = ["max_completion_tokens", "max_tokens"];

fn bound(before: String, after: &str, without: &str) -> Put {
    Put::Bound { before, after: after.to_owned(), without: without.to_owned() }
}

fn options(options: Value<'_>, edits: &mut Vec<Edit>) {
    if options.members().next().is_none() {
        return replace(options, r#"{"include_usage":true}"#, edits);
    }
    let before = edits.len();
    for (_, value) in options.members().filter(|(key, _)| key == "include_usage") {
        replace(value, "true", edits);
    }
    if edits.len() == before {
        insert(options, r#""include_usage":true,"#, edits);
    }
}
