//! What a provider answers, in words that belong to no provider: a row of events.
//!
//! A whole answer and a streamed one are read into the same events, so each format is written
//! once for both.
use core::fmt;
use core::ops::Range;
use std::borrow::Cow;

use super::fault::Fault;
use super::tokens::estimate;
use crate::json::Document;
use crate::usage::Usage;

/// One thing a provider said.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'e> {
    /// The answer begins. At most once, before anything else.
    Start {
        /// The provider's id of the answer.
        id: Cow<'e, str>,
        /// The model that answers, by the provider's own name.
        model: Cow<'e, str>,
    },
    /// A piece of the text.
    Text(Cow<'e, str>),
    /// A piece of what the model thinks.
    Reasoning(Cow<'e, str>),
    /// A piece of why the model declines.
    Refusal(Cow<'e, str>),
    /// A function call begins.
    ToolCall {
        /// Which call, counted from 0 in the order they began.
        index: u32,
        /// The call's id, which the app's result will repeat.
        id: Cow<'e, str>,
        /// The name of the function.
        name: Cow<'e, str>,
    },
    /// A piece of a call's arguments: the pieces of one call make one JSON object.
    Arguments {
        /// Which call, counted as in [`Event::ToolCall`].
        index: u32,
        /// The next piece of the text of the arguments.
        json: Cow<'e, str>,
    },
    /// Why the answer ended. At most once.
    Stop(Stop<'e>),
    /// What the answer has used so far, as its provider counts it.
    Usage(Usage),
    /// The provider failed, or says so.
    Fault(Fault),
    /// Nothing more comes. A stream without it was cut.
    End,
}

impl Event<'_> {
    /// Whether an app would see something of it: the moment after which a failure can no longer
    /// be hidden by asking another model.
    #[must_use]
    pub fn is_content(&self) -> bool {
        match self {
            Self::Text(text) | Self::Reasoning(text) | Self::Refusal(text) => !text.is_empty(),
            Self::ToolCall { .. } | Self::Arguments { .. } | Self::Stop(_) => true,
            Self::Start { .. } | Self::Usage(_) | Self::Fault(_) | Self::End => false,
        }
    }
}

impl Event<'_> {
    /// How many bytes of text it brings.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Reasoning(text) | Self::Refusal(text) => text.len(),
            Self::ToolCall { id, name, .. } => id.len().saturating_add(name.len()),
            Self::Arguments { json, .. } => json.len(),
            Self::Start { id, model } => id.len().saturating_add(model.len()),
            Self::Fault(fault) => fault.message.len(),
            Self::Stop(_) | Self::Usage(_) | Self::End => 0,
        }
    }

    /// How many tokens of output this is, estimated: for an answer whose provider reports none.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        match self {
            Self::Text(text) | Self::Reasoning(text) | Self::Refusal(text) => estimate(text),
            Self::ToolCall { name, .. } => CALL.saturating_add(estimate(name)),
            Self::Arguments { json, .. } => estimate(json),
            Self::Start { .. } | Self::Stop(_) | Self::Usage(_) | Self::Fault(_) | Self::End => 0,
        }
    }
}

/// What stands around a call, in tokens.
const CALL: u64 = 12;

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop<'e> {
    /// The model was done.
    End,
    /// It reached the most tokens allowed, or the end of its context window.
    MaxTokens,
    /// It waits for the results of function calls.
    ToolCalls,
    /// It wrote one of the stop sequences; which, where the provider says.
    Sequence(Option<Cow<'e, str>>),
    /// The provider's filter cut it.
    Filtered,
    /// The model declined to answer.
    Refused,
    /// The provider does not say why, or says it in a word that nobody knows: perhaps the answer
    /// is not whole.
    Unsaid {
        /// Whether there are function calls in it.
        calls: bool,
    },
}

/// What takes the events of an answer, one after the other.
pub type Sink<'s> = &'s mut dyn FnMut(Event<'_>);

/// Reads a provider's stream.
pub trait StreamReader: fmt::Debug {
    /// Reads one server-sent event: its name (empty when it has none) and its data.
    fn read(&mut self, name: &str, data: &str, sink: Sink<'_>);

    /// Where in the data of the event that was read last the model is named, as JSON; `None` where
    /// that event names none.
    fn model(&self) -> Option<Range<usize>> {
        None
    }

    /// Whether the answer is whole by what has been read, though [`Event::End`] has not come: some
    /// servers close after the reason of the end and leave out the mark of it.
    fn is_whole(&self) -> bool {
        false
    }

    /// The number of the block that is open, in a format that numbers the pieces of an answer.
    fn block(&self) -> Option<u64> {
        None
    }

    /// Whether a function's call has begun that no event has told of yet.
    fn has_untold(&self) -> bool {
        false
    }

    /// What is reported by the data of an event that comes after [`Event::End`].
    fn late(&mut self, _data: &str) -> Option<Usage> {
        None
    }

    /// Bytes that it holds until more comes.
    fn held(&self) -> usize {
        0
    }
}

/// Reads a provider's whole answer: the same events in the order a stream would bring them,
/// [`Event::End`] last. A body that is an error is one [`Event::Fault`].
pub type WholeReader = fn(&Document<'_>, Sink<'_>);

/// Writes an app's answer, whole or streamed.
pub trait AnswerWriter: fmt::Debug {
    /// Takes one event; a stream's writer appends what the app is to receive for it.
    ///
    /// After [`Event::Fault`] or [`Event::End`] nothing more is written.
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>);

    /// The number of the block that is open, as [`StreamReader::block`] has it.
    fn block(&self) -> Option<u64> {
        None
    }

    /// Bytes that a stream's writer holds until more comes.
    fn held(&self) -> usize {
        0
    }
}

/// What an answer's writer has to know beside the events.
#[derive(Debug, Clone, Default)]
pub struct AnswerHead {
    /// Our id of the request: names the answer when the provider gave no id.
    pub request_id: String,
    /// The model, by the name that the app asked for, or else by its name in the policy.
    pub model: String,
    /// Whether that name stays, whatever name its provider says.
    pub keeps_model: bool,
    /// When the answer began, in seconds since 1970.
    pub created: u64,
    /// Whether a stream ends with its usage.
    pub stream_usage: bool,
}
