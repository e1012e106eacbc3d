//! Tools, their choice, and the schema of an answer.
use serde_json::{Map, Value, json};

use super::super::shape::{
    Field, InvalidField, JsonType, bad_schema, coded, fields, invalid, is_name, items, nullable,
    object, optional, required, text,
};
use super::super::talk::{ChatRequest, Choice, Tool};

const FUNCTION: &[Field] = &[
    required("name", JsonType::Text),
    nullable("description", JsonType::Text),
    optional("parameters", JsonType::Object),
    nullable("strict", JsonType::Flag),
];

pub(super) fn read(
    body: &Map<String, Value>,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    let given = body.contains_key("tools");
    let list = items(body, "tools");
    if given && list.is_empty() {
        let message = "Invalid 'tools': empty array. Expected an array with minimum length 1, but \
                       got an empty array instead.";
        return Err(coded("tools", "empty_array", message));
    }
    if list.len() > 128 {
        let message = format!(
            "Invalid 'tools': array too long. Expected an array with maximum length 128, but got \
             an array with length {} instead.",
            list.len()
        );
        return Err(coded("tools", "array_above_max_length", message));
    }
    for (index, tool) in list.iter().enumerate() {
        request.tools.push(one(tool, &format!("tools.{index}"))?);
        request.hear(&tool.to_string());
    }
    for name in ["tool_choice", "parallel_tool_calls"] {
        if !given && body.contains_key(name) {
            let message = format!(
                "Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified."
            );
            return Err(invalid(name, message));
        }
    }
    request.parallel = body.get("parallel_tool_calls").and_then(Value::as_bool).unwrap_or(true);
    choice(body.get("tool_choice"), request)
}

fn one(tool: &Value, path: &str) -> Result<Tool, InvalidField> {
    let tool = object(tool, path)?;
    fields(
        tool,
        path,
        &[required("type", JsonType::Text), required("function", JsonType::Object)],
    )?;
    let kind = text(tool, "type").unwrap_or_default();
    if kind != "function" {
        let message = format!("Invalid value: '{kind}'. Supported values are: 'function'.");
        return Err(coded(&format!("{path}.type"), "invalid_value", message));
    }
    let at = format!("{path}.function");
    let empty = Map::new();
    let function = tool.get("function").and_then(Value::as_object).unwrap_or(&empty);
    fields(function, &at, FUNCTION)?;
    let name = text(function, "name").unwrap_or_default();
    name_is_good(name, &format!("{at}.name"))?;
    let schema = function.get("parameters").cloned().unwrap_or_else(|| json!({"type": "object"}));
    let complain = |why: String| {
        let message = format!("Invalid schema for function '{name}': {why}");
        coded(&format!("{at}.parameters"), "invalid_function_parameters", message)
    };
    schema_is_object(&schema).map_err(&complain)?;
    if function.get("strict") == Some(&Value::Bool(true)) {
        strict(&schema).map_err(&complain)?;
    }
    Ok(Tool { name: name.to_owned(), schema })
}

/// Holds a function's name to its pattern.
pub(super) fn name_is_good(name: &str, path: &str) -> Result<(), InvalidField> {
    if is_name(name, "_-", 64) {
        return Ok(());
    }
    let message = format!(
        "Invalid '{}': string does not match pattern. Expected a string that matches the pattern \
         '^[a-zA-Z0-9_-]+$'.",
        super::bracketed(path)
    );
    Err(coded(path, "invalid_value", message))
}

fn schema_is_object(schema: &Value) -> Result<(), String> {
    let kind = schema.get("type").cloned().unwrap_or(Value::Null);
    let empty = schema.as_object().is_some_and(Map::is_empty);
    if kind != "object" && !empty {
        let kind = kind.as_str().unwrap_or("None");
        return Err(format!(
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
        ));
    }
    if let Some((_, why)) = bad_schema(schema, "") {
        return Err(why);
    }
    arrays_have_items(schema)
}

fn arrays_have_items(schema: &Value) -> Result<(), String> {
    if schema.get("type").is_some_and(|kind| kind == "array") && schema.get("items").is_none() {
        return Err("array schema missing items.".to_owned());
    }
    let inner = schema.get("properties").and_then(Value::as_object);
    let mut all = inner.into_iter().flat_map(Map::values).chain(schema.get("items"));
    all.try_for_each(arrays_have_items)
}

