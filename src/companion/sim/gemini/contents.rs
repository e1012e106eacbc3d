//! Contents: roles, parts, and function responses right after their calls.
use serde_json::{Map, Value};

use super::super::shape::{
    Field, InvalidField, JsonType, fields, given, invalid, is_base64, items, nullable, object, text,
};
use super::super::signature::sign;
use super::super::talk::ChatRequest;
use super::model::third;

const PART: &[Field] = &[
    nullable("text", JsonType::Text),
    nullable("inlineData", JsonType::Object),
    nullable("fileData", JsonType::Object),
    nullable("functionCall", JsonType::Object),
    nullable("functionResponse", JsonType::Object),
    nullable("executableCode", JsonType::Object),
    nullable("codeExecutionResult", JsonType::Object),
    nullable("toolCall", JsonType::Object),
    nullable("toolResponse", JsonType::Object),
    nullable("thought", JsonType::Flag),
    nullable("thoughtSignature", JsonType::Text),
    nullable("videoMetadata", JsonType::Object),
    nullable("partMetadata", JsonType::Object),
    nullable("mediaResolution", JsonType::Any),
    nullable("mediaProcessing", JsonType::Any),
];
const DATA: &[&str] = &[
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];
const MEDIA: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/heic",
    "image/heif",
    "application/pdf",
    "text/plain",
];
/// Signatures that the API takes for calls it did not make.
const SKIP: &[&str] = &["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];

/// The text of a system instruction.
pub(super) fn system(system: &Value) -> Result<String, InvalidField> {
    let at = "systemInstruction";
    let system = object(system, at)?;
    fields(system, at, &[nullable("role", JsonType::Text), nullable("parts", JsonType::List)])?;
    let mut out = String::new();
    for (index, part) in items(system, "parts").iter().enumerate() {
        let path = format!("{at}.parts.{index}");
        let part = object(part, &path)?;
        fields(part, &path, PART)?;
        one_datum(part, &path)?;
        out.push_str(text(part, "text").unwrap_or_default());
    }
    Ok(out)
}

pub(super) fn read(list: &[Value], request: &mut ChatRequest) -> Result<(), InvalidField> {
    request.messages = list.len();
    // Since the last user text: only these calls need their signatures.
    let turn = list.iter().rposition(|content| {
        content.get("role").is_none_or(|role| role == "user")
            && content.pointer("/parts").and_then(Value::as_array).is_some_and(|parts| {
                parts.iter().all(|part| part.get("functionResponse").is_none())
            })
    });
    let mut open: Option<usize> = None;
    for (index, content) in list.iter().enumerate() {
        let path = format!("contents.{index}");
        let content = object(content, &path)?;
        fields(
            content,
            &path,
            &[nullable("role", JsonType::Text), nullable("parts", JsonType::List)],
        )?;
        let role = text(content, "role").unwrap_or("user");
        if !["user", "model", "function"].contains(&role) {
            return Err(invalid(&path, "Please use a valid role: user, model."));
        }
        let parts = items(content, "parts");
        if parts.is_empty() {
            let message = format!(
                "* GenerateContentRequest.contents[{index}].parts: contents.parts must not be \
                 empty.\n"
            );
            return Err(invalid(&path, message));
        }
        let here = turn.is_none_or(|turn| index > turn);
        let found = one(parts, role, &path, here, request)?;
        order(found, role, index, &mut open, list)?;
    }
    match open {
        Some(count) if count > 0 => Err(uneven()),
        _ => Ok(()),
    }
}

/// Calls and responses in one content.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    calls: usize,
    responses: usize,
}

fn uneven() -> InvalidField {
    let message = "Please ensure that the number of function response parts is equal to the \
                   number of function call parts of the function call turn.";
    invalid("contents", message)
}

fn order(
    found: Counts,
    role: &str,
    index: usize,
    open: &mut Option<usize>,
    list: &[Value],
) -> Result<(), InvalidField> {
    if found.responses > 0 {
        return match open.take() {
            None => {
                let message = "Please ensure that function response turn comes immediately after \
                               a function call turn.";
                Err(invalid("contents", message))
            }
            Some(calls) if calls != found.responses => Err(uneven()),
            Some(_) => Ok(()),
        };
    }
    if open.is_some() {
        return Err(uneven());
    }
    if found.calls > 0 {
        let before = index.checked_sub(1).and_then(|before| list.get(before));
        let after_user =
            before.is_some_and(|before| before.get("role").is_none_or(|role| role != "model"));
        if role != "model" || !after_user {
            let message = "Please ensure that function call turn comes immediately after a user \
                           turn or after a function response turn.";
            return Err(invalid("contents", message));
        }
        *open = Some(found.calls);
    }
    Ok(())
}

fn one_datum(part: &Map<String, Value>, path: &str) -> Result<(), InvalidField> {
    let count = DATA.iter().filter(|name| given(part, name).is_some()).count();
    let at = super::snake(path);
    match count {
        1 => Ok(()),
        0 => {
            let message = format!(
                "* GenerateContentRequest.{at}.data: required oneof field 'data' must have one \
                 initialized field\n"
            );
            Err(invalid(path, message))
        }
        _ => {
            let message = format!(
                "Invalid value at '{at}' (oneof), oneof field 'data' is already set. Cannot set \
                 another field of it."
            );
            Err(invalid(path, message))
        }
    }
}

