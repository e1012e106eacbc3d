//! Messages: roles, and tool results right after their calls.
use serde_json::Value;

use super::super::shape::{
    InvalidField, JsonType, fields, invalid, items, missing, object, required, text,
};
use super::super::talk::ChatRequest;
use super::model::{goes_on, steered};
use super::parts;

const USER: &[&str] = &["text", "image", "document", "tool_result"];
const ASSISTANT: &[&str] = &["text", "thinking", "redacted_thinking", "tool_use"];

pub(super) fn read(
    list: &[Value],
    marks: &mut usize,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    if list.is_empty() {
        return Err(invalid("messages", "messages: at least one message is required"));
    }
    request.messages = list.len();
    let mut open: Vec<String> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for (index, message) in list.iter().enumerate() {
        let path = format!("messages.{index}");
        let role = role(message, index, &path)?;
        if role == "system" {
            let before = index.checked_sub(1).and_then(|before| list.get(before));
            unanswered(&open, index)?;
            instruct(message, before, &path, marks, request)?;
        } else if role == "assistant" {
            unanswered(&open, index)?;
            open = assistant(message, index, list.len(), marks, request)?;
            if let Some(twice) = open.iter().find(|id| seen.contains(id)) {
                let message = format!("{path}: `tool_use` ids must be unique ({twice})");
                return Err(invalid(&path, message));
            }
            seen.extend(open.iter().cloned());
        } else {
            user(message, index, &mut open, marks, request)?;
        }
    }
    unanswered(&open, list.len())
}

fn role<'v>(message: &'v Value, index: usize, path: &str) -> Result<&'v str, InvalidField> {
    let message = object(message, path)?;
    fields(
        message,
        path,
        &[required("role", JsonType::Text), required("content", JsonType::TextOrList)],
    )?;
    let role = text(message, "role").unwrap_or_default();
    match role {
        "user" | "assistant" | "system" => {}
        _ => {
            let message = format!("{path}.role: Input should be 'user' or 'assistant'");
            return Err(invalid(path, message));
        }
    }
    if index == 0 && role == "system" {
        let message = "messages: Unexpected role \"system\". The Messages API accepts a top-level \
                       `system` parameter, not \"system\" as an input message role.";
        return Err(invalid(path, message));
    }
    if index == 0 && role != "user" {
        return Err(invalid(path, "messages: first message must use the \"user\" role"));
    }
    Ok(role)
}

/// A system message inside the conversation: newer models take one right after a user message.
/// platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
fn instruct(
    message: &Value,
    before: Option<&Value>,
    path: &str,
    marks: &mut usize,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    if !steered(&request.model) || request.model.contains("opus-4-7") {
        return Err(invalid(path, format!("{path}: role 'system' is not supported on this model")));
    }
    if before.and_then(|before| before.get("role")).is_none_or(|role| role != "user") {
        let message = format!("{path}: a system message must follow a user message");
        return Err(invalid(path, message));
    }
    parts::system(message.get("content"), marks, request)
}

/// Every call of the message before must have been answered by now.
fn unanswered(open: &[String], index: usize) -> Result<(), InvalidField> {
    if open.is_empty() {
        return Ok(());
    }
    let at = index.saturating_sub(1);
    let message = format!(
        "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately \
         after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the \
         next message.",
        open.join(", ")
    );
    Err(invalid("messages", message))
}

