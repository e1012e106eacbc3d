//! Chat Completions, as OpenAI and the servers compatible with it speak it.
//!
//! Source of the format: OpenAI's API reference, "Chat Completions", and the types of
//! its official SDK (`openai` 3.54 for Python), read in 2026-11.
mod amend;
mod answer_read;
mod answer_write;
mod assemble;
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

pub(in crate::dialect) use fault::write as write_fault;
pub(in crate::dialect) use models::{write as write_models, write_one as write_model};

use super::{Change, Format, Inbound};
use crate::dialect::shorten::oldest;

pub(in crate::dialect) static FORMAT: Format = Format {
    name: "chat_completions",
    unsupported: write::unsupported,
    write_request: write::write,
    read_answer: answer_read::read,
    read_stream: stream_read::reader,
    read_fault: fault::read,
    goes_on: |_, _| false,
    marking: None,
};

pub(in crate::dialect) static INBOUND: Inbound = Inbound {
    format: &FORMAT,
    read_request: read::read,
    words: read::words,
    edits: edits::edits,
    amend: amend::amend,
    unshared: |_| Change::default(),
    assemble: assemble::assemble,
    shorten: |document, from, examples| oldest(document.root(), from, examples),
    write_answer: answer_write::whole,
    write_stream: stream_write::stream,
    model_key: "model",
    end_of_stream: "data: [DONE]\n\n",
};
