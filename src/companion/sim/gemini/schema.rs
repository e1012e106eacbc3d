//! Schemas in Gemini's own form, a part of OpenAPI 3.0: every other keyword is refused.
use serde_json::{Map, Value};

use super::super::shape::{
    Field, InvalidField, JsonType, fields, invalid, items, nullable, object, text,
};

const KEYWORDS: &[Field] = &[
    nullable("type", JsonType::Text),
    nullable("format", JsonType::Text),
    nullable("title", JsonType::Text),
    nullable("description", JsonType::Text),
    nullable("nullable", JsonType::Flag),
    nullable("enum", JsonType::List),
    nullable("maxItems", JsonType::Any),
    nullable("minItems", JsonType::Any),
    nullable("properties", JsonType::Object),
    nullable("required", JsonType::List),
    nullable("minProperties", JsonType::Any),
    nullable("maxProperties", JsonType::Any),
    nullable("minLength", JsonType::Any),
    nullable("maxLength", JsonType::Any),
    nullable("pattern", JsonType::Text),
    nullable("example", JsonType::Any),
    nullable("anyOf", JsonType::List),
    nullable("propertyOrdering", JsonType::List),
    nullable("default", JsonType::Any),
    nullable("items", JsonType::Object),
    nullable("minimum", JsonType::Number),
    nullable("maximum", JsonType::Number),
];

/// Holds a schema to the form.
pub(super) fn check(schema: &Value, path: &str) -> Result<(), InvalidField> {
    let schema = object(schema, path)?;
    let at = super::snake(path);
    if schema.get("type").is_some_and(Value::is_array) {
        let message = format!(
            "Invalid JSON payload received. Unknown name \"type\" at '{at}': Proto field is not \
             repeating, cannot start list."
        );
        return Err(invalid(path, message));
    }
    fields(schema, path, KEYWORDS)?;
    let kind = text(schema, "type").unwrap_or_default().to_ascii_uppercase();
    let known = ["", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"];
    if !known.contains(&kind.as_str()) {
        let found = text(schema, "type").unwrap_or_default();
        let message = format!(
            "Invalid value at '{at}.type' \
             (type.googleapis.com/google.ai.generativelanguage.v1beta.Type), \"{found}\""
        );
        return Err(invalid(path, message));
    }
    by_type(schema, &kind, &at)?;
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    for (index, name) in items(schema, "required").iter().enumerate() {
        if name.as_str().is_none_or(|name| !properties.contains_key(name)) {
            let message = format!(
                "* GenerateContentRequest.{at}.required[{index}]: property is not defined\n"
            );
            return Err(invalid(path, message));
        }
    }
    for (name, inner) in properties {
        check(inner, &format!("{path}.properties.{name}"))?;
    }
    for (index, inner) in items(schema, "anyOf").iter().enumerate() {
        check(inner, &format!("{path}.anyOf.{index}"))?;
    }
    match schema.get("items") {
        Some(inner) if inner.is_object() => check(inner, &format!("{path}.items")),
        _ => Ok(()),
    }
}

fn by_type(schema: &Map<String, Value>, kind: &str, at: &str) -> Result<(), InvalidField> {
    let wrong = |what: &str| invalid(at, format!("* GenerateContentRequest.{at}.{what}\n"));
    if kind == "ARRAY" && !schema.get("items").is_some_and(Value::is_object) {
        return Err(wrong("items: missing field."));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    if kind == "OBJECT" && properties.is_some_and(Map::is_empty) {
        return Err(wrong("properties: should be non-empty for OBJECT type"));
    }
    let values = items(schema, "enum");
    if !values.is_empty() && kind != "STRING" {
        return Err(wrong("enum: only allowed for STRING type"));
    }
    if let Some(odd) = values.iter().find(|value| !value.is_string()) {
        let message = format!("Invalid value at '{at}.enum[0]' (TYPE_STRING), {odd}");
        return Err(invalid(at, message));
    }
    if let Some(index) = values.iter().position(|value| value == "") {
        return Err(wrong(&format!("enum[{index}]: cannot be empty")));
    }
    let format = text(schema, "format");
    if kind == "STRING" && format.is_some_and(|format| !["enum", "date-time"].contains(&format)) {
        return Err(wrong("format: only 'enum' and 'date-time' are supported for STRING type"));
    }
    Ok(())
}
