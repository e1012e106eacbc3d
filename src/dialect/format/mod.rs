//! Wire formats: how bytes say a request, an answer and a failure. One folder per format.
pub(super) mod chat_completions;
pub(super) mod generate_content;
pub(super) mod messages;

use super::answer::{AnswerHead, AnswerWriter, StreamReader, WholeReader};
use super::cut::merged;
use super::unsupported::{Field, UnsupportedField};
use super::words::{self, Words};
use super::{Ask, Assembly, CacheMarks, Edit, Fault, FaultKind, Marking};
use crate::json::{Document, Limits};

/// A wire format, as providers are spoken to: requests are written, answers are read.
#[derive(Debug)]
pub struct Format {
    /// What tells this format from others.
    pub name: &'static str,
    /// Collects the fields of a request that this format cannot say to that model: of one
    /// provider's models the newer often refuse what the older take. [`Ask::passthrough_only`] is
    /// not asked about: no other format can say those.
    pub unsupported: fn(&Ask<'_>, &Target<'_>, &mut Vec<UnsupportedField>),
    /// Writes a request's body. Whatever `unsupported` names is left out.
    pub write_request: fn(&Ask<'_>, &Target<'_>) -> Vec<u8>,
    /// Reads a whole answer.
    pub read_answer: WholeReader,
    /// Reads a streamed answer.
    pub read_stream: fn() -> Box<dyn StreamReader>,
    /// Reads the body of an answer with an error status.
    pub read_fault: fn(status: u16, body: &[u8]) -> Fault,
    /// Whether a model goes on with what the assistant has said last, as if it had said that
    /// itself. Where it does not, it answers that, or refuses it.
    pub goes_on: fn(&Ask<'_>, &Target<'_>) -> bool,
    /// How a request says what of it is to be kept in its provider's cache; `None` for a format
    /// that does not say it.
    pub marking: Option<&'static Marking>,
}

impl Format {
    /// The fields that a model does not take, as its name tells, in whatever format they come.
    #[must_use]
    pub fn refused_by_model(&self, ask: &Ask<'_>, target: &Target<'_>) -> Vec<UnsupportedField> {
        let mut fields = Vec::new();
        (self.unsupported)(ask, target, &mut fields);
        fields.retain(|field| field.reason.of_model);
        fields
    }

    /// A body with marks for its provider's cache, where this format has any.
    #[must_use]
    pub fn marked(&self, body: Vec<u8>, marks: Option<CacheMarks>) -> Vec<u8> {
        match self.marking.zip(marks) {
            Some((marking, marks)) => marking.marked(body, marks),
            None => body,
        }
    }
}

/// Formats are the same when they have the same name.
impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}

/// The other half of a wire format, as apps are spoken to: requests are read, answers are written.
/// A format that no client speaks lacks this half.
#[derive(Debug)]
pub struct Inbound {
    /// The format whose half this is.
    pub format: &'static Format,
    /// Reads a request in our words.
    ///
    /// # Errors
    /// The first field that is missing or wrong, with its path.
    pub read_request: for<'d> fn(&'d Document<'d>) -> Result<Ask<'d>, Fault>,
    /// The fields that [`Inbound::read_request`] reads.
    pub words: fn() -> &'static Words,
    /// What must change in the body before it goes to a provider of the same format, whatever its
    /// model.
    pub edits: for<'d> fn(&'d Document<'d>, &Ask<'d>) -> Vec<Edit>,
    /// What must change in it for one model. It asks the same functions as
    /// [`Format::write_request`]: a model is told the same, whoever asks.
    pub(super) amend: Amend,
    /// What is left out of the body where several tenants share a provider's key: what only
    /// advises, and names what the provider keeps. [`Ask::stored`] is of what does not only
    /// advise.
    pub unshared: for<'d> fn(&'d Document<'d>) -> Change,
    /// Adds what a gateway adds to a request.
    pub assemble: for<'d> fn(&'d Document<'d>, &Ask<'d>, &Assembly) -> Vec<Edit>,
    /// Takes every message before that place out, but for instructions and so many messages of the
    /// operator's examples: the conversation begins there, which is one of [`super::beginnings`].
    pub shorten: for<'d> fn(&'d Document<'d>, usize, usize) -> Vec<Edit>,
    /// Writes a whole answer: everything at [`super::Event::End`] or [`super::Event::Fault`].
    pub write_answer: fn(AnswerHead) -> Box<dyn AnswerWriter>,
    /// Writes a streamed answer, event by event.
    pub write_stream: fn(AnswerHead) -> Box<dyn AnswerWriter>,
    /// The member of a whole answer that names its model.
    pub model_key: &'static str,
    /// What ends a stream, after the reason of its end.
    pub end_of_stream: &'static str,
}

