//! Function declarations and their choice.
use serde_json::{Map, Value, json};

use super::super::shape::{
    Field, InvalidField, JsonType, bad_schema, fields, given, invalid, items, nullable, object,
    text,
};
use super::super::talk::{ChatRequest, Choice, Tool};
use super::schema;

const TOOL: &[Field] = &[
    nullable("functionDeclarations", JsonType::List),
    nullable("googleSearch", JsonType::Object),
    nullable("googleSearchRetrieval", JsonType::Object),
    nullable("codeExecution", JsonType::Object),
    nullable("urlContext", JsonType::Object),
    nullable("computerUse", JsonType::Object),
    nullable("fileSearch", JsonType::Object),
    nullable("googleMaps", JsonType::Object),
    nullable("mcpServers", JsonType::List),
];
const DECLARATION: &[Field] = &[
    nullable("name", JsonType::Text),
    nullable("description", JsonType::Text),
    nullable("behavior", JsonType::Text),
    nullable("parameters", JsonType::Object),
    nullable("parametersJsonSchema", JsonType::Any),
    nullable("response", JsonType::Object),
    nullable("responseJsonSchema", JsonType::Any),
];

pub(super) fn read(
    body: &Map<String, Value>,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    for (index, tool) in items(body, "tools").iter().enumerate() {
        let path = format!("tools.{index}");
        let tool = object(tool, &path)?;
        fields(tool, &path, TOOL)?;
        for (index, one) in items(tool, "functionDeclarations").iter().enumerate() {
            let path = format!("{path}.functionDeclarations.{index}");
            let read = declaration(one, &path)?;
            if request.tools.iter().any(|known| known.name == read.name) {
                let message = format!("Duplicate function declaration found: {}", read.name);
                return Err(invalid(&path, message));
            }
            request.tools.push(read);
            request.hear(&one.to_string());
        }
    }
    let at = "toolConfig";
    let Some(config) = given(body, at).and_then(Value::as_object) else { return Ok(()) };
    let known = [
        nullable("functionCallingConfig", JsonType::Object),
        nullable("retrievalConfig", JsonType::Object),
        nullable("includeServerSideToolInvocations", JsonType::Flag),
    ];
    fields(config, at, &known)?;
    match given(config, "functionCallingConfig").and_then(Value::as_object) {
        Some(calling) => choice(calling, request),
        None => Ok(()),
    }
}

fn declaration(value: &Value, path: &str) -> Result<Tool, InvalidField> {
    let declaration = object(value, path)?;
    fields(declaration, path, DECLARATION)?;
    let at = super::snake(path);
    let name = text(declaration, "name").unwrap_or_default();
    name_is_good(name, &at)?;
    let old = given(declaration, "parameters");
    let new = given(declaration, "parametersJsonSchema");
    if old.is_some() && new.is_some() {
        let message = format!(
            "* GenerateContentRequest.{at}: parameters and parameters_json_schema are mutually \
             exclusive\n"
        );
        return Err(invalid(path, message));
    }
    if let Some(old) = old {
        let path = format!("{path}.parameters");
        schema::check(old, &path)?;
        if !text_is_object(old) {
            let message = format!(
                "* GenerateContentRequest.{at}.parameters.type: schema should be of type OBJECT\n"
            );
            return Err(invalid(&path, message));
        }
    }
    if let Some((place, why)) = new.and_then(|new| bad_schema(new, "parameters_json_schema")) {
        return Err(invalid(path, format!("Invalid JSON schema at '{at}.{place}': {why}")));
    }
    let schema = old.or(new).cloned().unwrap_or_else(|| json!({"type": "object"}));
    Ok(Tool { name: name.to_owned(), schema })
}

fn text_is_object(schema: &Value) -> bool {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    kind.eq_ignore_ascii_case("object")
}

/// Holds a function's name to its pattern.
fn name_is_good(name: &str, at: &str) -> Result<(), InvalidField> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c));
    if starts && rest && name.len() <= 64 {
        return Ok(());
    }
    let message = format!(
        "* GenerateContentRequest.{at}.name: Invalid function name. Must start with a letter or \
         an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons \
         (:), or dashes (-), with a maximum length of 64.\n"
    );
    Err(invalid(at, message))
}

fn choice(calling: &Map<String, Value>, request: &mut ChatRequest) -> Result<(), InvalidField> {
    let at = "toolConfig.functionCallingConfig";
    let known =
        [nullable("mode", JsonType::Text), nullable("allowedFunctionNames", JsonType::List)];
    fields(calling, at, &known)?;
    let mode = text(calling, "mode").unwrap_or("AUTO").to_ascii_uppercase();
    let allowed = items(calling, "allowedFunctionNames").iter().filter_map(Value::as_str);
    let allowed: Vec<String> = allowed.map(str::to_owned).collect();
    if !["AUTO", "ANY", "NONE", "VALIDATED", "MODE_UNSPECIFIED"].contains(&mode.as_str()) {
        let message = format!(
            "Invalid value at 'tool_config.function_calling_config.mode' \
             (type.googleapis.com/google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode), \
             \"{mode}\""
        );
        return Err(invalid(at, message));
    }
    if request.tools.is_empty() {
        let message = "Function calling config is set without function_declarations.";
        return Err(invalid(at, message));
    }
    if !allowed.is_empty() && !matches!(mode.as_str(), "ANY" | "VALIDATED") {
        let message = "Function calling mode must be ANY or VALIDATED when allowed_function_names \
                       is set.";
        return Err(invalid(at, message));
    }
    let declared = |name: &&String| request.tools.iter().any(|tool| tool.name == **name);
    if let Some(name) = allowed.iter().find(|name| !declared(name)) {
        let message = format!(
            "* GenerateContentRequest.tool_config.function_calling_config.allowed_function_names: \
             function name {name} is not found in the function_declarations\n"
        );
        return Err(invalid(at, message));
    }
    request.choice = match mode.as_str() {
        "ANY" => Choice::Some(allowed),
        "NONE" => Choice::Never,
        _ => Choice::Auto,
    };
    Ok(())
}