/// Checks the parts of one content and adds them to the request.
fn one(
    parts: &[Value],
    role: &str,
    path: &str,
    this_turn: bool,
    request: &mut ChatRequest,
) -> Result<Counts, InvalidField> {
    let mut counts = Counts::default();
    let mut texts = String::new();
    let mut results = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let at = format!("{path}.parts.{index}");
        let part = object(part, &at)?;
        fields(part, &at, PART)?;
        one_datum(part, &at)?;
        let signature = text(part, "thoughtSignature");
        if signature.is_some_and(|signature| !is_base64(signature, true)) {
            let message = format!(
                "Invalid value at '{}' (TYPE_BYTES), Base64 decoding failed",
                super::snake(&format!("{at}.thoughtSignature"))
            );
            return Err(invalid(&at, message));
        }
        if part.get("thought") != Some(&Value::Bool(true)) {
            texts.push_str(text(part, "text").unwrap_or_default());
        }
        if let Some(call) = given(part, "functionCall").and_then(Value::as_object) {
            if role == "model" {
                let first = counts.calls == 0;
                signed(call, signature, first && this_turn, &at, request)?;
            }
            counts.calls = counts.calls.saturating_add(1);
            request.hear(&called(call, &at)?);
        }
        if let Some(response) = given(part, "functionResponse").and_then(Value::as_object) {
            counts.responses = counts.responses.saturating_add(1);
            let found = answered(response, &at, request)?;
            request.hear(&found);
            results.push(found);
        }
        media(part, &at, request)?;
    }
    request.hear(&texts);
    if role == "model" {
        request.results.clear();
    } else {
        if !texts.is_empty() {
            request.last = texts;
        }
        request.results = results;
    }
    Ok(counts)
}

fn called(call: &Map<String, Value>, at: &str) -> Result<String, InvalidField> {
    let at = format!("{at}.functionCall");
    let known = [
        nullable("id", JsonType::Text),
        nullable("name", JsonType::Text),
        nullable("args", JsonType::Object),
    ];
    fields(call, &at, &known)?;
    named(call, &at)?;
    Ok(call.get("args").map(Value::to_string).unwrap_or_default())
}

fn named(part: &Map<String, Value>, at: &str) -> Result<(), InvalidField> {
    if text(part, "name").is_some_and(|name| !name.is_empty()) {
        return Ok(());
    }
    let at = super::snake(at);
    Err(invalid(&at, format!("* GenerateContentRequest.{at}.name: Name cannot be empty.\n")))
}

fn answered(
    response: &Map<String, Value>,
    at: &str,
    request: &mut ChatRequest,
) -> Result<String, InvalidField> {
    let at = format!("{at}.functionResponse");
    let known = [
        nullable("id", JsonType::Text),
        nullable("name", JsonType::Text),
        nullable("response", JsonType::Object),
        nullable("willContinue", JsonType::Flag),
        nullable("scheduling", JsonType::Text),
        nullable("parts", JsonType::List),
    ];
    fields(response, &at, &known)?;
    named(response, &at)?;
    for (index, part) in items(response, "parts").iter().enumerate() {
        let at = format!("{at}.parts.{index}");
        let part = object(part, &at)?;
        fields(
            part,
            &at,
            &[nullable("inlineData", JsonType::Object), nullable("fileData", JsonType::Object)],
        )?;
        if !third(&request.model) {
            let message = "Multimodal function responses are not supported by this model.";
            return Err(invalid(&at, message));
        }
        media(part, &at, request)?;
    }
    Ok(response.get("response").map(Value::to_string).unwrap_or_default())
}

/// The third generation wants the signature of the first call of every step back, unchanged.
fn signed(
    call: &Map<String, Value>,
    signature: Option<&str>,
    needed: bool,
    at: &str,
    request: &ChatRequest,
) -> Result<(), InvalidField> {
    let name = text(call, "name").unwrap_or_default();
    match signature {
        Some(found) if SKIP.contains(&found) || found == sign("gemini", name) => Ok(()),
        Some(_) => Err(invalid(at, "Corrupted thought signature.")),
        None if needed && third(&request.model) => {
            let message = format!(
                "Function call is missing a thought_signature in functionCall parts. This is \
                 required for tools to work correctly, and missing thought_signature may lead to \
                 degraded model performance. Additional data, function call `{name}`, position \
                 {}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for \
                 more details.",
                super::snake(at)
            );
            Err(invalid(at, message))
        }
        None => Ok(()),
    }
}

fn media(
    part: &Map<String, Value>,
    at: &str,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    let mut mime = None;
    if let Some(data) = given(part, "inlineData").and_then(Value::as_object) {
        let at = format!("{at}.inlineData");
        let known = [
            nullable("mimeType", JsonType::Text),
            nullable("data", JsonType::Text),
            nullable("displayName", JsonType::Text),
        ];
        fields(data, &at, &known)?;
        let bytes = text(data, "data").unwrap_or_default();
        if !is_base64(bytes, true) {
            let message = format!(
                "Invalid value at '{}.data' (TYPE_BYTES), Base64 decoding failed",
                super::snake(&at)
            );
            return Err(invalid(&at, message));
        }
        mime = Some(text(data, "mimeType").unwrap_or_default());
    }
    if let Some(data) = given(part, "fileData").and_then(Value::as_object) {
        let at = format!("{at}.fileData");
        fields(
            data,
            &at,
            &[nullable("mimeType", JsonType::Text), nullable("fileUri", JsonType::Text)],
        )?;
        let uri = text(data, "fileUri").unwrap_or_default();
        if !uri.starts_with("https://") && !uri.starts_with("gs://") {
            return Err(invalid(&at, "Invalid or unsupported file uri"));
        }
        mime = Some(text(data, "mimeType").unwrap_or("image/png"));
    }
    let Some(mime) = mime else { return Ok(()) };
    let known = MEDIA.contains(&mime) || mime.starts_with("audio/") || mime.starts_with("video/");
    if !known {
        return Err(invalid(at, format!("Unsupported MIME type: {mime}")));
    }
    if mime.starts_with("image/") {
        request.images = request.images.saturating_add(1);
    }
    Ok(())
}
