//! Every field that is read, at whatever depth: what stands twice, or is only nearly spelt like one
//! of them, is refused.
use std::sync::LazyLock;

use super::read::KNOWN;
use crate::dialect::Words;

/// The fields of messages, blocks, tools and options. Those of a request are [`KNOWN`].
const INNER: [&str; 30] = [
    "allowed_callers",
    "budget_tokens",
    "caller",
    "content",
    "data",
    "defer_loading",
    "description",
    "disable_parallel_tool_use",
    "display",
    "eager_input_streaming",
    "effort",
    "format",
    "id",
    "input",
    "input_examples",
    "input_schema",
    "is_error",
    "media_type",
    "name",
    "role",
    "schema",
    "signature",
    "source",
    "strict",
    "task_budget",
    "text",
    "tool_use_id",
    "type",
    "url",
    "user_id",
];

/// Schemas and arguments.
const FREE: [&str; 4] = ["input", "input_examples", "input_schema", "schema"];

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let names: Vec<&str> = KNOWN.iter().copied().chain(INNER).collect();
    Words::new(&names, &FREE)
});

pub(super) fn words() -> &'static Words {
    &WORDS
}