fn assistant(
    message: &Value,
    index: usize,
    total: usize,
    marks: &mut usize,
    request: &mut ChatRequest,
) -> Result<Vec<String>, InvalidField> {
    let last = index.saturating_add(1) == total;
    let path = format!("messages.{index}");
    request.results.clear();
    let mut open = Vec::new();
    let mut ending = "";
    match message.get("content") {
        Some(Value::String(text)) => {
            request.hear(text);
            ending = text;
        }
        Some(Value::Array(blocks)) => {
            for (at, block) in blocks.iter().enumerate() {
                let at = format!("{path}.content.{at}");
                let (kind, _) = parts::block(block, ASSISTANT, &at, marks, request)?;
                ending = block.get("text").and_then(Value::as_str).unwrap_or_default();
                if kind == "tool_use" {
                    let id = block.get("id").and_then(Value::as_str).unwrap_or_default();
                    open.push(id.to_owned());
                }
            }
        }
        _ => return Err(missing(&path, "content")),
    }
    let empty = message.get("content").is_some_and(|content| {
        content.as_str() == Some("") || content.as_array().is_some_and(Vec::is_empty)
    });
    if empty && !last {
        return Err(hollow(&path));
    }
    if last && open.is_empty() && !goes_on(&request.model) {
        let message = "This model does not support assistant message prefill. The conversation \
                       must end with a user message.";
        return Err(invalid(&path, message));
    }
    if last && ending.ends_with(char::is_whitespace) {
        let message = "messages: final assistant content cannot end with trailing whitespace";
        return Err(invalid(&path, message));
    }
    Ok(open)
}

fn hollow(path: &str) -> InvalidField {
    let message = format!(
        "{path}: all messages must have non-empty content except for the optional final assistant \
         message"
    );
    invalid(path, message)
}

fn user(
    message: &Value,
    index: usize,
    open: &mut Vec<String>,
    marks: &mut usize,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    let path = format!("messages.{index}");
    let blocks = match message.get("content") {
        Some(Value::String(text)) if text.is_empty() => return Err(hollow(&path)),
        Some(Value::String(text)) => {
            unanswered(open, index)?;
            request.hear(text);
            request.last.clone_from(text);
            request.results.clear();
            return Ok(());
        }
        Some(Value::Array(blocks)) if blocks.is_empty() => return Err(hollow(&path)),
        Some(Value::Array(blocks)) => blocks,
        _ => return Err(missing(&path, "content")),
    };
    let mut texts = String::new();
    let mut results = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let at = format!("{path}.content.{at}");
        let (kind, found) = parts::block(block, USER, &at, marks, request)?;
        if kind == "tool_result" {
            let id = block.get("tool_use_id").and_then(Value::as_str).unwrap_or_default();
            let Some(place) = open.iter().position(|call| call == id) else {
                let message = format!(
                    "{at}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each \
                     `tool_result` block must have a corresponding `tool_use` block in the \
                     previous message."
                );
                return Err(invalid(&at, message));
            };
            open.swap_remove(place);
            results.push(found);
        } else {
            // Results come first: anything before the last of them leaves calls unanswered.
            unanswered(open, index)?;
            texts.push_str(&found);
        }
    }
    unanswered(open, index)?;
    if !texts.is_empty() {
        request.last = texts;
    }
    request.results = results;
    Ok(())
}

/// With a thinking budget, the assistant message that a tool result answers must begin by thinking.
pub(super) fn last_turn_thinks(list: &[Value]) -> Result<(), InvalidField> {
    let last = list.last().and_then(Value::as_object);
    let answers = last.is_some_and(|message| {
        items(message, "content")
            .iter()
            .any(|block| block.get("type").is_some_and(|kind| kind == "tool_result"))
    });
    let mut assistants = list.iter().enumerate().rev();
    let found =
        assistants.find(|(_, message)| message.get("role").is_some_and(|role| role == "assistant"));
    let Some((index, message)) = found.filter(|_| answers) else { return Ok(()) };
    let kind = message.pointer("/content/0/type").and_then(Value::as_str).unwrap_or("text");
    if matches!(kind, "thinking" | "redacted_thinking") {
        return Ok(());
    }
    let message = format!(
        "messages.{index}.content.0.type: Expected `thinking` or `redacted_thinking`, but found \
         `{kind}`. When `thinking` is enabled, a final `assistant` message must start with a \
         thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). To \
         avoid this requirement, disable `thinking`."
    );
    Err(invalid("messages", message))
}
