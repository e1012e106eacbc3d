//! An answer that Envoy holds for us, headers and body, until it is judged.
use std::rc::Rc;

use super::super::super::{Effect, Effects, Envoy, HeaderMap, Outcome};
use super::super::Config;
use super::super::acceptance;
use super::super::request::Asked;
use super::super::response_headers::{is_answer, may_pass};
use super::context::AttemptContext;
use super::faults::{cut_short, internal, no_memory};
use super::flowing::{Flowing, full};
use super::judge::{CONTENT_TYPE, Judge, Received};
use super::judged::{Ended, Listening};
use super::translate::{End, Run, Translation};
use super::{Relay, Step, whole};
use crate::dialect::{Fault, FaultKind, quotes_key, wait};
use crate::json::{Document, Limits};

/// Most bytes of an error's body that are read: real ones are under a kilobyte.
const ERROR_BYTES: usize = 65_536;

/// How often an attempt is woken, about once a second, until an error is judged by what has come of
/// it, at most.
const ERROR_PATIENCE: u8 = 3;

/// Most bytes of a whole answer, or of a stream that is judged as one, that are held before that:
/// 12 MiB. Envoy itself gives up
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
    /// An error status: its body tells which.
    Error {
        /// After so many more wakes it is judged by what has come.
        wakes_left: u8,
    },
    /// A whole answer.
    Whole,
    /// A streamed one, all of which has been read.
    Stream(Box<Translation>),
    /// A streamed one that is judged once all of it is here.
    Judged(Box<Listening>),
}

impl Held {
    pub(super) fn begin(config: Rc<Config>, mut asked: Asked, envoy: &dyn Envoy) -> Step {
        let mut own = envoy.headers(HeaderMap::Response);
        let text = |name: &str| {
            let value = own.iter().find(|(own, _)| own == name).map(|(_, value)| value);
            value.and_then(|value| core::str::from_utf8(value).ok())
        };
        let status = text(":status").and_then(|status| status.parse().ok()).unwrap_or(502);
        let events = text(CONTENT_TYPE).is_some_and(|kind| asked.endpoint.framing.is_of(kind));
        asked.report.status = status;
        let now = || envoy.unix_seconds();
        let asks_ms = wait::of_headers(&text, matches!(status, 425 | 429), &now);
        asked.report.wait_ms = asks_ms.filter(|_| asks_to_wait(status)).unwrap_or(0);
        let context = AttemptContext::new(config, asked);
        let same_format = context.is_same_format();
        own.retain(|(name, value)| {
            let passes = name == CONTENT_TYPE || may_pass(name, same_format);
            passes && core::str::from_utf8(value).is_ok_and(|value| !quotes_key(value))
        });
        let kind = match status {
            status if is_answer(status) && events && context.asked.stream => {
                if context.asked.judged {
                    Kind::Judged(Box::new(Listening::to(&context)))
                } else {
                    Kind::Stream(Box::new(Translation::new(&context, envoy)))
                }
            }
            status if is_answer(status) => Kind::Whole,
            _ => Kind::Error { wakes_left: context.patience(ERROR_PATIENCE) },
        };
        // What is to come of an error may never come. That it is one is known to whoever leaves.
        let failed = matches!(kind, Kind::Error { .. });
        let told = failed.then(|| [context.asked.report.publish(), Effect::Wake]);
        let waits = matches!(kind, Kind::Stream(_)).then(|| left(&context, envoy)).flatten();
        let (next, mut effects) = wait(Judge { context, status, own, asks_ms }, kind, 0);
        effects.list.extend(told.into_iter().flatten());
        effects.list.extend(waits.map(Effect::WakeIn));
        (next, effects)
    }

    pub(super) const fn asked(&mut self) -> &mut Asked {
        &mut self.judge.context.asked
    }

    /// Trailers end a body as its last chunk would: what was held is judged now.
    pub(super) fn trailers(self: Box<Self>, envoy: &dyn Envoy) -> Step {
        let size = self.size;
        self.body(size, true, envoy)
    }

