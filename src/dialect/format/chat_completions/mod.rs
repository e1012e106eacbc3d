//! The `openai` dialect: Chat Completions, as OpenAI and the servers compatible with it speak it.
//!
//! Source of the format: OpenAI's API reference, "Chat Completions", and the types of
//! its official SDK (`openai` 3.54 for Python), read in 2026-11.
mod answer_read;
mod answer_write;
mod edits;
mod fault;
mod models;
mod read;
mod stream_read;
mod stream_write;
#[cfg(test)]
mod tests;
mod usage;
mod write;

use crate::dialect::{App, Dialect, Provider};

/// How likely each token was, and by what numbers tokens go: those beside OpenAI's own are vLLM's.
const UNREAD: &[&str] = &["logprobs", "prompt_logprobs", "token_ids", "prompt_token_ids"];

/// The row of this dialect.
pub(in crate::dialect) const DIALECT: Dialect = Dialect {
    name: "openai",
    app: Some(App {
        path: PATH,
        read: read::read,
        words: read::words,
        edits: edits::edits,
        carries: &["openai-beta"],
        whole: answer_write::whole,
        stream: stream_write::stream,
        end: "data: [DONE]\n\n",
        fault: fault::write,
        models: models::write,
        request_id_header: "x-request-id",
    }),
    provider: Provider {
        path: |_, _| PATH.to_owned(),
        headers: &[],
        credential: ("authorization", "Bearer "),
        carries_user: true,
        lacks: write::lacks,
        write: write::write,
        whole: answer_read::read,
        unread: UNREAD,
        stream: stream_read::reader,
        fault: fault::read,
    },
};

const PATH: &str = "/v1/chat/completions";
