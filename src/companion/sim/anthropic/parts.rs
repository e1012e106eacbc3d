//! Content blocks by type.
use serde_json::{Map, Value};

use super::super::shape::{
    Field, InvalidField, JsonType, fields, invalid, is_base64, items, missing, nullable, object,
    optional, required, text,
};
use super::super::signature::sign;
use super::super::talk::ChatRequest;
use super::ids::id_is_good;

const CACHE: Field = nullable("cache_control", JsonType::Object);
const KIND: Field = required("type", JsonType::Text);

/// The system prompt: a text, or text blocks.
pub(super) fn system(
    system: Option<&Value>,
    marks: &mut usize,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    match system {
        Some(Value::String(text)) => request.hear(text),
        Some(Value::Array(blocks)) => {
            for (index, value) in blocks.iter().enumerate() {
                let path = format!("system.{index}");
                let kind = value.get("type").and_then(Value::as_str);
                if kind != Some("text") {
                    let message = format!("{path}.type: Input should be 'text'");
                    return Err(invalid(&path, message));
                }
                block(value, &["text"], &path, marks, request)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Checks one block and adds it to the request. Gives its type and its own text.
pub(super) fn block<'v>(
    value: &'v Value,
    allowed: &[&str],
    path: &str,
    marks: &mut usize,
    request: &mut ChatRequest,
) -> Result<(&'v str, String), InvalidField> {
    let block = object(value, path)?;
    let kind = text(block, "type").ok_or_else(|| missing(path, "type"))?;
    if !allowed.contains(&kind) {
        let names: Vec<String> = allowed.iter().map(|name| format!("'{name}'")).collect();
        let message = format!(
            "{path}: Input tag '{kind}' found using 'type' does not match any of the expected \
             tags: {}",
            names.join(", ")
        );
        return Err(invalid(path, message));
    }
    let at = format!("{path}.{kind}");
    let found = match kind {
        "text" => written(block, &at)?,
        "image" => {
            let known = [
                KIND,
                CACHE,
                required("source", JsonType::Object),
                nullable("transformations", JsonType::Object),
            ];
            fields(block, &at, &known)?;
            request.images = request.images.saturating_add(1);
            source(block, &at, true)?;
            String::new()
        }
        "document" => {
            let known = [
                KIND,
                CACHE,
                required("source", JsonType::Object),
                nullable("title", JsonType::Text),
                nullable("context", JsonType::Text),
                nullable("citations", JsonType::Object),
            ];
            fields(block, &at, &known)?;
            source(block, &at, false)?;
            String::new()
        }
        "thinking" => thinking(block, path, &at)?,
        "redacted_thinking" => {
            fields(block, &at, &[KIND, required("data", JsonType::Text)])?;
            let message = format!("{path}: Invalid `data` in `redacted_thinking` block");
            return Err(invalid(path, message));
        }
        "tool_use" => called(block, &at)?,
        _ => result(block, &at, marks, request)?,
    };
    request.hear(&found);
    cache(block, &at, marks, request)?;
    Ok((kind, found))
}

fn written(block: &Map<String, Value>, at: &str) -> Result<String, InvalidField> {
    let known =
        [KIND, CACHE, required("text", JsonType::Text), nullable("citations", JsonType::List)];
    fields(block, at, &known)?;
    let text = text(block, "text").unwrap_or_default();
    if text.is_empty() {
        return Err(invalid(at, "messages: text content blocks must be non-empty"));
    }
    if text.trim().is_empty() {
        let message = "messages: text content blocks must contain non-whitespace text";
        return Err(invalid(at, message));
    }
    Ok(text.to_owned())
}

fn thinking(block: &Map<String, Value>, path: &str, at: &str) -> Result<String, InvalidField> {
    let known = [KIND, required("thinking", JsonType::Text), required("signature", JsonType::Text)];
    fields(block, at, &known)?;
    let thought = text(block, "thinking").unwrap_or_default();
    if text(block, "signature") != Some(sign("anthropic", thought).as_str()) {
        let message = format!("{path}: Invalid `signature` in `thinking` block");
        return Err(invalid(path, message));
    }
    Ok(String::new())
}

fn called(block: &Map<String, Value>, at: &str) -> Result<String, InvalidField> {
    let known = [
        KIND,
        CACHE,
        required("id", JsonType::Text),
        required("name", JsonType::Text),
        required("input", JsonType::Object),
        nullable("caller", JsonType::Object),
        nullable("toolset_name", JsonType::Text),
    ];
    fields(block, at, &known)?;
    id_is_good(text(block, "id").unwrap_or_default(), &format!("{at}.id"))?;
    let name = text(block, "name").unwrap_or_default();
    if name.is_empty() || name.len() > 200 {
        let message = format!("{at}.name: String should have at least 1 character");
        return Err(invalid(at, message));
    }
    Ok(block.get("input").map(Value::to_string).unwrap_or_default())
}

fn result(
    block: &Map<String, Value>,
    at: &str,
    marks: &mut usize,
    request: &mut ChatRequest,
) -> Result<String, InvalidField> {
    let known = [
        KIND,
        CACHE,
        required("tool_use_id", JsonType::Text),
        optional("content", JsonType::TextOrList),
        optional("is_error", JsonType::Flag),
        nullable("toolset_name", JsonType::Text),
    ];
    fields(block, at, &known)?;
    id_is_good(text(block, "tool_use_id").unwrap_or_default(), &format!("{at}.tool_use_id"))?;
    let mut out = text(block, "content").unwrap_or_default().to_owned();
    for (index, inner) in items(block, "content").iter().enumerate() {
        let path = format!("{at}.content.{index}");
        let (_, text) = self::block(inner, &["text", "image", "document"], &path, marks, request)?;
        out.push_str(&text);
    }
    Ok(out)
}

fn cache(
    block: &Map<String, Value>,
    at: &str,
    marks: &mut usize,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    let Some(cache) = block.get("cache_control").and_then(Value::as_object) else { return Ok(()) };
    let path = format!("{at}.cache_control.ephemeral");
    fields(cache, &path, &[KIND, optional("ttl", JsonType::Text)])?;
    if text(cache, "type") != Some("ephemeral") {
        return Err(invalid(at, format!("{at}.cache_control.type: Input should be 'ephemeral'")));
    }
    if text(cache, "ttl").is_some_and(|ttl| !["5m", "1h"].contains(&ttl)) {
        return Err(invalid(at, format!("{path}.ttl: Input should be '5m' or '1h'")));
    }
    *marks = marks.saturating_add(1);
    if *marks > 4 {
        let message =
            format!("A maximum of 4 blocks with cache_control may be provided. Found {marks}.");
        return Err(invalid(at, message));
    }
    request.cache_marks.push(request.prompt.len());
    Ok(())
}

fn source(block: &Map<String, Value>, at: &str, image: bool) -> Result<(), InvalidField> {
    let at = format!("{at}.source");
    let empty = Map::new();
    let source = block.get("source").and_then(Value::as_object).unwrap_or(&empty);
    let kind = text(source, "type").ok_or_else(|| missing(&at, "type"))?;
    let path = format!("{at}.{kind}");
    match kind {
        "base64" => {
            let known =
                [KIND, required("media_type", JsonType::Text), required("data", JsonType::Text)];
            fields(source, &path, &known)?;
            media(text(source, "media_type").unwrap_or_default(), &path, image)?;
            if !is_base64(text(source, "data").unwrap_or_default(), false) {
                return Err(invalid(&path, format!("{path}.data: invalid base64 data")));
            }
        }
        "url" => {
            fields(source, &path, &[KIND, required("url", JsonType::Text)])?;
            let url = text(source, "url").unwrap_or_default();
            if !url.starts_with("https://") {
                let message = format!("{path}.url: Only HTTPS URLs are supported.");
                return Err(invalid(&path, message));
            }
        }
        "file" => fields(source, &path, &[KIND, required("file_id", JsonType::Text)])?,
        "text" if !image => {
            let known =
                [KIND, required("media_type", JsonType::Text), required("data", JsonType::Text)];
            fields(source, &path, &known)?;
        }
        other => {
            let message = format!(
                "{at}: Input tag '{other}' found using 'type' does not match any of the expected \
                 tags: 'base64', 'file', 'url'"
            );
            return Err(invalid(&at, message));
        }
    }
    Ok(())
}

fn media(media: &str, path: &str, image: bool) -> Result<(), InvalidField> {
    let known: &[&str] = if image {
        &["image/jpeg", "image/png", "image/gif", "image/webp"]
    } else {
        &["application/pdf"]
    };
    if known.contains(&media) {
        return Ok(());
    }
    let names: Vec<String> = known.iter().map(|name| format!("'{name}'")).collect();
    let message = format!("{path}.media_type: Input should be {}", names.join(" or "));
    Err(invalid(path, message))
}
