//! What Envoy is to do.
use std::borrow::Cow;

use super::call::Call;
use super::outbox_item::OutboxItem;
use super::{Body, Parcel, Reply};

/// What a callback answers: effects in order, then whether the stream goes on.
#[derive(Debug, Default)]
pub struct Effects {
    /// What to do, in order.
    pub list: Vec<Effect>,
    /// And then.
    pub flow: Flow,
}

/// Whether a stream goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Flow {
    /// What is here goes on to the next filter.
    #[default]
    Continue,
    /// What is here waits: headers are held and body is buffered until a later callback.
    Pause,
}

/// A header map that is to stand in the place of another, in order. Most names and many values are
/// the same for every request, and are not copied.
pub type Headers = Vec<Header>;

/// One header: its name in lower case, and its value.
pub type Header = (Cow<'static, str>, Cow<'static, [u8]>);

/// A header of that name, and a value that every request has.
pub(super) const fn fixed(name: &'static str, value: &'static str) -> Header {
    (Cow::Borrowed(name), Cow::Borrowed(value.as_bytes()))
}

/// A header of that name, and a value of this request's own.
pub(super) fn header(name: &'static str, value: impl Into<Vec<u8>>) -> Header {
    (Cow::Borrowed(name), Cow::Owned(value.into()))
}

/// An answer of ours in the place of another one: the headers, and the body that follows them.
pub(super) fn in_place(reply: Reply) -> (Headers, Vec<u8>) {
    let Reply { status, headers, body } = reply;
    let mut own: Headers = vec![header(":status", status.to_string())];
    own.extend(headers.into_iter().map(|(name, value)| header(name, value)));
    own.push(header("content-length", body.len().to_string()));
    (own, body)
}

/// One thing to do.
#[derive(Debug)]
pub enum Effect {
    /// Replace a whole header map.
    SetHeaders(HeaderMap, Headers),
    /// Set one header.
    SetHeader(HeaderMap, Cow<'static, str>, String),
    /// Remove one header.
    RemoveHeader(HeaderMap, String),
    /// Put this in the place of the request's body that is here.
    RequestBody(Body),
    /// Put this in the place of the response's body that is here.
    ResponseBody(Body),
    /// Write filter state.
    State(Cow<'static, str>, Vec<u8>),
    /// Answer the app at once.
    Reply(Reply),
    /// Have [`super::Callback::Woken`] follow in about a second, unless the stream ends before.
    Wake,
    /// The same in so many milliseconds. What was asked for last counts, and of what one callback
    /// asks for the soonest.
    WakeIn(u64),
    /// Reset the stream: the app sees that its answer breaks off. What is written in the same
    /// callback is lost.
    Close,
    /// Count one in a counter.
    Count(String),
    /// Set a gauge.
    Gauge(String, u64),
    /// Add a value to a histogram.
    Measure(String, u64),
    /// Make a call: [`super::Callback::CallAnswered`] follows with its id.
    Call(Call),
    /// Hand this to the worker's [`super::Outboxes`].
    Queue(OutboxItem),
    /// Hand this to them as well: it is sent once, when the worker's plugin ticks.
    Post(Box<Parcel>),
    /// Send at once what waits in them: the worker may be about to end.
    SendNow,
    /// Write a line to Envoy's log: somebody must act.
    Log(String),
    /// Write a line to Envoy's log that is good to know.
    Note(String),
}

/// Which headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderMap {
    /// The request's.
    Request,
    /// The response's.
    Response,
    /// What follows the response's body; there while trailers are delivered.
    ResponseTrailers,
}

impl Effects {
    /// Nothing to do: the stream goes on.
    #[must_use]
    pub const fn go_on() -> Self {
        Self { list: Vec::new(), flow: Flow::Continue }
    }

    /// Nothing to do: the stream waits.
    #[must_use]
    pub const fn wait() -> Self {
        Self { list: Vec::new(), flow: Flow::Pause }
    }

    /// Answers the app; the request goes no further.
    #[must_use]
    pub fn reply(reply: Reply) -> Self {
        Self { list: vec![Effect::Reply(reply)], flow: Flow::Pause }
    }

    /// How many bytes the response's body has after them, where they replace it.
    #[must_use]
    pub fn body(&self) -> Option<usize> {
        self.list.iter().find_map(|effect| match effect {
            Effect::ResponseBody(body) => Some(body.as_bytes().len()),
            _ => None,
        })
    }

    /// More to do.
    #[must_use]
    pub fn and_all(mut self, effects: Vec<Effect>) -> Self {
        self.list.extend(effects);
        self
    }

    /// One more thing to do.
    #[must_use]
    pub fn and(mut self, effect: Effect) -> Self {
        self.list.push(effect);
        self
    }
}
