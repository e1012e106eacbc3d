//! Google's generateContent, on the provider's side only.
//!
//! Facts are from <https://ai.google.dev/api/generate-content> and the types of Google's own
//! SDK (googleapis/js-genai), as they stood in November 2026.
mod config;
mod contents;
mod fault;
mod images;
mod model;
mod parts;
mod read;
#[cfg(test)]
mod tests;
mod tools;
mod unsupported;
mod usage;
mod write;

use super::Format;

pub(in crate::dialect) static FORMAT: Format = Format {
    name: "generate_content",
    unsupported: unsupported::unsupported,
    write_request: write::write,
    read_answer: read::whole,
    read_stream: read::stream,
    read_fault: fault::read,
    // A last turn of the model's own. Held to a schema it begins anew.
    goes_on: |ask, _| ask.format.is_none(),
    marking: None,
};
