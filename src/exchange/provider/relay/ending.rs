//! The end of an answer: the app has all that it gets, whatever its provider still sends.
//!
//! Envoy can end the app's stream in order only when the provider ends its own. Most do at once;
//! one that does not is reset after a moment, and the app's connection with it.
use super::super::super::{Body, Effect, Effects, Envoy};
use super::context::AttemptContext;
use super::translate::Translation;
use super::{Relay, Step};

/// An answer that is over for its app.
#[derive(Debug)]
pub(in super::super) enum Ending {
    /// It ended by itself: its provider may report the usage yet. How often it is woken
    /// until it is let go, the last time after a moment.
    Whole(Box<AttemptContext>, Box<Translation>, u8),
    /// It failed, or was ended by us.
    Failed,
    /// Its provider is about to be let go.
    Overdue,
}

/// How much longer a provider is waited for whose time is over, in milliseconds: where its worker
/// stood still, the end may be here already, and is read only once it has been woken.
const OVERDUE_MS: u64 = 100;

/// How often one that ended by itself is woken: nothing is known of it that is still to come.
pub(super) const USUAL: u8 = 1;

impl Ending {
    pub(super) fn body(self, size: usize, end: bool, envoy: &dyn Envoy) -> Step {
        let mut effects = Effects::go_on();
        if size > 0 {
            effects.list.push(Effect::ResponseBody(Body::empty()));
        }
        let next = match self {
            Self::Whole(mut context, mut translation, patience) if size > 0 => {
                let before = translation.progress().used.reported;
                let more = translation.late(&envoy.response_body(0, size));
                if translation.progress().used.reported != before {
                    context.used(translation.progress().used);
                    effects.list.push(context.asked.report.publish());
                }
                if more { Self::Whole(context, translation, patience) } else { Self::Failed }
            }
            other => other,
        };
        let next = if end { Relay::Passed } else { Relay::Ending(next) };
        (next, effects)
    }

    /// Whoever ended it without its provider lets that go later.
    pub(super) fn patient(self, patience: u8) -> Self {
        match self {
            Self::Whole(context, translation, _) => Self::Whole(context, translation, patience),
            Self::Failed | Self::Overdue => self,
        }
    }

    /// The provider has not ended it for a while: it is let go, but for what is to be read yet.
    pub(super) fn wake(self) -> Step {
        let (next, wakes) = match self {
            Self::Whole(context, translation, patience @ 1..) => {
                let left = patience.saturating_sub(1);
                let wakes = if left > 0 { Effect::Wake } else { Effect::WakeIn(OVERDUE_MS) };
                (Self::Whole(context, translation, left), wakes)
            }
            Self::Failed => (Self::Overdue, Effect::WakeIn(OVERDUE_MS)),
            Self::Whole(..) | Self::Overdue => {
                return (Relay::Passed, Effects::wait().and(Effect::Close));
            }
        };
        (Relay::Ending(next), Effects::wait().and(wakes))
    }
}
