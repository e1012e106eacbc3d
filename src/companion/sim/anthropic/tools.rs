//! Tools and their choice.
use serde_json::{Map, Value};

use super::super::shape::{
    Field, InvalidField, JsonType, bad_schema, fields, invalid, is_name, items, missing, nullable,
    object, optional, required, text,
};
use super::super::talk::{ChatRequest, Choice, Tool};

const TOOL: &[Field] = &[
    required("name", JsonType::Text),
    required("input_schema", JsonType::Object),
    optional("type", JsonType::Text),
    optional("description", JsonType::Text),
    nullable("cache_control", JsonType::Object),
    optional("strict", JsonType::Flag),
    optional("eager_input_streaming", JsonType::Flag),
    optional("input_examples", JsonType::List),
    optional("defer_loading", JsonType::Flag),
    optional("allowed_callers", JsonType::List),
];

pub(super) fn read(
    body: &Map<String, Value>,
    thinking: bool,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    for (index, tool) in items(body, "tools").iter().enumerate() {
        let tool_read = one(tool, &format!("tools.{index}"))?;
        if request.tools.iter().any(|known| known.name == tool_read.name) {
            return Err(invalid("tools", "tools: Tool names must be unique."));
        }
        request.tools.push(tool_read);
        request.hear(&tool.to_string());
        if tool.get("cache_control").is_some_and(Value::is_object) {
            request.cache_marks.push(request.prompt.len());
        }
    }
    match body.get("tool_choice").and_then(Value::as_object) {
        Some(choice) => read_choice(choice, thinking, request),
        None => Ok(()),
    }
}

fn one(tool: &Value, path: &str) -> Result<Tool, InvalidField> {
    let tool = object(tool, path)?;
    let kind = text(tool, "type").unwrap_or("custom");
    if kind != "custom" {
        let message = format!(
            "{path}: Input tag '{kind}' found using 'type' does not match any of the expected \
             tags: 'custom'"
        );
        return Err(invalid(path, message));
    }
    let at = format!("{path}.custom");
    fields(tool, &at, TOOL)?;
    let name = text(tool, "name").unwrap_or_default();
    if !is_name(name, "_-", 128) {
        let message = format!("{at}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'");
        return Err(invalid(&at, message));
    }
    let at = format!("{at}.input_schema");
    let schema = tool.get("input_schema").cloned().unwrap_or_default();
    match schema.get("type") {
        None => return Err(missing(&at, "type")),
        Some(kind) if kind == "object" => {}
        Some(_) => return Err(invalid(&at, format!("{at}.type: Input should be 'object'"))),
    }
    if ["oneOf", "allOf", "anyOf"].iter().any(|name| schema.get(*name).is_some()) {
        let message =
            format!("{at}: input_schema does not support oneOf, allOf, or anyOf at the top level");
        return Err(invalid(&at, message));
    }
    if bad_schema(&schema, "").is_some() {
        let message = format!(
            "{at}: JSON schema is invalid. It must match JSON Schema draft 2020-12 \
             (https://json-schema.org/draft/2020-12)."
        );
        return Err(invalid(&at, message));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut names = properties.into_iter().flat_map(Map::keys);
    if names.any(|name| !is_name(name, "_.-", 64)) {
        let message = format!(
            "{at}.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{{1,64}}$'"
        );
        return Err(invalid(&at, message));
    }
    Ok(Tool { name: name.to_owned(), schema })
}

fn read_choice(
    choice: &Map<String, Value>,
    thinking: bool,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    let at = "tool_choice";
    let kind = text(choice, "type").ok_or_else(|| missing(at, "type"))?;
    let kind_field = required("type", JsonType::Text);
    let single = optional("disable_parallel_tool_use", JsonType::Flag);
    match kind {
        "auto" | "any" => fields(choice, &format!("{at}.{kind}"), &[kind_field, single])?,
        "tool" => {
            let known = [kind_field, required("name", JsonType::Text), single];
            fields(choice, &format!("{at}.{kind}"), &known)?;
        }
        "none" => fields(choice, &format!("{at}.{kind}"), &[kind_field])?,
        other => {
            let message = format!(
                "tool_choice: Input tag '{other}' found using 'type' does not match any of the \
                 expected tags: 'auto', 'any', 'tool', 'none'"
            );
            return Err(invalid(at, message));
        }
    }
    if request.tools.is_empty() {
        let message = "tool_choice: may only be specified while providing tools.";
        return Err(invalid(at, message));
    }
    if thinking && matches!(kind, "any" | "tool") {
        let message = "Thinking may not be enabled when tool_choice forces tool use.";
        return Err(invalid(at, message));
    }
    request.parallel = choice.get("disable_parallel_tool_use") != Some(&Value::Bool(true));
    request.choice = match kind {
        "any" => Choice::Some(Vec::new()),
        "none" => Choice::Never,
        "tool" => {
            let name = text(choice, "name").unwrap_or_default();
            if !request.tools.iter().any(|tool| tool.name == name) {
                let message = format!("tool_choice: Tool '{name}' not found in provided tools");
                return Err(invalid(at, message));
            }
            Choice::Some(vec![name.to_owned()])
        }
        _ => Choice::Auto,
    };
    Ok(())
}
