//! The `anthropic` dialect: the Messages API, as <https://platform.claude.com/docs/en/api/messages>
//! describes it under version 2023-06-01.
mod answer_read;
mod answer_write;
mod block_write;
mod check;
mod edits;
mod fault;
mod generation;
mod lacks;
mod options;
mod read;
mod schema;
mod stream_write;
mod turns;
mod usage;
mod waiting;
mod words;
mod write;

#[cfg(test)]
mod tests;

use crate::dialect::{App, Dialect, Provider};

/// The version whose rules this dialect follows.
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// Stands as the signature of a thinking block that we wrote for another provider's model.
///
/// Anthropic checks signatures and answers 400 to one it did not make, so a block that comes back
/// with this one is taken out again on the way to Anthropic.
const SIGNATURE: &str = "tradewind";

/// The row of this dialect.
pub(in crate::dialect) const DIALECT: Dialect = Dialect {
    name: "anthropic",
    app: Some(App {
        path: "/v1/messages",
        read: read::read,
        words: words::words,
        edits: edits::edits,
        carries: &["anthropic-version", "anthropic-beta"],
        whole: answer_write::whole,
        stream: stream_write::stream,
        end: "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        fault: fault::write,
        models: fault::models,
        request_id_header: "request-id",
    }),
    provider: Provider {
        path: |_, _| "/v1/messages".to_owned(),
        headers: &[VERSION],
        credential: ("x-api-key", ""),
        carries_user: true,
        lacks: lacks::lacks,
        write: write::write,
        whole: answer_read::whole,
        unread: &[],
        stream: answer_read::stream,
        fault: fault::read,
    },
};
