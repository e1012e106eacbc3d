//! Messages: their fields by role, their parts, and the order of tool calls and answers.
use serde_json::{Map, Value};

use super::super::shape::{
    Field, InvalidField, JsonType, coded, fields, invalid, is_base64, items, nullable, object,
    optional, required, text,
};
use super::super::talk::ChatRequest;

const SYSTEM: &[Field] = &[
    required("role", JsonType::Text),
    required("content", JsonType::TextOrList),
    optional("name", JsonType::Text),
];
const ASSISTANT: &[Field] = &[
    required("role", JsonType::Text),
    nullable("content", JsonType::TextOrList),
    optional("name", JsonType::Text),
    nullable("refusal", JsonType::Text),
    nullable("audio", JsonType::Object),
    nullable("tool_calls", JsonType::List),
    nullable("function_call", JsonType::Object),
    nullable("annotations", JsonType::List),
];
const TOOL: &[Field] = &[
    required("role", JsonType::Text),
    required("content", JsonType::TextOrList),
    required("tool_call_id", JsonType::Text),
    // The API ignores one: SDKs send the function's.
    nullable("name", JsonType::Text),
];
const FUNCTION: &[Field] = &[
    required("role", JsonType::Text),
    nullable("content", JsonType::Text),
    required("name", JsonType::Text),
];

pub(super) fn read(list: &[Value], request: &mut ChatRequest) -> Result<(), InvalidField> {
    if list.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, \
                       but got an empty array instead.";
        return Err(coded("messages", "empty_array", message));
    }
    let mut open: Vec<String> = Vec::new();
    let mut in_calls = false;
    for (index, message) in list.iter().enumerate() {
        let path = format!("messages.{index}");
        let message = object(message, &path)?;
        let role = text(message, "role").unwrap_or_default();
        known_role(message, role, &path)?;
        if role == "tool" {
            answers(message, index, in_calls, &mut open)?;
        } else {
            all_answered(&open, index)?;
            open.clear();
            in_calls = false;
        }
        contents(message, role, &path, request)?;
        if role == "assistant" {
            open = calls(message, &path, request)?;
            in_calls = !open.is_empty();
        }
    }
    request.messages = list.len();
    all_answered(&open, list.len())
}

fn known_role(message: &Map<String, Value>, role: &str, path: &str) -> Result<(), InvalidField> {
    let known = match role {
        "system" | "developer" | "user" => SYSTEM,
        "assistant" => ASSISTANT,
        "tool" => TOOL,
        "function" => FUNCTION,
        "" if !message.contains_key("role") => {
            return Err(super::super::shape::missing(path, "role"));
        }
        other => {
            let message = format!(
                "Invalid value: '{other}'. Supported values are: 'system', 'assistant', 'user', \
                 'function', 'tool', and 'developer'."
            );
            return Err(coded(&format!("{path}.role"), "invalid_value", message));
        }
    };
    fields(message, path, known)
}

/// A tool message must answer a call of the assistant message before it, once.
fn answers(
    message: &Map<String, Value>,
    index: usize,
    in_calls: bool,
    open: &mut Vec<String>,
) -> Result<(), InvalidField> {
    let path = format!("messages.{index}.role");
    if !in_calls {
        let message = "Invalid parameter: messages with role 'tool' must be a response to a \
                       preceeding message with 'tool_calls'.";
        return Err(invalid(&path, message));
    }
    let id = text(message, "tool_call_id").unwrap_or_default();
    let Some(at) = open.iter().position(|call| call == id) else {
        let message = format!(
            "Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of previous \
             message."
        );
        return Err(invalid(&format!("messages.{index}.tool_call_id"), message));
    };
    open.swap_remove(at);
    Ok(())
}

fn all_answered(open: &[String], index: usize) -> Result<(), InvalidField> {
    if open.is_empty() {
        return Ok(());
    }
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to \
         each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Err(invalid(&format!("messages.{index}.role"), message))
}

fn calls(
    message: &Map<String, Value>,
    path: &str,
    request: &mut ChatRequest,
) -> Result<Vec<String>, InvalidField> {
    let at = format!("{path}.tool_calls");
    let list = items(message, "tool_calls");
    if list.is_empty() && message.get("tool_calls").is_some_and(Value::is_array) {
        let message = format!(
            "Invalid '{}': empty array. Expected an array with minimum length 1, but got an \
             empty array instead.",
            super::bracketed(&at)
        );
        return Err(coded(&at, "empty_array", message));
    }
    let mut open = Vec::new();
    for (index, call) in list.iter().enumerate() {
        let at = format!("{at}.{index}");
        let call = object(call, &at)?;
        let known = [
            required("id", JsonType::Text),
            required("type", JsonType::Text),
            required("function", JsonType::Object),
        ];
        fields(call, &at, &known)?;
        let kind = text(call, "type").unwrap_or_default();
        if kind != "function" {
            let message = format!("Invalid value: '{kind}'. Supported values are: 'function'.");
            return Err(coded(&format!("{at}.type"), "invalid_value", message));
        }
        let empty = Map::new();
        let function = call.get("function").and_then(Value::as_object).unwrap_or(&empty);
        let at = format!("{at}.function");
        fields(
            function,
            &at,
            &[required("name", JsonType::Text), required("arguments", JsonType::Text)],
        )?;
        super::tools::name_is_good(
            text(function, "name").unwrap_or_default(),
            &format!("{at}.name"),
        )?;
        request.hear(text(function, "arguments").unwrap_or_default());
        open.push(text(call, "id").unwrap_or_default().to_owned());
    }
    Ok(open)
}

