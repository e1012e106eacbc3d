//! The end of an answer: the app has all that it gets, whatever its provider still sends.
//!
//! Envoy can end the app's stream in order only when the provider ends its own. Most do at once,
//! and one whose machine stands still does so in a few seconds; one that never does is reset, and
//! the app's connection with it. Behind the hop that ends it, in order, once it has been silent for
//! as long as a provider may be.
use super::super::super::{Body, Effect, Effects, Envoy};
use super::super::Config;
use super::context::{AttemptContext, SLEEP_MS};
use super::translate::Translation;
use super::{Relay, Step};

/// An answer that is over for its app. It is woken so often, about once a second, until its
/// provider is let go, the last time after a moment.
#[derive(Debug)]
pub(in super::super) enum Ending {
    /// It ended by itself: its provider may report the usage yet.
    Whole(Box<AttemptContext>, Box<Translation>, u16),
    /// It failed, or was ended by us.
    Failed(u16),
}

/// How much longer a provider is waited for whose time is over, in milliseconds: where its worker
/// stood still, the end may be here already, and is read only once it has been woken.
const OVERDUE_MS: u64 = 100;

/// How often one is woken whose provider may have said all: longer than machines stand still.
const PATIENCE: u16 = 10;

/// How often one is woken that was ended by us: its provider would go on, and be paid for it.
pub(super) const SOON: u16 = 1;

/// How often one is woken that its provider is to end.
pub(super) fn patience(config: &Config) -> u16 {
    if !config.hop {
        return PATIENCE;
    }
    let silence = u16::try_from(config.idle_timeout_ms / SLEEP_MS).unwrap_or(u16::MAX);
    silence.saturating_add(2).max(PATIENCE)
}

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
                if more {
                    Self::Whole(context, translation, patience)
                } else {
                    Self::Failed(patience)
                }
            }
            other => other,
        };
        let next = if end { Relay::Passed } else { Relay::Ending(next) };
        (next, effects)
    }

    /// The provider has not ended it for a while: in the end it is let go, but for what is to be
    /// read yet.
    pub(super) fn wake(self) -> Step {
        let (next, left) = match self {
            Self::Whole(.., 0) | Self::Failed(0) => {
                return (Relay::Passed, Effects::wait().and(Effect::Close));
            }
            Self::Whole(context, translation, patience) => {
                let left = patience.saturating_sub(1);
                (Self::Whole(context, translation, left), left)
            }
            Self::Failed(patience) => {
                let left = patience.saturating_sub(1);
                (Self::Failed(left), left)
            }
        };
        let wakes = if left > 0 { Effect::Wake } else { Effect::WakeIn(OVERDUE_MS) };
        (Relay::Ending(next), Effects::wait().and(wakes))
    }
}
