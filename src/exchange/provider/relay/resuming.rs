//! A stream that broke, and goes on with another model: its end is held back until that has said
//! the rest, or has failed as well.
use super::super::super::{Effect, Effects, Envoy};
use super::context::AttemptContext;
use super::ending::Ending;
use super::output::Output;
use super::translate::Translation;
use super::{Relay, Step};
use crate::dialect::{Event, Fault, Seam, tokens};
use crate::usage::Usage;

/// A stream whose rest is asked for.
#[derive(Debug)]
pub(in super::super) struct Resuming {
    pub(super) context: AttemptContext,
    pub(super) translation: Box<Translation>,
    /// So many bytes are the app's, and held back until it is known what follows them.
    pub(super) ready: usize,
    /// What broke it.
    pub(super) fault: Fault,
    /// Its provider has ended it.
    pub(super) ended: bool,
}

/// What another model has said.
#[derive(Debug, Default)]
struct Rest {
    usage: Option<Usage>,
    /// Where it goes on.
    seam: Seam,
    /// It came to its own end.
    whole: bool,
    /// It has failed as well.
    failed: bool,
}

impl Resuming {
    /// Whatever its provider still sends is for nobody.
    pub(super) fn body(mut self: Box<Self>, size: usize, end: bool, envoy: &dyn Envoy) -> Step {
        self.ended |= end;
        let mut effects = Effects::wait();
        if size > self.ready {
            let ready = envoy.response_body(0, self.ready);
            let ready = self.context.config.buffer.hold(ready).unwrap_or_default();
            effects.list.push(Effect::ResponseBody(ready));
        }
        (Relay::Resuming(self), effects)
    }

    /// Trailers end it, which come behind what is held back.
    pub(super) fn trailers(mut self: Box<Self>) -> Step {
        self.ended = true;
        (Relay::Resuming(self), Effects::wait())
    }

    /// The other model has answered, or could not be asked: with 0 as its status then.
    pub(super) fn answered(
        mut self: Box<Self>,
        (status, size): (u16, usize),
        envoy: &dyn Envoy,
    ) -> Step {
        // What does not fit is not read either.
        let fits = self.context.config.buffer.fits(self.ready.saturating_add(size));
        let rest = match (200..300).contains(&status) && fits {
            true => self.say(&envoy.call_body(size)),
            false => Rest::default(),
        };
        let output = self.translation.output();
        if rest.whole {
            output.say(&Event::End);
        } else {
            output.say(&self.context.broken(self.fault.clone()));
        }
        self.context.asked.report.resumed = rest.whole;
        self.ends(envoy)
    }

    /// Has the app told what the other model has said, but for its end.
    fn say(&mut self, bytes: &[u8]) -> Rest {
        let said = self.translation.spoken().unwrap_or_default().to_owned();
        let endpoint = self.context.asked.endpoint;
        let mut reader = (self.context.asked.inbound.format.read_stream)();
        let mut parser = endpoint.framing.parser();
        let mut rest = Rest { seam: Seam::of(&said), ..Rest::default() };
        let output = self.translation.output();
        let mut hear = |name: &str, data: &str| {
            reader.read(name, data, &mut |event| rest.hear(&event, output));
        };
        let pushed = parser.push(bytes, |block, _| {
            if let Some(event) = block.event() {
                hear(event.name, &event.data);
            }
        });
        parser.finish(|block, _| {
            if let Some(event) = block.event() {
                hear(event.name, &event.data);
            }
        });
        rest.whole &= pushed.is_ok() && !rest.failed;
        if rest.whole
            && let Some(usage) = rest.usage
        {
            let used = self.translation.progress().used;
            let first = used.reported.unwrap_or_default();
            let output = first.output.max(tokens::estimate(&said));
            let both = Usage { output, ..first }.plus(usage);
            self.translation.output().say(&Event::Usage(both));
        }
        rest
    }

    /// What is held back goes on, with what follows it.
    fn ends(mut self: Box<Self>, envoy: &dyn Envoy) -> Step {
        let ready = self.ready;
        let body = self.translation.output().take(ready, ready, envoy);
        let Ok(body) = body.map(|body| self.context.config.buffer.hold(body)).transpose() else {
            return (Relay::Passed, Effects::wait().and(Effect::Close));
        };
        let more = body.as_ref().map_or(0, |own| own.as_bytes().len().saturating_sub(ready));
        let report = &mut self.context.asked.report;
        report.bytes = report.bytes.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
        let mut effects = Effects::go_on().and(report.publish());
        effects.list.extend(body.map(Effect::ResponseBody));
        if self.ended {
            return (Relay::Passed, effects);
        }
        (Relay::Ending(Ending::broken(&self.context)), effects.and(Effect::Wake))
    }
}

impl Rest {
    /// One thing that it says.
    fn hear(&mut self, event: &Event<'_>, output: &mut Output) {
        match event {
            _ if self.failed || self.whole => {}
            Event::Start { .. } => {}
            Event::Fault(_) => self.failed = true,
            Event::End => self.whole = true,
            Event::Usage(usage) => {
                self.usage = Some(self.usage.map_or(*usage, |sum| sum.updated_by(*usage)));
            }
            Event::Text(text) => {
                let text = self.seam.after(text);
                if !text.is_empty() {
                    output.say(&Event::Text(text.into()));
                }
            }
            event => output.say(event),
        }
    }
}