    /// Time has passed: an error is judged by what has come of it once that is enough, and a stream
    /// has failed whose first content has not come.
    pub(super) fn wake(mut self: Box<Self>, envoy: &dyn Envoy) -> Step {
        if let Kind::Stream(translation) = &self.kind {
            return match left(&self.judge.context, envoy) {
                Some(0) => {
                    let last = translation.progress().last_word();
                    self.judge.context.asked.report.used.reported = last;
                    silent(self.judge, Received { size: self.size, end: false }, envoy)
                }
                left => {
                    let effects =
                        Effects::wait().and_all(left.map(Effect::WakeIn).into_iter().collect());
                    (Relay::Held(self), effects)
                }
            };
        }
        let Kind::Error { wakes_left } = &mut self.kind else {
            return (Relay::Held(self), Effects::wait());
        };
        *wakes_left = wakes_left.saturating_sub(1);
        if *wakes_left > 0 {
            return (Relay::Held(self), Effects::wait().and(Effect::Wake));
        }
        error(self.judge, Received { size: self.size, end: false }, envoy)
    }

    pub(super) fn body(self: Box<Self>, size: usize, end: bool, envoy: &dyn Envoy) -> Step {
        let Self { mut judge, kind, size: read } = *self;
        let received = Received { size, end };
        // More than Envoy buffers ends the request, next models and all.
        let fits = |most: usize| size <= judge.context.config.buffer.at_most(most);
        match kind {
            Kind::Error { .. } if end || !fits(ERROR_BYTES) || is_whole(size, envoy) => {
                error(judge, received, envoy)
            }
            kind @ Kind::Error { .. } => wait(judge, kind, size),
            Kind::Whole | Kind::Judged(_) if !fits(WHOLE_BYTES) => {
                if let Kind::Judged(listening) = &kind {
                    judge.context.used(listening.used_in_vain());
                }
                let fault = internal("the provider's answer is too large to be judged");
                judge.fail(fault, received, envoy)
            }
            Kind::Whole if end => whole::judged(judge, received, envoy),
            Kind::Whole => wait(judge, Kind::Whole, size),
            Kind::Stream(translation) => stream(judge, translation, read, received, envoy),
            Kind::Judged(listening) => judged(judge, listening, received, envoy),
        }
    }
}

/// Whether a failure with that status may say how long to leave its model alone: others say what
/// this request may do, which its app alone is told.
const fn asks_to_wait(status: u16) -> bool {
    matches!(status, 425 | 429 | 503 | 529)
}

fn wait(judge: Judge, kind: Kind, size: usize) -> Step {
    (Relay::Held(Box::new(Held { judge, kind, size })), Effects::wait())
}

/// How long a stream has to its first content, in milliseconds; `None` where only silence ends it.
fn left(context: &AttemptContext, envoy: &dyn Envoy) -> Option<u64> {
    let (own, report) = (context.asked.time.first_token, &context.asked.report);
    let due = report.began_ms.saturating_add(own);
    (own > 0).then(|| due.saturating_sub(envoy.now_ms()))
}

/// A stream has begun, and nothing of it is content: whatever it has sent, its provider is silent.
fn silent(judge: Judge, received: Received, envoy: &dyn Envoy) -> Step {
    let most = judge.context.asked.time.first_token;
    let message = format!("its answer did not begin within {most} ms");
    let fault = Fault::new(FaultKind::Timeout, message);
    judge.fail_as(Outcome::Silent, fault, received, envoy)
}

/// An error's body is read when it is whole, when it is too long, or when it takes too long: what
/// has not come of it says nothing.
fn error(mut judge: Judge, received: Received, envoy: &dyn Envoy) -> Step {
    let body = match received.size {
        0 => Vec::new(),
        size => envoy.response_body(0, size.min(ERROR_BYTES)),
    };
    let fault = (judge.context.asked.endpoint.format.read_fault)(judge.status, &body);
    judge.asks_ms = judge.asks_ms.or_else(|| wait::of_body(&body));
    let asks_ms = judge.asks_ms.filter(|_| asks_to_wait(judge.status));
    judge.context.asked.report.wait_ms = asks_ms.unwrap_or(0);
    judge.fail(fault, received, envoy)
}

