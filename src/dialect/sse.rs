//! Server-sent events, cut out of chunks that end anywhere.
//!
//! The format is the WHATWG HTML standard's, section "Server-sent events": lines end in CRLF, LF
//! or CR, a blank line ends an event, several `data` lines join with a newline, a line that begins
//! with a colon is a comment. `id` and `retry` mean nothing here.
use std::borrow::Cow;

/// One event: borrowed from the bytes it stands in.
#[derive(Debug, PartialEq, Eq)]
pub struct Event<'b> {
    /// The `event` field; empty when there is none.
    pub name: &'b str,
    /// The `data` lines, joined.
    pub data: Cow<'b, str>,
}
