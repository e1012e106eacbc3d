//! From what a provider answers to what the app receives.
//!
//! ```text
//! Held ─┬─ failed, and a model follows: the status is rewritten, Envoy asks it ──> Ending
//!       ├─ failed: a reply of ours, which is complete at once ───────────────────> Passed
//!       ├─ a whole answer, judged ───────────────────────────────────────────────> Passed
//!       └─ a stream's first content ──> Flowing ── its end, or its failure ──────> Ending
//!                                          └─ Resuming: another model goes on ──┘
//! ```
//!
//! Where a cascade judges its answers, one that is not accepted is a failure like the first, and a
//! stream flows once all of it has been accepted.
//!
//! Each state is a type, and a callback gives the next one. What Envoy buffers is not held here a
//! second time; what is held is counted ([`crate::exchange::Memory`]).
mod context;
mod ending;
mod faults;
mod flowing;
mod held;
mod judge;
mod judged;
mod output;
mod progress;
mod resuming;
mod translate;
mod whole;

use std::rc::Rc;

use self::ending::Ending;
use self::flowing::Flowing;
use self::held::Held;
use self::resuming::Resuming;
use super::super::{Effects, Envoy};
use super::Config;
use super::request::Asked;

/// The answer of one attempt, on its way.
#[derive(Debug)]
pub(super) enum Relay {
    /// Envoy holds the headers and all that came of the body until the answer is judged.
    Held(Box<Held>),
    /// The app receives a stream's events as they come.
    Flowing(Box<Flowing>),
    /// A stream broke, and another model is asked for the rest.
    Resuming(Box<Resuming>),
    /// The app has all that it gets; what still comes is thrown away.
    Ending(Ending),
    /// Judged and gone on as it is, or over.
    Passed,
}

/// What a callback gives: the next state, and what Envoy is to do.
type Step = (Relay, Effects);

/// A part of the provider's answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// `size` bytes of the body are readable: all that Envoy holds back, or this chunk.
    Body {
        /// How many.
        size: usize,
        /// Nothing follows.
        end: bool,
    },
    /// Trailers end it; what was held back is still there.
    Trailers,
    /// Nothing: the time that was asked for has passed.
    Wake,
    /// None of its provider's: the answer to a call.
    Called {
        /// Its status; 0 where there could be no call.
        status: u16,
        /// How long its body is.
        size: usize,
    },
}

impl Relay {
    /// The headers are here.
    pub(super) fn begin(config: Rc<Config>, asked: Asked, envoy: &dyn Envoy) -> Step {
        Held::begin(config, asked, envoy)
    }

    /// What was asked, while something is still to come of its answer.
    pub(super) fn asked(&mut self) -> Option<&mut Asked> {
        match self {
            Self::Held(held) => Some(held.asked()),
            Self::Flowing(flowing) => Some(flowing.asked()),
            Self::Resuming(resuming) => Some(&mut resuming.context.asked),
            Self::Ending(_) | Self::Passed => None,
        }
    }

    /// Whether it is known what the answer is.
    pub(super) const fn is_judged(&self) -> bool {
        !matches!(self, Self::Held(_))
    }

    /// A part is here.
    pub(super) fn on(self, part: Part, envoy: &dyn Envoy) -> Step {
        match (self, part) {
            (Self::Held(held), Part::Body { size, end }) => held.body(size, end, envoy),
            (Self::Held(held), Part::Trailers) => held.trailers(envoy),
            (Self::Held(held), Part::Wake) => held.wake(envoy),
            (Self::Flowing(flowing), Part::Body { size, end }) => flowing.body(size, end, envoy),
            (Self::Flowing(flowing), Part::Trailers) => flowing.trailers(envoy),
            (Self::Flowing(flowing), Part::Wake) => flowing.wake(envoy),
            (Self::Resuming(own), Part::Body { size, end }) => own.body(size, end, envoy),
            (Self::Resuming(own), Part::Trailers) => own.trailers(),
            (Self::Resuming(own), Part::Wake) => (Self::Resuming(own), Effects::wait()),
            (Self::Resuming(own), Part::Called { status, size }) => {
                own.answered((status, size), envoy)
            }
            // Nobody waits for it any more.
            (relay, Part::Called { .. }) => (relay, Effects::wait()),
            (Self::Ending(ending), Part::Body { size, end }) => ending.body(size, end, envoy),
            (Self::Ending(ending), Part::Wake) => ending.wake(),
            (Self::Ending(_), Part::Trailers) | (Self::Passed, _) => {
                (Self::Passed, Effects::go_on())
            }
        }
    }
}