/// Whether an error's body says all that it can, though its provider has not ended it.
fn is_whole(size: usize, envoy: &dyn Envoy) -> bool {
    let last = envoy.response_body(size.saturating_sub(2), 2);
    last.trim_ascii_end().ends_with(b"}")
        && Document::parse(&envoy.response_body(0, size), Limits::lenient()).is_ok()
}

/// A stream of which the app sees nothing before all of it has been judged.
fn judged(
    mut judge: Judge,
    mut listening: Box<Listening>,
    received: Received,
    envoy: &dyn Envoy,
) -> Step {
    let ended = listening.listen(judge.held(), received, envoy);
    let used = listening.used();
    if matches!(ended, Ended::Not) {
        // An app that leaves now is charged by this.
        let known = judge.context.reported(used.reported, envoy);
        let (next, mut effects) = wait(judge, Kind::Judged(listening), received.size);
        effects.list.extend(known);
        return (next, effects);
    }
    let whole = matches!(ended, Ended::Whole);
    judge.context.used(if whole { used } else { listening.used_in_vain() });
    match ended {
        Ended::Not | Ended::Whole => {}
        Ended::Broken(fault) => return judge.fail(fault, received, envoy),
        Ended::Full => {
            let count = full(&judge.context);
            let (next, effects) = judge.fail(no_memory(), received, envoy);
            return (next, effects.and(count));
        }
    }
    let said = acceptance::judged(listening.heard(), &judge.context.asked.pair, envoy);
    judge.context.asked.report.conclusion = said.conclusion;
    if let Some(rule) = said.broken {
        return judge.not_accepted(rule, received, envoy);
    }
    // What it held is free again before the stream is read once more.
    drop(listening);
    let count = judge.accepted();
    let translation = Box::new(Translation::new(&judge.context, envoy));
    let (next, effects) = stream(judge, translation, 0, received, envoy);
    (next, effects.and(count))
}

/// A stream is held until its first content.
fn stream(
    mut judge: Judge,
    mut translation: Box<Translation>,
    read: usize,
    received: Received,
    envoy: &dyn Envoy,
) -> Step {
    let fresh = envoy.response_body(read, received.size.saturating_sub(read));
    let mut run = translation.read(&fresh, judge.held());
    if received.end {
        run = translation.finish(run);
    }
    // What its app has nothing of goes on with nobody: another model answers in full.
    let anew = match &run {
        Run::Over(End::Broken(fault)) => {
            judge.context.resumes() && judge.has_next(fault, envoy.now_ms())
        }
        _ => false,
    };
    if translation.progress().content && !anew {
        return Flowing::begin(judge, translation, run, received, envoy);
    }
    let usage = translation.progress().used.reported;
    let most = judge.context.config.buffer.at_most(STREAM_BYTES);
    if matches!(run, Run::On) && received.size <= most {
        // An app that leaves now is charged by this.
        let known = judge.context.reported(usage, envoy);
        let (next, mut effects) = wait(judge, Kind::Stream(translation), received.size);
        effects.list.extend(known);
        return (next, effects);
    }
    judge.context.asked.report.used.reported = translation.progress().last_word();
    match run {
        Run::On => {
            let message = "the provider sent a megabyte and nothing of an answer";
            judge.fail(internal(message), received, envoy)
        }
        Run::Over(End::Broken(fault)) => judge.fail(fault, received, envoy),
        Run::Over(End::Full) => {
            let count = full(&judge.context);
            let (next, effects) = judge.fail(no_memory(), received, envoy);
            (next, effects.and(count))
        }
        Run::Over(End::Whole | End::Stopped) => judge.fail(cut_short(), received, envoy),
    }
}