/// What `strict: true` asks of every object: closed, and all of it required.
fn strict(schema: &Value) -> Result<(), String> {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Err("In context=(), 'additionalProperties' is required to be supplied and to \
                        be false."
                .to_owned());
        }
        let required = schema.get("required").and_then(Value::as_array);
        let has = |name: &String| {
            required.is_some_and(|list| list.iter().any(|entry| entry == name.as_str()))
        };
        if let Some(name) = properties.keys().find(|name| !has(name)) {
            return Err(format!(
                "In context=(), 'required' is required to be supplied and to be an array \
                 including every key in properties. Missing '{name}'."
            ));
        }
        properties.values().try_for_each(strict)?;
    }
    schema.get("items").map_or(Ok(()), strict)
}

fn choice(choice: Option<&Value>, request: &mut ChatRequest) -> Result<(), InvalidField> {
    let at = "tool_choice";
    match choice {
        None => {}
        Some(Value::String(word)) => {
            request.choice = match word.as_str() {
                "auto" => Choice::Auto,
                "none" => Choice::Never,
                "required" => Choice::Some(Vec::new()),
                other => {
                    let message = format!(
                        "Invalid value: '{other}'. Supported values are: 'none', 'auto', and \
                         'required'."
                    );
                    return Err(coded(at, "invalid_value", message));
                }
            };
        }
        Some(value) => {
            let choice = object(value, at)?;
            let known = [
                required("type", JsonType::Text),
                optional("function", JsonType::Object),
                optional("allowed_tools", JsonType::Object),
            ];
            fields(choice, at, &known)?;
            if text(choice, "type") == Some("allowed_tools") {
                return allowed(choice, request);
            }
            let function = choice.get("function").and_then(Value::as_object);
            let name = function.and_then(|function| text(function, "name"));
            let name = name.ok_or_else(|| super::super::shape::missing(at, "function"))?;
            if !request.tools.iter().any(|tool| tool.name == name) {
                let message = format!(
                    "Invalid value for 'tool_choice': tool_choice references '{name}', which was \
                     not found in 'tools'."
                );
                return Err(invalid(at, message));
            }
            request.choice = Choice::Some(vec![name.to_owned()]);
        }
    }
    Ok(())
}

fn allowed(choice: &Map<String, Value>, request: &mut ChatRequest) -> Result<(), InvalidField> {
    let at = "tool_choice.allowed_tools";
    let empty = Map::new();
    let inner = choice.get("allowed_tools").and_then(Value::as_object).unwrap_or(&empty);
    fields(inner, at, &[required("mode", JsonType::Text), required("tools", JsonType::List)])?;
    let names = items(inner, "tools").iter().filter_map(|tool| tool.pointer("/function/name"));
    let names: Vec<String> = names.filter_map(Value::as_str).map(str::to_owned).collect();
    request.tools.retain(|tool| names.contains(&tool.name));
    if text(inner, "mode") == Some("required") {
        request.choice = Choice::Some(names);
    }
    Ok(())
}

/// The schema in `response_format.json_schema`.
pub(super) fn answer_schema(inner: &Map<String, Value>) -> Result<Value, InvalidField> {
    let at = "response_format.json_schema";
    let known = [
        required("name", JsonType::Text),
        nullable("description", JsonType::Text),
        optional("schema", JsonType::Object),
        nullable("strict", JsonType::Flag),
    ];
    fields(inner, at, &known)?;
    let name = text(inner, "name").unwrap_or_default();
    name_is_good(name, &format!("{at}.name"))?;
    let schema = inner.get("schema").cloned().unwrap_or_else(|| json!({"type": "object"}));
    let complain = |why: String| {
        let message = format!("Invalid schema for response_format '{name}': {why}");
        coded("response_format", "invalid_json_schema", message)
    };
    schema_is_object(&schema).map_err(&complain)?;
    if inner.get("strict") == Some(&Value::Bool(true)) {
        strict(&schema).map_err(&complain)?;
    }
    Ok(schema)
}
