//! Takes members and items out of a body, each with the comma that would be left over.
use core::ops::Range;

use super::splice::{Edit, Put};
use crate::json::Value;
use crate::order;

/// Takes the items of a list out that `gone` names.
pub(super) fn items<'d>(list: Value<'d>, gone: impl Fn(Value<'d>) -> bool, edits: &mut Vec<Edit>) {
    cut(list.items().map(|item| (item.span(), gone(item))), edits);
}

/// Takes the members of an object out that `gone` names.
pub(super) fn members(object: Value<'_>, gone: impl Fn(&str) -> bool, edits: &mut Vec<Edit>) {
    let members = object.pairs().map(|(key, value)| {
        let gone = key.as_str().is_some_and(|key| gone(&key));
        (key.span().start..value.span().end, gone)
    });
    cut(members, edits);
}

/// Puts a member before all others of an object, which has one that stays.
pub(super) fn insert(object: Value<'_>, text: &str, edits: &mut Vec<Edit>) {
    let at = object.span().start.saturating_add(1);
    edits.push(Edit { at: at..at, put: Put::Text(text.to_owned()) });
}

/// Puts a text in a value's place.
pub(super) fn replace(value: Value<'_>, text: impl Into<String>, edits: &mut Vec<Edit>) {
    edits.push(Edit { at: value.span(), put: Put::Text(text.into()) });
}

fn cut(children: impl Iterator<Item = (Range<usize>, bool)>, edits: &mut Vec<Edit>) {
    let own = edits.len();
    let mut kept = false;
    let mut before: Option<usize> = None;
    let mut children = children.peekable();
    while let Some((span, gone)) = children.next() {
        if !gone {
            kept = true;
        } else {
            let from = before.filter(|_| kept).unwrap_or(span.start);
            let next = children.peek().filter(|_| !kept);
            let to = next.map_or(span.end, |(next, _)| next.start);
            match edits.get_mut(own..).and_then(<[Edit]>::last_mut) {
                // What goes together is one place.
                Some(last) if last.at.end == from => last.at.end = to,
                _ => edits.push(Edit { at: from..to, put: Put::Text(String::new()) }),
            }
        }
        before = Some(span.end);
    }
}

/// The edits that every model of a format needs and those of one model, in order: what one model
/// takes out holds nothing that others change.
pub(super) fn merged(common: &[Edit], mut own: Vec<Edit>) -> Vec<Edit> {
    if own.is_empty() {
        return common.to_vec();
    }
    order::sort_by_key(&mut own, |edit| (edit.at.start, edit.at.end));
    // There may be thousands of both: they are gone through side by side, once.
    let mut others = own.iter().peekable();
    let mut end: Option<usize> = None;
    let mut common: Vec<&Edit> = common.iter().collect();
    order::sort_by_key(&mut common, |edit| (edit.at.start, edit.at.end));
    let mut kept: Vec<Edit> = Vec::with_capacity(common.len());
    for edit in common {
        // What is put before a place is not within it.
        let begins = |own: &&Edit| {
            own.at.start < edit.at.start
                || (own.at.start == edit.at.start && edit.at.end > edit.at.start)
        };
        while let Some(own) = others.next_if(|own| begins(own)) {
            end = Some(own.at.end).max(end);
        }
        if end.is_none_or(|end| edit.at.end > end) {
            kept.push(edit.clone());
        }
    }
    own.extend(kept);
    order::sort_by_key(&mut own, |edit| (edit.at.start, edit.at.end));
    own
}

#[cfg(test)]
mod tests {
    use super::{insert, items, members, merged, replace};
    use crate::dialect::splice;
    use crate::json::{Document, Limits};

    #[test]
    fn what_is_left_is_json_again() {
        for (before, after) in [
            (r#"{"x":1}"#, "{}"),
            (r#"{ "x" : 1 , "a" : 2 }"#, r#"{ "a" : 2 }"#),
            (r#"{"a":2,"x":[1]}"#, r#"{"a":2}"#),
            (r#"{"a":2,"x":1,"x":{},"b":3,"x":1}"#, r#"{"a":2,"b":3}"#),
            (r#"{"x":1,"x":2,"a":2,"x":3}"#, r#"{"a":2}"#),
            (r#"{"\u0078":1,"a":2}"#, r#"{"a":2}"#),
        ] {
            let document = Document::parse(before.as_bytes(), Limits::default()).unwrap();
            let mut edits = Vec::new();
            members(document.root(), |key| key == "x", &mut edits);
            let cut = splice(before.as_bytes(), &edits, "", None).unwrap();
            assert_eq!(String::from_utf8(cut).unwrap(), after, "{before}");
        }
        let list = "[1,0,0,2,0]";
        let document = Document::parse(list.as_bytes(), Limits::default()).unwrap();
        let mut edits = Vec::new();
        items(document.root(), |item| item.raw() == "0", &mut edits);
        assert_eq!(splice(list.as_bytes(), &edits, "", None).unwrap(), b"[1,2]");
        assert_eq!(edits.len(), 2, "neighbours go together: {edits:?}");
    }

    #[test]
    fn an_edit_within_what_is_taken_out_goes_with_it() {
        let body = r#"{"x":{"y":1},"a":2}"#;
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let (root, mut common, mut own) = (document.root(), Vec::new(), Vec::new());
        let x = root.get("x").unwrap();
        replace(x.get("y").unwrap(), "5", &mut common);
        insert(root, r#""n":0,"#, &mut common);
        replace(root.get("a").unwrap(), "3", &mut common);
        members(root, |key| key == "x", &mut own);
        let made = splice(body.as_bytes(), &merged(&common, own), "", None).unwrap();
        assert_eq!(String::from_utf8(made).unwrap(), r#"{"n":0,"a":3}"#);
    }
}
