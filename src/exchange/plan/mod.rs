//! The plan: what the edge role decided, as the provider role reads it from filter state.
//!
//! It is written when the request may run; after that only its [`Turn`] changes. It holds no text
//! of the request but what changes in it and the schemas that an answer is judged by, and no key.
mod acceptance;
mod change;
mod edit;
mod first;
mod leg;
mod turn;

use core::fmt;
use std::borrow::Cow;

pub use self::acceptance::Acceptance;
pub use self::change::Change;
pub use self::first::First;
pub use self::leg::Leg;
pub use self::turn::Turn;

use super::contract::VERSION;
use super::said::Hearing;
use crate::layout::{Reader, Writer};

/// What was decided for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<'p> {
    /// Whose turn it is.
    pub turn: Turn,
    /// Our id of the request.
    pub request_id: Cow<'p, str>,
    /// The client that the app was written for, by its name.
    pub client: Cow<'p, str>,
    /// The operation that is asked for, by its name.
    pub operation: Cow<'p, str>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Whether a stream ends with its usage.
    pub stream_usage: bool,
    /// The name that an answer gives its model; `None` for the provider's own.
    pub answer_model: Option<Cow<'p, str>>,
    /// The models to try, in order.
    pub legs: Vec<Leg<'p>>,
    /// The body that is written for the first leg already; `None` where the body is the app's.
    pub first: Option<First<'p>>,
    /// What changes in the body for providers of the app's own format; each leg says which is its
    /// own.
    pub changes: Vec<Change<'p>>,
    /// The app's headers that go to a provider of its own dialect.
    pub forwarded: Vec<Pair<'p>>,
    /// Answers that are asked for at once, where somebody counts what they say: credits are
    /// counted, or a limit counts tokens. 0 where nobody does.
    pub counted: u64,
    /// What credits bind the request to; `None` where nobody counts them.
    pub meter: Option<CreditTerms<'p>>,
    /// What answers are judged by ([`Plan::judges`]); `None` where none is.
    pub acceptance: Option<Acceptance<'p>>,
    /// What is heard of the answer while it passes.
    pub hearing: Hearing,
    /// How long an answer may be that is kept for whoever asks the same, in bytes; 0 where none is.
    pub keeps: u64,
    /// When the app's patience is over, by the proxy's clock in milliseconds; 0 where it never is.
    pub deadline_ms: u64,
    /// Headers of its answer, whichever model gives it.
    pub says: Vec<Pair<'p>>,
    /// The chain it is on, where another model may go on with an answer that breaks in mid-stream.
    pub resumes: Option<Cow<'p, str>>,
    /// Whether it asks for the rest of such an answer itself.
    pub is_rest: bool,
}

/// What credits bind a request to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditTerms<'p> {
    /// Whether an answer is ended where it is longer than what was paid for.
    pub stop: bool,
    /// What the tenant has left, for the app to see.
    pub left: Option<Cow<'p, str>>,
}

/// There is no plan that this module has written: two versions of the module run side by side, or
/// the edge role is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the edge and provider roles do not understand each other: give every filter of this \
             listener the same tradewind.wasm (plan encoding {VERSION})"
        )
    }
}

impl<'p> Plan<'p> {
    /// The position of the next leg after that one which is of another model.
    #[must_use]
    pub fn other(&self, position: usize) -> Option<usize> {
        let model = self.legs.get(position)?.own_model();
        let mut later = self.legs.iter().enumerate().skip(position);
        later.find(|(_, leg)| leg.own_model() != model).map(|(at, _)| at)
    }

    /// Whether the answer of the leg at a position is judged before its app sees any of it: that of
    /// a cascade's last model is not, but those of its last resorts are.
    #[must_use]
    pub fn judges(&self, position: usize) -> bool {
        let last = self.legs.iter().rfind(|leg| !leg.is_last_resort).or(self.legs.last());
        let models = [self.legs.get(position), last].map(|leg| leg.map(Leg::own_model));
        let [own, last] = models;
        self.acceptance.is_some() && own != last
    }

