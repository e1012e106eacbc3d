//! Which API a request was written for that does not say it: a sample is often its body alone.
use serde_json::Value;

/// The paths of the two clients' own requests.
const CHAT_COMPLETIONS: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";

/// Members that OpenAI's API alone has.
const OPENAI: &[&str] = &[
    "frequency_penalty",
    "functions",
    "logit_bias",
    "max_completion_tokens",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "seed",
    "stop",
    "stream_options",
];

/// Members that Anthropic's alone has.
const ANTHROPIC: &[&str] = &[
    "cache_control",
    "container",
    "context_management",
    "mcp_servers",
    "output_config",
    "stop_sequences",
    "system",
    "thinking",
    "top_k",
];

/// Kinds of blocks that Anthropic's alone has.
const BLOCKS: &[&str] =
    &["document", "image", "redacted_thinking", "thinking", "tool_result", "tool_use"];

/// Where a request is sent whose path nobody has said: to the API of which it has a member alone,
/// and to OpenAI's where it has none of either.
pub(super) fn guess_path(headers: &[(String, String)], body: &[u8]) -> &'static str {
    if headers.iter().any(|(name, _)| name.starts_with("anthropic-")) {
        return MESSAGES;
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let has = |members: &[&str]| members.iter().any(|member| body.get(member).is_some());
    let openai = has(OPENAI) || any(&body, "tools", of_openai) || any(&body, "messages", of_openai);
    if !openai && (has(ANTHROPIC) || has_tools(&body) || any(&body, "messages", has_blocks)) {
        return MESSAGES;
    }
    CHAT_COMPLETIONS
}

fn any(body: &Value, list: &str, is: fn(&Value) -> bool) -> bool {
    body.get(list).and_then(Value::as_array).is_some_and(|items| items.iter().any(is))
}

/// A function, or a message, that only OpenAI's API has.
fn of_openai(item: &Value) -> bool {
    let text = |member: &str| item.get(member).and_then(Value::as_str).unwrap_or_default();
    ["function", "custom"].contains(&text("type"))
        || ["developer", "function", "system", "tool"].contains(&text("role"))
        || item.get("tool_calls").is_some()
        || any(item, "content", |block| block.get("image_url").is_some())
}

/// Anthropic's tools have their names beside their type.
fn has_tools(body: &Value) -> bool {
    any(body, "tools", |tool| tool.get("name").is_some())
}

fn has_blocks(message: &Value) -> bool {
    any(message, "content", |block| {
        let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
        BLOCKS.contains(&kind) || block.get("cache_control").is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::{CHAT_COMPLETIONS, MESSAGES, guess_path};

    #[test]
    fn a_member_of_one_api_alone_tells_which_it_is() {
        let image = r#"{"messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}"#;
        let url =
            r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}"#;
        let system = r#"{"messages":[{"role":"system","content":"a"}],"thinking":{}}"#;
        let result = r#"{"messages":[{"role":"user","content":[{"type":"tool_result"}]}]}"#;
        for (body, expected) in [
            ("{}", CHAT_COMPLETIONS),
            (r#"{"messages":[],"max_tokens":1}"#, CHAT_COMPLETIONS),
            (r#"{"messages":[],"stop_sequences":["a"]}"#, MESSAGES),
            (r#"{"messages":[],"top_k":1}"#, MESSAGES),
            (r#"{"tools":[{"type":"web_search_20250305","name":"web_search"}]}"#, MESSAGES),
            (r#"{"tools":[{"name":"a","input_schema":{}}]}"#, MESSAGES),
            (r#"{"tools":[{"type":"function","function":{"name":"a"}}]}"#, CHAT_COMPLETIONS),
            (image, MESSAGES),
            (result, MESSAGES),
            (url, CHAT_COMPLETIONS),
            (system, CHAT_COMPLETIONS),
        ] {
            assert_eq!(guess_path(&[], body.as_bytes()), expected, "{body}");
        }
        let header = [("anthropic-version".to_owned(), String::new())];
        assert_eq!(guess_path(&header, b""), MESSAGES);
    }
}
