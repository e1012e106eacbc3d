//! Every field that is read, at whatever depth: what stands twice, or is only nearly spelt like one
//! of them, is refused.
use std::sync::LazyLock;

use super::read::KNOWN;
use crate::dialect::Words;

/// The fields of messages, blocks, tools and options. Those of a request are [`KNOWN`].
const INNER: [&str; 42] = [
    "allowed_callers",
    "budget_tokens",
    "cache_control",
    "caller",
    "citations",
    "container",
    "content",
    "context",
    "data",
    "defer_loading",
    "description",
    "disable_parallel_tool_use",
    "display",
    "eager_input_streaming",
    "edits",
    "effort",
    "enabled",
    "file_id",
    "format",
    "id",
    "input",
    "input_examples",
    "input_schema",
    "is_error",
    "mcp_servers",
    "media_type",
    "name",
    "previous_message_id",
    "role",
    "schema",
    "signature",
    "source",
    "strict",
    "task_budget",
    "text",
    "title",
    "tool_name",
    "tool_use_id",
    "ttl",
    "type",
    "url",
    "user_id",
];

/// Schemas, arguments and servers of the app's own.
const FREE: [&str; 5] = ["input", "input_examples", "input_schema", "mcp_servers", "schema"];

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let names: Vec<&str> = KNOWN.iter().copied().chain(INNER).collect();
    Words::new(&names, &FREE)
});

pub(super) fn words() -> &'static Words {
    &WORDS
}