    /// Writes the plan.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(512);
        out.number(VERSION);
        self.turn.write(&mut out);
        out.text(&self.request_id);
        out.text(&self.client);
        out.text(&self.operation);
        out.flag(self.stream);
        out.flag(self.stream_usage);
        out.option(self.answer_model.as_deref(), Writer::text);
        out.list(&self.legs, |out, leg| leg.write(out));
        out.option(self.first.as_ref(), |out, first| first.write(out));
        out.list(&self.changes, |out, change| change.write(out));
        pairs(&self.forwarded, &mut out);
        out.number(self.counted);
        out.option(self.meter.as_ref(), |out, meter| meter.write(out));
        out.option(self.acceptance.as_ref(), |out, acceptance| acceptance.write(out));
        self.hearing.write(&mut out);
        out.number(self.keeps);
        out.number(self.deadline_ms);
        pairs(&self.says, &mut out);
        out.option(self.resumes.as_deref(), Writer::text);
        out.flag(self.is_rest);
        out.finish()
    }

    /// After how long an attempt of which nothing has come is ended, in milliseconds, where that is
    /// sooner than by the silence that every attempt may keep: Envoy has one time for all of them,
    /// the longest that a model has to its first content. Where answers are judged, and where they
    /// are not streamed, the first of them comes with the last.
    #[must_use]
    pub fn silence(&self, idle_ms: u64) -> Option<u64> {
        if !self.stream || self.acceptance.is_some() {
            return None;
        }
        let own = |leg: &Leg<'_>| if leg.first_token_ms > 0 { leg.first_token_ms } else { idle_ms };
        self.legs.iter().map(own).max().filter(|longest| *longest < idle_ms)
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// When it was not written by [`Plan::encode`] of this version.
    pub fn decode(bytes: &'p [u8]) -> Result<Self, Mismatch> {
        let mut fields = Reader::of(bytes);
        let plan = Self::read(&mut fields).ok_or(Mismatch)?;
        if fields.is_empty() { Ok(plan) } else { Err(Mismatch) }
    }

    fn read(fields: &mut Reader<'p>) -> Option<Self> {
        if fields.number()? != VERSION {
            return None;
        }
        Some(Self {
            turn: Turn::read(fields)?,
            request_id: fields.text()?.into(),
            client: fields.text()?.into(),
            operation: fields.text()?.into(),
            stream: fields.flag()?,
            stream_usage: fields.flag()?,
            answer_model: fields.option(Reader::text)?.map(Cow::Borrowed),
            legs: fields.list(Leg::read)?,
            first: fields.option(First::read)?,
            changes: fields.list(Change::read)?,
            forwarded: fields.list(pair)?,
            counted: fields.number()?,
            meter: fields.option(CreditTerms::read)?,
            acceptance: fields.option(Acceptance::read)?,
            hearing: Hearing::read(fields)?,
            keeps: fields.number()?,
            deadline_ms: fields.number()?,
            says: fields.list(pair)?,
            resumes: fields.option(Reader::text)?.map(Cow::Borrowed),
            is_rest: fields.flag()?,
        })
    }
}

/// A header's name and value.
type Pair<'p> = (Cow<'p, str>, Cow<'p, str>);

fn pairs(all: &[Pair<'_>], out: &mut Writer) {
    out.list(all, |out, (name, value)| {
        out.text(name);
        out.text(value);
    });
}

fn pair<'p>(fields: &mut Reader<'p>) -> Option<Pair<'p>> {
    Some((fields.text()?.into(), fields.text()?.into()))
}

impl<'p> CreditTerms<'p> {
    fn write(&self, out: &mut Writer) {
        out.flag(self.stop);
        out.option(self.left.as_deref(), Writer::text);
    }

    fn read(fields: &mut Reader<'p>) -> Option<Self> {
        Some(Self { stop: fields.flag()?, left: fields.option(Reader::text)?.map(Cow::Borrowed) })
    }
}
