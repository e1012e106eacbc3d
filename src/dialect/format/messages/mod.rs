//! The Messages API, as <https://platform.claude.com/docs/en/api/messages>
//! describes it under version 2023-06-01.
mod amend;
mod answer_read;
mod answer_write;
mod assemble;
mod block_write;
mod check;
mod context;
mod documents;
mod edits;
mod fault;
mod generation;
mod instructions;
mod marks;
mod models;
mod options;
mod parts;
mod read;
mod schema;
mod stream_write;
mod turns;
mod unsupported;
mod usage;
mod waiting;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub(in crate::dialect) use fault::write as write_fault;
pub(in crate::dialect) use models::{write as write_models, write_count, write_one as write_model};

use super::{Format, Inbound};

/// Stands as the signature of a thinking block that we wrote for another provider's model.
///
/// Anthropic checks signatures and answers 400 to one it did not make, so a block that comes back
/// with this one is taken out again on the way to Anthropic.
const SIGNATURE: &str = "tradewind";

pub(in crate::dialect) static FORMAT: Format = Format {
    name: "messages",
    unsupported: unsupported::unsupported,
    write_request: write::write,
    read_answer: answer_read::whole,
    read_stream: answer_read::stream,
    read_fault: fault::read,
    goes_on: |ask, target| write::goes_on(ask, &options::Options::of(ask, target)),
    marking: Some(&marks::MARKING),
};

const OWN: Inbound = Inbound {
    format: &FORMAT,
    read_request: read::read,
    words: words::words,
    edits: edits::edits,
    amend: amend::amend,
    unshared: edits::unshared,
    assemble: assemble::assemble,
    shorten: |document, from, examples| instructions::shorten(document.root(), from, examples),
    write_answer: answer_write::whole,
    write_stream: stream_write::stream,
    model_key: "model",
    end_of_stream: "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
};

pub(in crate::dialect) static INBOUND: Inbound = OWN;

/// For a request whose tokens are counted: nobody answers it, so it needs no bound.
pub(in crate::dialect) static COUNTED: Inbound = Inbound { read_request: read::to_count, ..OWN };
