//! The `gemini` dialect: Google's generateContent, on the provider's side only.
//!
//! Facts are from <https://ai.google.dev/api/generate-content> and the types of Google's own
//! SDK (googleapis/js-genai), as they stood in November 2026.
mod config;
mod contents;
mod fault;
mod images;
mod lacks;
mod model;
mod parts;
mod path;
mod read;
#[cfg(test)]
mod tests;
mod tools;
mod usage;
mod write;

use crate::dialect::{Dialect, Provider};

/// The row of this dialect.
pub(in crate::dialect) const DIALECT: Dialect = Dialect {
    name: "gemini",
    app: None,
    provider: Provider {
        path: path::path,
        headers: &[],
        credential: ("x-goog-api-key", ""),
        carries_user: false,
        lacks: lacks::lacks,
        write: write::write,
        whole: read::whole,
        unread: &["logprobsResult"],
        stream: read::stream,
        fault: fault::read,
    },
};
