//! What a request names that is not in it: things that a provider keeps for whoever has its key.
//!
//! The key is the gateway's own, so among several tenants an id would be all that keeps one from
//! the files and conversations of another. Only what a reader does not read itself is searched,
//! since the rest can hold no such id.
use super::unsupported::{Field, note};
use crate::json::{At, Kind, Value};

/// Members that hold such an id, a list of them or an object with one, in whatever format.
const IDS: [&str; 13] = [
    "audio",
    "cachedContent",
    "cached_content",
    "container",
    "container_id",
    "conversation",
    "fileUri",
    "file_id",
    "file_ids",
    "file_uri",
    "previous_message_id",
    "previous_response_id",
    "vector_store_ids",
];

/// Members that hold what is the app's own: arguments and schemas of its functions, its servers.
const FREE: [&str; 6] =
    ["arguments", "input", "input_schema", "mcp_servers", "parameters", "schema"];

/// How the kind of a block ends that tells of a file which a provider's own tool has written.
const TOLD: &str = "code_execution_output";

/// Where Gemini keeps the files that were sent to it before.
const FILES: &str = "generativelanguage.";

/// Notes what a member names, or what is named within it.
pub(super) fn member(fields: &mut Vec<Field>, key: &str, value: Value<'_>, at: &At<'_>) {
    if FREE.contains(&key) {
        return;
    }
    if IDS.contains(&key) && is_id(value) {
        return note(fields, at);
    }
    within(fields, value, at);
}

/// Notes what is named within a value.
pub(super) fn within(fields: &mut Vec<Field>, value: Value<'_>, at: &At<'_>) {
    for (index, item) in value.items().enumerate() {
        within(fields, item, &at.item(index));
    }
    // What a provider's own tool has written is only told of: nobody reads it by that.
    let is_told = || value.str_of("type").is_some_and(|kind| kind.ends_with(TOLD));
    for (key, inner) in value.members() {
        if key == "file_id" && is_told() {
            continue;
        }
        let at = at.key(&key);
        // A provider's own skills are everybody's.
        let is_public = || value.get("type").is_some_and(|kind| kind.is("anthropic"));
        if key == "skill_id" && !inner.is_null() && !is_public() {
            note(fields, at);
        } else {
            member(fields, &key, inner, &at);
        }
    }
}

/// Notes an address that only the provider itself can follow, with its key.
pub(super) fn address(fields: &mut Vec<Field>, url: &str, at: &At<'_>) {
    let begins = |scheme: &str| {
        url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let is_web = begins("https://") || begins("http://");
    let host = url.split("//").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    // Servers differ in how they read the others, and may find a host where none is written.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@[]".contains(&byte);
    let is_kept = || host.to_ascii_lowercase().contains(FILES);
    if !is_web || host.is_empty() || !host.bytes().all(is_plain) || is_kept() {
        note(fields, at);
    }
}

fn is_id(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::String => true,
        Kind::Array => value.items().next().is_some(),
        Kind::Object => value.given("id").is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{address, within};
    use crate::json::{At, Document, Limits};

    #[test]
    fn ids_are_found_wherever_nobody_reads() {
        for (body, named) in [
            (r#"{"container":"c"}"#, "container"),
            (r#"{"container":{"id":"c"}}"#, "container"),
            (r#"{"container":{"id":null,"skills":[{"type":"anthropic","skill_id":"pdf"}]}}"#, ""),
            (
                r#"{"container":{"skills":[{"type":"custom","skill_id":"s"}]}}"#,
                "container.skills[0].skill_id",
            ),
            (r#"{"a":[{"b":{"file_id":"f"}}]}"#, "a[0].b.file_id"),
            (r#"{"file_ids":[]}"#, ""),
            (r#"{"file_ids":["f"]}"#, "file_ids"),
            (r#"{"audio":{"voice":"v"}}"#, ""),
            (r#"{"audio":{"id":"a"}}"#, "audio"),
            (
                r#"{"extra_body":{"google":{"cached_content":"c"}}}"#,
                "extra_body.google.cached_content",
            ),
            // An id of the app's own.
            (r#"{"type":"mcp_tool_use","input":{"file_id":"f"}}"#, ""),
            (r#"{"file_id":null}"#, ""),
            // What a provider's own tool has written is told of, and what is to be read is not.
            (
                concat!(
                    r#"{"content":{"type":"bash_code_execution_result","content":"#,
                    r#"[{"type":"bash_code_execution_output","file_id":"f"}]}}"#
                ),
                "",
            ),
            (r#"{"content":[{"type":"code_execution_output","file_id":"f"}]}"#, ""),
            (
                r#"{"content":[{"type":"code_execution_output","container":"c"}]}"#,
                "content[0].container",
            ),
            (r#"{"type":"container_upload","file_id":"f"}"#, "file_id"),
        ] {
            let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
            let mut fields = Vec::new();
            within(&mut fields, document.root(), &At::Root);
            assert_eq!(fields.join(","), named, "{body}");
        }
    }

    #[test]
    fn files_at_a_provider_are_known_by_their_address() {
        for (url, kept) in [
            ("https://x.test/generativelanguage.pdf", false),
            ("HTTP://x.test/a.pdf", false),
            ("https://generativelanguage.googleapis.com/v1beta/files/a", true),
            ("https://me@GenerativeLanguage.googleapis.com:443/v1beta/files/a", true),
            ("https:///generativelanguage.googleapis.com/v1beta/files/a", true),
            ("https://generativelanguage%2egoogleapis.com/v1beta/files/a", true),
            ("https://generative\tlanguage.googleapis.com/v1beta/files/a", true),
            ("https://generativelanguage。googleapis.com/v1beta/files/a", true),
            ("https:/\\generativelanguage.googleapis.com/v1beta/files/a", true),
            ("https://", true),
            ("https://[::1]:8080/a", false),
            ("gs://bucket/a", true),
            ("files/a", true),
        ] {
            let mut fields = Vec::new();
            address(&mut fields, url, &At::Root.key("url"));
            assert_eq!(!fields.is_empty(), kept, "{url}");
        }
    }
}
