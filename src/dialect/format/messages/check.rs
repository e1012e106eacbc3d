//! Checks of single values: what they must be, said with their place.
use std::borrow::Cow;

use crate::dialect::unsupported::note;
use crate::dialect::{Ask, Fault, Field, Number, stored};
use crate::json::{At, Kind, Value};

/// A string.
pub(super) fn string<'d>(value: Value<'d>, at: &At<'_>) -> Result<Cow<'d, str>, Fault> {
    value.as_str().ok_or_else(|| wrong(value, at, "a string"))
}

/// A member that must be there and be a string.
pub(super) fn need_string<'d>(
    object: Value<'d>,
    key: &str,
    at: &At<'_>,
) -> Result<Cow<'d, str>, Fault> {
    string(need(object, key, at, "a string")?, &at.key(key))
}

/// A member that must be there.
pub(super) fn need<'d>(
    object: Value<'d>,
    key: &str,
    at: &At<'_>,
    expected: &str,
) -> Result<Value<'d>, Fault> {
    object.given(key).ok_or_else(|| {
        Fault::field(at.key(key), format_args!("expected {expected}, but it is missing"))
    })
}

/// An object.
pub(super) fn object<'d>(value: Value<'d>, at: &At<'_>) -> Result<Value<'d>, Fault> {
    if value.is_object() { Ok(value) } else { Err(wrong(value, at, "an object")) }
}

/// An array.
pub(super) fn array<'d>(value: Value<'d>, at: &At<'_>) -> Result<Value<'d>, Fault> {
    if value.is_array() { Ok(value) } else { Err(wrong(value, at, "an array")) }
}

/// A boolean.
pub(super) fn boolean(value: Value<'_>, at: &At<'_>) -> Result<bool, Fault> {
    value.as_bool().ok_or_else(|| wrong(value, at, "a boolean"))
}

/// A whole number.
pub(super) fn whole(value: Value<'_>, at: &At<'_>, expected: &str) -> Result<u64, Fault> {
    value.as_u64().ok_or_else(|| wrong(value, at, expected))
}

/// A number from `least` to `most`.
pub(super) fn number<'d>(
    value: Value<'d>,
    at: &At<'_>,
    (least, most): (f64, f64),
) -> Result<Number<'d>, Fault> {
    match value.as_f64().filter(|number| (least..=most).contains(number)) {
        Some(number) => Ok(Number { text: value.raw(), value: number }),
        None => {
            let expected = if most.is_finite() {
                format!("a number from {least} to {most}")
            } else {
                format!("a number of at least {least}")
            };
            Err(wrong(value, at, &expected))
        }
    }
}

/// A value that is not what it must be. Short ones are shown: "expected a boolean, got `3`".
pub(super) fn wrong(value: Value<'_>, at: &At<'_>, expected: &str) -> Fault {
    let raw = value.raw();
    match value.kind() {
        Kind::Array | Kind::Object | Kind::Null => {
            Fault::field(at, format_args!("expected {expected}, got {}", value.kind().name()))
        }
        _ if raw.len() <= 40 => Fault::field(at, format_args!("expected {expected}, got `{raw}`")),
        kind => Fault::field(at, format_args!("expected {expected}, got {}", kind.name())),
    }
}

/// Whether leaving a field out means the same.
pub(super) fn neutral(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Null => true,
        Kind::Array => value.items().next().is_none(),
        Kind::Object => value.members().next().is_none(),
        _ => false,
    }
}

/// Notes a field that only this format can say, unless it says nothing.
pub(super) fn passthrough_only(ask: &mut Ask<'_>, value: Value<'_>, at: &At<'_>) {
    stored::within(&mut ask.stored, value, at);
    if !neutral(value) {
        note(&mut ask.passthrough_only, at);
    }
}

/// Notes a field that is best effort, once.
pub(super) fn best_effort(ask: &mut Ask<'_>, field: &'static str) {
    if !ask.best_effort.iter().any(|own| own == field) {
        ask.best_effort.push(Field::Borrowed(field));
    }
}

/// Goes through the members that a reader has not read: advice of Anthropic's cache, and what only
/// this format knows.
pub(super) fn rest<'d>(ask: &mut Ask<'d>, object: Value<'d>, known: &[&str], at: &At<'_>) {
    for (key, value) in object.members() {
        if known.contains(&&*key) {
            continue;
        }
        if key == "cache_control" {
            if !value.is_null() {
                best_effort(ask, "cache_control");
            }
            continue;
        }
        let at = at.key(&key);
        stored::member(&mut ask.stored, &key, value, &at);
        if !neutral(value) {
            note(&mut ask.passthrough_only, at);
        }
    }
}
