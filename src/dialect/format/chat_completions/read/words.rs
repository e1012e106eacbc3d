//! Every field that is read, at whatever depth: what stands twice, or is only nearly spelt like one
//! of them, is refused.
use std::sync::LazyLock;

use super::FIELDS;
use crate::dialect::Words;

/// The fields of messages, parts, tools and options. Those of a request are [`FIELDS`].
const INNER: [&str; 32] = [
    "arguments",
    "budget_tokens",
    "content",
    "description",
    "detail",
    "file",
    "file_data",
    "file_id",
    "filename",
    "function",
    "id",
    "image_url",
    "include_usage",
    "json_schema",
    "name",
    "parameters",
    "reasoning",
    "reasoning_content",
    "refusal",
    "role",
    "schema",
    "strict",
    "text",
    "tool_call_id",
    "tool_calls",
    "type",
    "url",
    // What other servers take for more answers, or for other models, than were judged.
    "best_of",
    "models",
    // Parts and fields that are not read here and that other servers take for words of the model
    // or of the user: whether a request holds one decides who can serve it.
    "input_audio",
    "reasoning_details",
    "thinking_blocks",
];

/// Schemas, labels and lists by the app's own names.
const FREE: [&str; 4] = ["logit_bias", "metadata", "parameters", "schema"];

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).chain(INNER).collect();
    Words::new(&names, &FREE)
});

pub(in super::super) fn words() -> &'static Words {
    &WORDS
}
