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

/// An answer that is over for its app.
#[derive(Debug)]
pub(in super::super) enum Ending {
    /// It ended by itself: its provider may report the usage yet.
    Whole(Box<AttemptContext>, Box<Translation>, Patience),
    /// It failed, or was ended by us.
    Failed(Patience),
}

/// How long a provider is waited for.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Patience {
    /// How often it will be woken yet, about once a second, until its provider is let go, the last
    /// time after a moment.
    left: u16,
    /// It has been woken.
    woken: bool,
    /// Something has come since: it does not stand still, and has not ended.
    heard: bool,
}

/// How much longer a provider is waited for whose time is over, in milliseconds: where its worker
/// stood still, the end may be here already, and is read only once it has been woken.
const OVERDUE_MS: u64 = 100;

/// How often one is woken whose provider has said all: longer than machines stand still.
const PATIENCE: u16 = 10;

/// How often one is woken that failed, or was ended by us, or still sends: its provider may go on,
/// and be paid for it.
const SOON: u16 = 1;

impl Patience {
    const fn of(left: u16) -> Self {
        Self { left, woken: false, heard: false }
    }

    /// With one that is to end it, `usually`; behind the hop until that does.
    fn with(config: &Config, usually: u16) -> Self {
        if !config.hop {
            return Self::of(usually);
        }
        let silence = u16::try_from(config.idle_timeout_ms / SLEEP_MS).unwrap_or(u16::MAX);
        Self::of(silence.saturating_add(2).max(PATIENCE))
    }

    /// When it is woken again; `None` where it has been woken for the last time.
    fn wakes(&mut self) -> Option<Effect> {
        let left = if self.heard { self.left.min(SOON) } else { self.left };
        self.left = left.checked_sub(1)?;
        (self.woken, self.heard) = (true, false);
        Some(if self.left > 0 { Effect::Wake } else { Effect::WakeIn(OVERDUE_MS) })
    }
}

impl Ending {
    /// Its provider has said all of it.
    pub(super) fn whole(context: AttemptContext, translation: Box<Translation>) -> Self {
        let patience = Patience::with(&context.config, PATIENCE);
        Self::Whole(Box::new(context), translation, patience)
    }

    /// Its provider has said that it failed, or has ended it too soon.
    pub(super) fn broken(context: &AttemptContext) -> Self {
        Self::Failed(Patience::with(&context.config, SOON))
    }

    /// We have ended it: its provider would go on.
    pub(super) const fn ours() -> Self {
        Self::Failed(Patience::of(SOON))
    }

    const fn patience(&mut self) -> &mut Patience {
        let (Self::Whole(.., patience) | Self::Failed(patience)) = self;
        patience
    }

    pub(super) fn body(mut self, size: usize, end: bool, envoy: &dyn Envoy) -> Step {
        let mut effects = Effects::go_on();
        if size > 0 {
            // What comes at once was on its way.
            let patience = self.patience();
            patience.heard |= patience.woken;
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
    pub(super) fn wake(mut self) -> Step {
        match self.patience().wakes() {
            Some(wakes) => (Relay::Ending(self), Effects::wait().and(wakes)),
            None => (Relay::Passed, Effects::wait().and(Effect::Close)),
        }
    }
}
