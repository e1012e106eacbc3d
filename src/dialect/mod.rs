//! What apps and providers say, in bytes and in our words. Nobody matches on a dialect; everybody
//! calls a row of one of three tables: wire [`format`]s, [`client`]s that apps are written for, and
//! [`provider`]s that serve models. A client or a provider has an endpoint for every operation that
//! it knows, each with its format: two speak the same dialect when their formats are the same.
//!
//! Provider JSON is read leniently: a field we do not know is not an error. What an app asks and
//! a format cannot say is an [`UnsupportedField`], never lost in silence.
mod answer;
mod ask;
mod assemble;
mod blame;
mod cache;
pub mod client;
mod compose;
mod count;
mod cut;
mod fault;
mod file;
mod format;
mod framing;
mod needs;
mod operation;
mod percent;
pub mod provider;
mod redact;
mod resumed;
mod shorten;
mod splice;
mod stored;
pub mod tokens;
mod unsupported;
pub mod wait;
mod words;

pub use answer::{AnswerHead, AnswerWriter, Event, Sink, Stop, StreamReader, WholeReader};
pub use ask::{
    Ask, Block, Effort, Given, Image, Number, Reasoning, ResponseFormat, Role, Thread, Tool,
    ToolChoice, Turn,
};
pub use assemble::Assembly;
pub use blame::is_unaffordable;
pub use cache::{CacheMarks, Marking};
pub use client::Client;
pub use compose::composed;
pub use fault::{Fault, FaultKind};
pub use file::{File, FileSource};
pub use format::{Change, Format, Inbound, Target, read_body, read_fields};
pub use framing::{Framing, sse};
pub use needs::Needs;
pub use operation::Operation;
pub use provider::Provider;
pub use redact::quotes_key;
pub use resumed::{Seam, with_said};
pub use shorten::{beginnings, dropped};
pub use splice::{Edit, Put, rebased, splice};
pub use unsupported::{Field, Reason, UnsupportedField, is_full};
pub use words::Words;
