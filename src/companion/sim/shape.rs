//! Strict reading of a request's JSON: known fields only, each of its type.
use serde_json::{Map, Value};

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonType {
    Text,
    Number,
    Integer,
    Flag,
    List,
    Object,
    TextOrList,
    TextOrObject,
    Any,
}

/// One field of an object: its name, what it may hold, and whether it must be there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    name: &'static str,
    is: JsonType,
    required: bool,
    null: bool,
}

/// A field that must be there.
pub(super) const fn required(name: &'static str, is: JsonType) -> Field {
    Field { name, is, required: true, null: false }
}

/// A field that may be left out, but not be null.
pub(super) const fn optional(name: &'static str, is: JsonType) -> Field {
    Field { name, is, required: false, null: false }
}

/// A field that may be left out or be null.
pub(super) const fn nullable(name: &'static str, is: JsonType) -> Field {
    Field { name, is, required: false, null: true }
}

/// What is wrong with a request body, before an API puts it into its own words.
#[derive(Debug)]
pub(super) struct InvalidField {
    /// Dotted, with positions as numbers: `messages.0.content`. Empty for the whole body.
    pub(super) path: String,
    pub(super) why: Reason,
}

/// Why a place in a body is refused.
#[derive(Debug)]
pub(super) enum Reason {
    /// The API has no such field.
    Unknown,
    /// The field is not there.
    Missing,
    /// The field holds another type.
    Type { wanted: JsonType, got: Value },
    /// Anything else, in the API's own words, with OpenAI's `code` where it has one.
    Message { message: String, code: Option<&'static str> },
}

/// A refusal in the API's own words.
pub(super) fn invalid(path: &str, message: impl Into<String>) -> InvalidField {
    InvalidField {
        path: path.to_owned(),
        why: Reason::Message { message: message.into(), code: None },
    }
}

/// A refusal in OpenAI's words, with its `code`.
pub(super) fn coded(path: &str, code: &'static str, message: impl Into<String>) -> InvalidField {
    InvalidField {
        path: path.to_owned(),
        why: Reason::Message { message: message.into(), code: Some(code) },
    }
}

pub(super) fn missing(path: &str, name: &str) -> InvalidField {
    InvalidField { path: join(path, name), why: Reason::Missing }
}

/// A value of another type.
pub(super) fn mistyped(path: &str, wanted: JsonType, got: &Value) -> InvalidField {
    InvalidField { path: path.to_owned(), why: Reason::Type { wanted, got: got.clone() } }
}

/// `path` with one more step.
pub(super) fn join(path: &str, step: impl std::fmt::Display) -> String {
    if path.is_empty() { step.to_string() } else { format!("{path}.{step}") }
}

/// `messages.0.content` as `messages[0].content`.
pub(super) fn bracketed(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for step in path.split('.') {
        if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) {
            out.push('[');
            out.push_str(step);
            out.push(']');
        } else {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(step);
        }
    }
    out
}

/// Holds an object to its fields.
pub(super) fn fields(
    object: &Map<String, Value>,
    path: &str,
    known: &[Field],
) -> Result<(), InvalidField> {
    for (name, value) in object {
        let at = join(path, name);
        let Some(field) = known.iter().find(|field| field.name == name) else {
            return Err(InvalidField { path: at, why: Reason::Unknown });
        };
        if !(holds(field.is, value) || (field.null && value.is_null())) {
            return Err(mistyped(&at, field.is, value));
        }
    }
    match known.iter().find(|field| field.required && !object.contains_key(field.name)) {
        Some(field) => Err(missing(path, field.name)),
        None => Ok(()),
    }
}

fn holds(is: JsonType, value: &Value) -> bool {
    match is {
        JsonType::Text => value.is_string(),
        JsonType::Number => value.is_number(),
        JsonType::Integer => value.is_i64() || value.is_u64(),
        JsonType::Flag => value.is_boolean(),
        JsonType::List => value.is_array(),
        JsonType::Object => value.is_object(),
        JsonType::TextOrList => value.is_string() || value.is_array(),
        JsonType::TextOrObject => value.is_string() || value.is_object(),
        JsonType::Any => true,
    }
}

/// The value as an object.
pub(super) fn object<'v>(
    value: &'v Value,
    path: &str,
) -> Result<&'v Map<String, Value>, InvalidField> {
    value.as_object().ok_or_else(|| mistyped(path, JsonType::Object, value))
}

/// The items of the list `name`, or none.
pub(super) fn items<'v>(object: &'v Map<String, Value>, name: &str) -> &'v [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The text `name`, if it is there.
pub(super) fn text<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    object.get(name).and_then(Value::as_str)
}

/// The field `name` unless it is null.
pub(super) fn given<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// The kind of a value, as messages name it.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Whether a text is a name of these characters, at most `most` of them.
pub(super) fn is_name(text: &str, extra: &str, most: usize) -> bool {
    !text.is_empty()
        && text.len() <= most
        && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

/// Whether a text is base64 (RFC 4648, with padding, either alphabet if `url` is allowed).
pub(super) fn is_base64(text: &str, url: bool) -> bool {
    let body = text.trim_end_matches('=');
    let padding = text.len().saturating_sub(body.len());
    let known = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"+/".contains(&byte) || (url && b"-_".contains(&byte))
    };
    !text.is_empty()
        && padding <= 2
        && (text.len().is_multiple_of(4) || (url && padding == 0 && body.len() % 4 != 1))
        && body.bytes().all(known)
}

/// The first place in a JSON schema that no validator would accept, and why.
pub(super) fn bad_schema(schema: &Value, path: &str) -> Option<(String, String)> {
    let Some(schema) = schema.as_object() else {
        return (!schema.is_boolean())
            .then(|| (path.to_owned(), format!("{schema} is not of type 'object', 'boolean'")));
    };
    if let Some(found) = schema.get("type") {
        let names: Vec<&Value> =
            found.as_array().map_or_else(|| vec![found], |list| list.iter().collect());
        let known = ["string", "number", "integer", "boolean", "object", "array", "null"];
        if let Some(odd) =
            names.iter().find(|name| name.as_str().is_none_or(|name| !known.contains(&name)))
        {
            return Some((
                path.to_owned(),
                format!("{odd} is not valid under any of the given schemas"),
            ));
        }
    }
    if schema
        .get("required")
        .is_some_and(|list| list.as_array().is_none_or(|list| !list.iter().all(Value::is_string)))
    {
        return Some((path.to_owned(), "`required` is not an array of strings".to_owned()));
    }
    if let Some(properties) = schema.get("properties") {
        let Some(properties) = properties.as_object() else {
            return Some((path.to_owned(), format!("{properties} is not of type 'object'")));
        };
        for (name, inner) in properties {
            if let Some(bad) = bad_schema(inner, &join(&join(path, "properties"), name)) {
                return Some(bad);
            }
        }
    }
    schema.get("items").and_then(|inner| bad_schema(inner, &join(path, "items")))
}
