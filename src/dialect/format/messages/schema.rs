//! JSON schemas as Anthropic wants them, where other providers take for granted what it must be
//! told.
use std::borrow::Cow;

use crate::json::{Document, Limits, Value};

/// What is put at the beginning of an object's schema that leaves it open.
const CLOSE: &str = r#""additionalProperties":false,"#;

/// Whether a function's arguments may have that schema: Anthropic takes no choice between several
/// at its top.
pub(super) fn takes(schema: &str) -> bool {
    // Most schemas hold no choice at all, and need not be read to know.
    if !schema.contains("Of\"") {
        return true;
    }
    let document = Document::parse(schema.as_bytes(), Limits::default());
    document.is_ok_and(|document| {
        let root = document.root();
        ["oneOf", "anyOf", "allOf"].iter().all(|key| root.given(key).is_none())
    })
}

/// The schema of a function's arguments: one that says it is an object's.
pub(super) fn of_tool(schema: &str) -> Cow<'_, str> {
    if schema.starts_with(r#"{"type":"object""#) {
        return Cow::Borrowed(schema);
    }
    let Ok(document) = Document::parse(schema.as_bytes(), Limits::default()) else {
        return Cow::Borrowed(r#"{"type":"object"}"#);
    };
    let root = document.root();
    if root.given("type").is_some() {
        return Cow::Borrowed(schema);
    }
    let inside = root.raw().strip_prefix('{').unwrap_or("}").trim_start();
    let comma = if inside.starts_with('}') { "" } else { "," };
    Cow::Owned(format!(r#"{{"type":"object"{comma}{inside}"#))
}

/// The schema of an answer: one whose objects have no properties but those it names, which every
/// answer that follows it also follows the original. None when it wants others.
pub(super) fn of_answer(schema: &str) -> Option<Cow<'_, str>> {
    let document = Document::parse(schema.as_bytes(), Limits::default()).ok()?;
    let mut open = Vec::new();
    if !close(document.root(), &mut open) {
        return None;
    }
    if open.is_empty() {
        return Some(Cow::Borrowed(schema));
    }
    let mut out = String::with_capacity(schema.len().saturating_add(open.len().saturating_mul(32)));
    let mut from = 0_usize;
    for at in open {
        out.push_str(schema.get(from..at)?);
        out.push_str(CLOSE);
        from = at;
    }
    out.push_str(schema.get(from..)?);
    Some(Cow::Owned(out))
}

/// Notes where each open object begins, in order; whether none wants properties it does not name.
fn close(schema: Value<'_>, open: &mut Vec<usize>) -> bool {
    if schema.get("type").is_some_and(is_object) {
        match schema.given("additionalProperties") {
            Some(more) if more.as_bool() != Some(false) => return false,
            Some(_) => {}
            None => open.push(schema.span().start.saturating_add(1)),
        }
    }
    let deeper = |value: Value<'_>, open: &mut Vec<usize>| {
        value.items().all(|item| close(item, open)) && (!value.is_object() || close(value, open))
    };
    schema.members().all(|(key, value)| match &*key {
        // Plain values, in which nothing is a schema.
        "enum" | "const" | "default" | "examples" => true,
        // Maps, in which every key is a name.
        "properties" | "$defs" | "definitions" => {
            value.members().all(|(_, value)| deeper(value, open))
        }
        _ => deeper(value, open),
    })
}

fn is_object(kind: Value<'_>) -> bool {
    kind.is("object") || kind.items().any(|kind| kind.is("object"))
}
