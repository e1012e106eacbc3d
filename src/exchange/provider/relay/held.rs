//! An answer that Envoy holds for us, headers and body, until it is judged.
use std::rc::Rc;

use super::super::super::{Effect, Effects, Envoy, HeaderMap};
use super::super::Config;
use super::super::request::Asked;
use super::super::response_headers::{is_answer, passes};
use super::about::About;
use super::faults::{cut_short, internal, no_memory};
use super::flowing::{Flowing, full};
use super::judge::{CONTENT_TYPE, Came, Judge};
use super::translate::{End, Run, Translation};
use super::{Relay, Turn, whole};
use crate::dialect::quotes_key;
use crate::json::{Document, Limits};

/// Most bytes of an error's body that are read: real ones are under a kilobyte.
const ERROR_BYTES: usize = 65_536;

/// How often an attempt is woken, about once a second, until an error is judged by what has come of
/// it, at most.
const ERROR_PATIENCE: u8 = 3;

/// Most bytes of a whole answer that are held before it is judged: 12 MiB. Envoy itself gives up
/// the whole request, next models and all, at the 16 MiB that `tradewind render` sets.
const WHOLE_BYTES: usize = 12 << 20;

/// Most bytes of a stream before its first content: 1 MiB. Comments and pings once a second reach
/// it after some hours.
const STREAM_BYTES: usize = 1 << 20;

/// An answer that is held.
#[derive(Debug)]
pub(in super::super) struct Held {
    judge: Judge,
    kind: Kind,
    /// Bytes of the body that Envoy holds.
    size: usize,
}

#[derive(Debug)]
enum Kind {
    /// An error status: its body tells which. How often it is woken yet.
    Error(u8),
    /// A whole answer.
    Whole,
    /// A streamed one, all of which has been read.
    Stream(Box<Translation>),
}

impl Held {
    pub(super) fn begin(config: Rc<Config>, mut asked: Asked, envoy: &dyn Envoy) -> Turn {
        let mut own = envoy.headers(HeaderMap::Response);
        let text = |name: &str| {
            let value = own.iter().find(|(own, _)| own == name).map(|(_, value)| value);
            value.and_then(|value| core::str::from_utf8(value).ok())
        };
        let status = text(":status").and_then(|status| status.parse().ok()).unwrap_or(502);
        let events = text(CONTENT_TYPE).is_some_and(|kind| asked.endpoint.framing.is_of(kind));
        asked.report.status = status;
        let about = About::new(config, asked);
        let same = about.same();
        own.retain(|(name, value)| {
            let passes = name == CONTENT_TYPE || passes(name, same);
            passes && core::str::from_utf8(value).is_ok_and(|value| !quotes_key(value))
        });
        let kind = match status {
            status if is_answer(status) && events && about.asked.stream => {
                Kind::Stream(Box::new(Translation::new(&about, envoy)))
            }
            status if is_answer(status) => Kind::Whole,
            _ => Kind::Error(about.patience(ERROR_PATIENCE)),
        };
        // What is to come of an error may never come. That it is one is known to whoever leaves.
        let failed = matches!(kind, Kind::Error(_));
        let told = failed.then(|| [about.asked.report.publish(), Effect::Wake]);
        let (next, mut effects) = wait(Judge { about, status, own }, kind, 0);
        effects.list.extend(told.into_iter().flatten());
        (next, effects)
    }

    pub(super) const fn asked(&self) -> &Asked {
        &self.judge.about.asked
    }

    /// Trailers end a body as its last chunk would: what was held is judged now.
    pub(super) fn trailers(self: Box<Self>, envoy: &dyn Envoy) -> Turn {
        let size = self.size;
        self.body(size, true, envoy)
    }

    /// Time has passed: an error is judged by what has come of it once that is enough.
    pub(super) fn wake(mut self: Box<Self>, envoy: &dyn Envoy) -> Turn {
        let Kind::Error(patience) = &mut self.kind else {
            return (Relay::Held(self), Effects::wait());
        };
        *patience = patience.saturating_sub(1);
        if *patience > 0 {
            return (Relay::Held(self), Effects::wait().and(Effect::Wake));
        }
        error(self.judge, Came { size: self.size, end: false }, envoy)
    }

    pub(super) fn body(self: Box<Self>, size: usize, end: bool, envoy: &dyn Envoy) -> Turn {
        let Self { judge, kind, size: read } = *self;
        let came = Came { size, end };
        // More than Envoy buffers ends the request, next models and all.
        let fits = |most: usize| size <= judge.about.config.buffer.at_most(most);
        match kind {
            Kind::Error(_) if end || !fits(ERROR_BYTES) || is_whole(size, envoy) => {
                error(judge, came, envoy)
            }
            Kind::Error(patience) => wait(judge, Kind::Error(patience), size),
            Kind::Whole if !fits(WHOLE_BYTES) => {
                judge.fail(internal("the provider's answer is too large to be judged"), came, envoy)
            }
            Kind::Whole if end => whole::judged(judge, came, envoy),
            Kind::Whole => wait(judge, Kind::Whole, size),
            Kind::Stream(translation) => stream(judge, translation, read, came, envoy),
        }
    }
}

fn wait(judge: Judge, kind: Kind, size: usize) -> Turn {
    (Relay::Held(Box::new(Held { judge, kind, size })), Effects::wait())
}

/// An error's body is read when it is whole, when it is too long, or when it takes too long: what
/// has not come of it says nothing.
fn error(judge: Judge, came: Came, envoy: &dyn Envoy) -> Turn {
    let body = match came.size {
        0 => Vec::new(),
        size => envoy.response_body(0, size.min(ERROR_BYTES)),
    };
    let fault = (judge.about.asked.endpoint.format.read_fault)(judge.status, &body);
    judge.fail(fault, came, envoy)
}

/// Whether an error's body says all that it can, though its provider has not ended it.
fn is_whole(size: usize, envoy: &dyn Envoy) -> bool {
    let last = envoy.response_body(size.saturating_sub(2), 2);
    last.trim_ascii_end().ends_with(b"}")
        && Document::parse(&envoy.response_body(0, size), Limits::lenient()).is_ok()
}

/// A stream is held until its first content.
fn stream(
    mut judge: Judge,
    mut translation: Box<Translation>,
    read: usize,
    came: Came,
    envoy: &dyn Envoy,
) -> Turn {
    let fresh = envoy.response_body(read, came.size.saturating_sub(read));
    let mut run = translation.read(&fresh, judge.held());
    if came.end {
        run = translation.finish(run);
    }
    if translation.seen().content {
        return Flowing::begin(judge, translation, run, came, envoy);
    }
    let usage = translation.seen().usage;
    let most = judge.about.config.buffer.at_most(STREAM_BYTES);
    if matches!(run, Run::On) && came.size <= most {
        // An app that leaves now is charged by this.
        let known = judge.about.reported(usage, envoy);
        let (next, mut effects) = wait(judge, Kind::Stream(translation), came.size);
        effects.list.extend(known);
        return (next, effects);
    }
    judge.about.asked.report.used.reported = usage;
    match run {
        Run::On => {
            let message = "the provider sent a megabyte and nothing of an answer";
            judge.fail(internal(message), came, envoy)
        }
        Run::Over(End::Broken(fault)) => judge.fail(fault, came, envoy),
        Run::Over(End::Full) => {
            let count = full(&judge.about);
            let (next, effects) = judge.fail(no_memory(), came, envoy);
            (next, effects.and(count))
        }
        Run::Over(End::Whole | End::Stopped) => judge.fail(cut_short(), came, envoy),
    }
}
