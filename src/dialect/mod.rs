//! Each provider's wire format, read and written: one folder per dialect, one row per folder in
//! [`ALL`]. Nobody matches on a dialect; everybody calls its row.
//!
//! Provider JSON is read leniently: a field we do not know is not an error. What an app asks and
//! a dialect cannot say is a [`Lack`], never lost in silence.
mod answer;
mod ask;
mod blame;
mod count;
mod fault;
mod format;
mod lack;
mod needs;
mod redact;
mod splice;
pub mod sse;
pub mod tokens;
mod words;

pub use answer::{AnswerHead, AnswerWriter, Event, Sink, Stop, StreamReader, WholeReader};
pub use ask::{
    Ask, Block, Effort, Format, Given, Image, Number, Reasoning, Role, Tool, ToolChoice, Turn,
};
pub use fault::{Fault, FaultKind};
pub use lack::{Field, Lack, is_full};
pub use needs::Needs;
pub use redact::quotes_key;
pub use splice::{Edit, Put, splice};
pub use words::Words;

use self::format::{chat_completions, generate_content, messages};
use crate::json::Document;

/// A wire format: what it is called and what it can do.
#[derive(Debug)]
pub struct Dialect {
    /// Its name in a policy.
    pub name: &'static str,
    /// What an app may speak; none for a dialect that only providers speak.
    pub app: Option<App>,
    /// What a provider speaks.
    pub provider: Provider,
}

/// The app's side of a dialect.
#[derive(Debug)]
pub struct App {
    /// The path that its requests are POSTed to.
    pub path: &'static str,
    /// Reads a request.
    ///
    /// # Errors
    /// The first field that is missing or wrong, with its path.
    pub read: for<'d> fn(&'d Document<'d>) -> Result<Ask<'d>, Fault>,
    /// The fields that [`App::read`] reads.
    pub words: fn() -> &'static Words,
    /// What must change in the body before it goes to a provider of the same dialect.
    pub edits: for<'d> fn(&'d Document<'d>, &Ask<'d>) -> Vec<Edit>,
    /// Request headers that go on to a provider of the same dialect, and to no other.
    pub carries: &'static [&'static str],
    /// Writes a whole answer: everything at [`Event::End`] or [`Event::Fault`].
    pub whole: fn(AnswerHead) -> Box<dyn AnswerWriter>,
    /// Writes a streamed answer, event by event.
    pub stream: fn(AnswerHead) -> Box<dyn AnswerWriter>,
    /// What ends a stream, after the reason of its end.
    pub end: &'static str,
    /// Writes a failure as a whole body.
    pub fault: fn(&Fault, request_id: &str) -> Vec<u8>,
    /// Writes the answer to `GET /v1/models`: the names an app may ask for.
    pub models: fn(&[&str]) -> Vec<u8>,
    /// The response header that carries our request id.
    pub request_id_header: &'static str,
}

impl App {
    /// Reads a request of an app, once it is sure that every server would read it like that.
    ///
    /// # Errors
    /// The first field that stands twice or under another spelling of its name, that is missing or
    /// wrong, with its path.
    pub fn ask<'d>(&self, document: &'d Document<'d>) -> Result<Ask<'d>, Fault> {
        words::check(document.root(), (self.words)())?;
        (self.read)(document)
    }
}

/// The provider's side of a dialect.
#[derive(Debug)]
pub struct Provider {
    /// The path of a request, after the endpoint's own prefix: the provider's model name and
    /// whether the answer is streamed.
    pub path: fn(model: &str, stream: bool) -> String,
    /// Request headers that every request carries, unless the app's own value is carried on.
    pub headers: &'static [(&'static str, &'static str)],
    /// The header that carries the provider's key, and what stands before the key in it.
    pub credential: (&'static str, &'static str),
    /// Whether [`Ask::user`] is carried: where it is not, it is left out like any of
    /// [`Ask::hints`].
    pub carries_user: bool,
    /// Collects the fields of a request that this dialect cannot say to that model: of one
    /// provider's models the newer often refuse what the older take. [`Ask::native`] is not
    /// asked about: no other dialect can say those.
    pub lacks: fn(&Ask<'_>, &Target<'_>, &mut Vec<Lack>),
    /// Writes a request's body. Whatever `lacks` names is left out.
    pub write: fn(&Ask<'_>, &Target<'_>) -> Vec<u8>,
    /// Reads a whole answer.
    pub whole: WholeReader,
    /// Members of a whole answer that nobody reads, and that have as many values as it has tokens
    /// or more.
    pub unread: &'static [&'static str],
    /// Reads a streamed answer.
    pub stream: fn() -> Box<dyn StreamReader>,
    /// Reads the body of an answer with an error status.
    pub fault: fn(status: u16, body: &[u8]) -> Fault,
}

/// The model a request is written for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'t> {
    /// The provider's own name of the model.
    pub model: &'t str,
    /// Most tokens of an answer: for a dialect that must state a number when the app gave none.
    pub max_output_tokens: u64,
}

/// Every dialect, in alphabetical order.
pub static ALL: &[Dialect] =
    &[messages::DIALECT, generate_content::DIALECT, chat_completions::DIALECT];

/// The dialect of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Dialect> {
    ALL.iter().find(|dialect| dialect.name == name)
}