/// Changes an app's body for one model; the fields that are left out are named.
pub(super) type Amend =
    for<'d> fn(&'d Document<'d>, &Ask<'d>, &Target<'_>, &[Field], &mut Vec<Edit>);

/// What changes in an app's body for a provider of its own format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The places that change, in order.
    pub edits: Vec<Edit>,
    /// The fields that are left out.
    pub left_out: Vec<Field>,
}

/// Reads the body of an app's request, which is a JSON object in every format.
///
/// # Errors
/// The body is something else.
pub fn read_body(body: &[u8]) -> Result<Document<'_>, Fault> {
    let document = Document::parse(body, Limits::default()).map_err(|syntax| {
        Fault::new(FaultKind::InvalidRequest, format!("the body is not valid JSON: {syntax}"))
    })?;
    if !document.root().is_object() {
        let found = document.root().kind().name();
        let message = format!("the body must be a JSON object, found {found}");
        return Err(Fault::new(FaultKind::InvalidRequest, message));
    }
    Ok(document)
}

/// The same of a body of few fields that is in nobody's format: none of them may stand twice, or
/// under another spelling of its name.
///
/// # Errors
/// The body is something else, or could be read in two ways.
pub fn read_fields<'b>(body: &'b [u8], names: &[&'static str]) -> Result<Document<'b>, Fault> {
    let document = read_body(body)?;
    words::check(document.root(), &Words::new(names, names))?;
    Ok(document)
}

impl Inbound {
    /// Reads a request of an app, once it is sure that every server would read it like that.
    ///
    /// # Errors
    /// The first field that stands twice or under another spelling of its name, that is missing or
    /// wrong, with its path.
    pub fn ask<'d>(&self, document: &'d Document<'d>) -> Result<Ask<'d>, Fault> {
        words::check(document.root(), (self.words)())?;
        (self.read_request)(document)
    }

    /// What changes in a body for one model. `common` are [`Inbound::edits`]; `drops` says whether
    /// what the model does not take is left out even where the app demands it, `is_priced` whether
    /// somebody pays for what it does at its usual price: what costs more is left out.
    #[must_use]
    pub fn change<'d>(
        &self,
        (document, ask): (&'d Document<'d>, &Ask<'d>),
        target: &Target<'_>,
        (drops, is_priced): (bool, bool),
        common: &[Edit],
    ) -> Change {
        let mut left_out = self.format.refused_by_model(ask, target);
        left_out.retain(|field| drops || ask.is_best_effort(field));
        let mut left_out: Vec<Field> = left_out.into_iter().map(|one| one.field).collect();
        left_out.extend(ask.premium.filter(|_| is_priced).map(Field::Borrowed));
        let mut own = Vec::new();
        (self.amend)(document, ask, target, &left_out, &mut own);
        Change { edits: merged(common, own), left_out }
    }

    /// The same edits with marks for its provider's cache among them, where this format has any.
    #[must_use]
    pub fn marked<'d>(
        &self,
        document: &'d Document<'d>,
        edits: Vec<Edit>,
        marks: Option<CacheMarks>,
    ) -> Vec<Edit> {
        match self.format.marking.zip(marks) {
            Some((marking, marks)) => marking.among(edits, document.root(), marks),
            None => edits,
        }
    }
}

/// The model a request is written for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'t> {
    /// The provider's own name of the model.
    pub model: &'t str,
    /// Most tokens of an answer: for a format that must state a number where the app gave no
    /// bound.
    pub max_output_tokens: u64,
}
