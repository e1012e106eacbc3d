//! Tools and their choice.
use serde_json::{Map, Value};

use super::super::shape::{
    Field, JsonType, Wrong, bad_schema, fields, is_name, items, may, missing, must, nullable,
    object, said, text,
};
use super::super::talk::{Choice, Heard, Tool};

const TOOL: &[Field] = &[
    must("name", JsonType::Text),
    must("input_schema", JsonType::Object),
    may("type", JsonType::Text),
    may("description", JsonType::Text),
    nullable("cache_control", JsonType::Object),
    may("strict", JsonType::Flag),
    may("eager_input_streaming", JsonType::Flag),
    may("input_examples", JsonType::List),
    may("defer_loading", JsonType::Flag),
    may("allowed_callers", JsonType::List),
];

pub(super) fn read(
    body: &Map<String, Value>,
    thinking: bool,
    heard: &mut Heard,
) -> Result<(), Wrong> {
    for (index, tool) in items(body, "tools").iter().enumerate() {
        let tool_read = one(tool, &format!("tools.{index}"))?;
        if heard.tools.iter().any(|known| known.name == tool_read.name) {
            return Err(said("tools", "tools: Tool names must be unique."));
        }
        heard.tools.push(tool_read);
        heard.hear(&tool.to_string());
        if tool.get("cache_control").is_some_and(Value::is_object) {
            heard.cache_mark = Some(heard.prompt.len());
        }
    }
    match body.get("tool_choice").and_then(Value::as_object) {
        Some(choice) => read_choice(choice, thinking, heard),
        None => Ok(()),
    }
}

fn one(tool: &Value, path: &str) -> Result<Tool, Wrong> {
    let tool = object(tool, path)?;
    let kind = text(tool, "type").unwrap_or("custom");
    if kind != "custom" {
        let message = format!(
            "{path}: Input tag '{kind}' found using 'type' does not match any of the expected \
             tags: 'custom'"
        );
        return Err(said(path, message));
    }
    let at = format!("{path}.custom");
    fields(tool, &at, TOOL)?;
    let name = text(tool, "name").unwrap_or_default();
    if !is_name(name, "_-", 128) {
        let message = format!("{at}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'");
        return Err(said(&at, message));
    }
    let at = format!("{at}.input_schema");
    let schema = tool.get("input_schema").cloned().unwrap_or_default();
    match schema.get("type") {
        None => return Err(missing(&at, "type")),
        Some(kind) if kind == "object" => {}
        Some(_) => return Err(said(&at, format!("{at}.type: Input should be 'object'"))),
    }
    if ["oneOf", "allOf", "anyOf"].iter().any(|name| schema.get(*name).is_some()) {
        let message =
            format!("{at}: input_schema does not support oneOf, allOf, or anyOf at the top level");
        return Err(said(&at, message));
    }
    if bad_schema(&schema, "").is_some() {
        let message = format!(
            "{at}: JSON schema is invalid. It must match JSON Schema draft 2020-12 \
             (https://json-schema.org/draft/2020-12)."
        );
        return Err(said(&at, message));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut names = properties.into_iter().flat_map(Map::keys);
    if names.any(|name| !is_name(name, "_.-", 64)) {
        let message = format!(
            "{at}.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{{1,64}}$'"
        );
        return Err(said(&at, message));
    }
    Ok(Tool { name: name.to_owned(), schema })
}

fn read_choice(
    choice: &Map<String, Value>,
    thinking: bool,
    heard: &mut Heard,
) -> Result<(), Wrong> {
    let at = "tool_choice";
    let kind = text(choice, "type").ok_or_else(|| missing(at, "type"))?;
    let kind_field = must("type", JsonType::Text);
    let single = may("disable_parallel_tool_use", JsonType::Flag);
    match kind {
        "auto" | "any" => fields(choice, &format!("{at}.{kind}"), &[kind_field, single])?,
        "tool" => {
            let known = [kind_field, must("name", JsonType::Text), single];
            fields(choice, &format!("{at}.{kind}"), &known)?;
        }
        "none" => fields(choice, &format!("{at}.{kind}"), &[kind_field])?,
        other => {
            let message = format!(
                "tool_choice: Input tag '{other}' found using 'type' does not match any of the \
                 expected tags: 'auto', 'any', 'tool', 'none'"
            );
            return Err(said(at, message));
        }
    }
    if heard.tools.is_empty() {
        let message = "tool_choice: may only be specified while providing tools.";
        return Err(said(at, message));
    }
    if thinking && matches!(kind, "any" | "tool") {
        let message = "Thinking may not be enabled when tool_choice forces tool use.";
        return Err(said(at, message));
    }
    heard.parallel = choice.get("disable_parallel_tool_use") != Some(&Value::Bool(true));
    heard.choice = match kind {
        "any" => Choice::Some(Vec::new()),
        "none" => Choice::Never,
        "tool" => {
            let name = text(choice, "name").unwrap_or_default();
            if !heard.tools.iter().any(|tool| tool.name == name) {
                let message = format!("tool_choice: Tool '{name}' not found in provided tools");
                return Err(said(at, message));
            }
            Choice::Some(vec![name.to_owned()])
        }
        _ => Choice::Auto,
    };
    Ok(())
}