fn contents(
    message: &Map<String, Value>,
    role: &str,
    path: &str,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    let at = format!("{path}.content");
    let has_calls = ["tool_calls", "function_call", "refusal", "audio"]
        .iter()
        .any(|name| message.get(*name).is_some_and(|value| !value.is_null()));
    let mut said_here = String::new();
    match message.get("content") {
        None | Some(Value::Null) if has_calls || role == "function" => {}
        None | Some(Value::Null) => {
            let message = format!(
                "Invalid value for 'content': expected a string, got null. ({})",
                super::bracketed(&at)
            );
            return Err(invalid(&at, message));
        }
        Some(Value::String(text)) => said_here.push_str(text),
        Some(content) => {
            let parts = content.as_array().map_or(&[][..], Vec::as_slice);
            if parts.is_empty() {
                let message = format!(
                    "Invalid '{}': empty array. Expected an array with minimum length 1, but got \
                     an empty array instead.",
                    super::bracketed(&at)
                );
                return Err(coded(&at, "empty_array", message));
            }
            for (index, part) in parts.iter().enumerate() {
                said_here.push_str(part_text(part, role, &format!("{at}.{index}"), request)?);
            }
        }
    }
    request.hear(&said_here);
    match role {
        "user" => {
            request.last = said_here;
            request.results.clear();
        }
        "tool" => request.results.push(said_here),
        "assistant" => request.results.clear(),
        _ => {}
    }
    Ok(())
}

/// Checks one part and gives its text.
fn part_text<'v>(
    part: &'v Value,
    role: &str,
    path: &str,
    request: &mut ChatRequest,
) -> Result<&'v str, InvalidField> {
    let part = object(part, path)?;
    let kind = text(part, "type").ok_or_else(|| super::super::shape::missing(path, "type"))?;
    let known: &[&str] = match role {
        "user" => &["text", "image_url", "input_audio", "file"],
        "assistant" => &["text", "refusal"],
        _ => &["text"],
    };
    if !known.contains(&kind) {
        let names: Vec<String> = known.iter().map(|name| format!("'{name}'")).collect();
        let message =
            format!("Invalid value: '{kind}'. Supported values are: {}.", names.join(", "));
        return Err(coded(&format!("{path}.type"), "invalid_value", message));
    }
    let is = if matches!(kind, "text" | "refusal") { JsonType::Text } else { JsonType::Object };
    let inner: &'static str = match kind {
        "text" => "text",
        "refusal" => "refusal",
        "image_url" => "image_url",
        "input_audio" => "input_audio",
        _ => "file",
    };
    let known = [
        required("type", JsonType::Text),
        required(inner, is),
        nullable("prompt_cache_breakpoint", JsonType::Any),
    ];
    fields(part, path, &known)?;
    if kind == "image_url" {
        request.images = request.images.saturating_add(1);
        image(part, path)?;
    }
    Ok(text(part, inner).unwrap_or_default())
}

fn image(part: &Map<String, Value>, path: &str) -> Result<(), InvalidField> {
    let at = format!("{path}.image_url");
    let empty = Map::new();
    let image = part.get("image_url").and_then(Value::as_object).unwrap_or(&empty);
    fields(image, &at, &[required("url", JsonType::Text), nullable("detail", JsonType::Text)])?;
    if let Some(detail) = text(image, "detail").filter(|d| !["auto", "low", "high"].contains(d)) {
        let message =
            format!("Invalid value: '{detail}'. Supported values are: 'low', 'high', and 'auto'.");
        return Err(coded(&format!("{at}.detail"), "invalid_value", message));
    }
    let url = text(image, "url").unwrap_or_default();
    let at = format!("{at}.url");
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(());
    }
    let Some((media, data)) =
        url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"))
    else {
        let message = format!(
            "Invalid '{}': expected an image URL or a base64-encoded data URL, but got neither.",
            super::bracketed(&at)
        );
        return Err(coded(&at, "invalid_image_url", message));
    };
    if !["image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp"].contains(&media) {
        let message = "You uploaded an unsupported image. Please make sure your image has of one \
                       the following formats: ['png', 'jpeg', 'gif', 'webp'].";
        return Err(coded(&at, "invalid_image_format", message));
    }
    if !is_base64(data, false) {
        return Err(coded(&at, "invalid_base64", "Invalid base64 image_url."));
    }
    Ok(())
}
