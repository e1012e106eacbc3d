//! A streamed answer: held until its first content, then forwarded event by event.
use std::rc::Rc;

use super::super::{Effect, Effects, Envoy, Permit, Progress, Used};
use super::Config;
use super::answer::{About, EVENTS};
use crate::dialect::{AnswerWriter, Event, Fault, FaultKind, Stop, StreamReader, sse};
use crate::usage::Usage;

/// One stream on its way.
#[derive(Debug)]
pub(super) struct Streaming {
    parser: sse::Parser,
    permit: Permit,
    relay: Relay,
    /// Bytes at the front of Envoy's buffer that have been read while the headers were held.
    held: Option<usize>,
    /// Its report is published again when so many bytes have gone to the app; never again once it
    /// is over.
    next: u64,
}

/// From the provider's events to what the app receives.
#[derive(Debug)]
struct Relay {
    config: Rc<Config>,
    reader: Box<dyn StreamReader>,
    writer: Box<dyn AnswerWriter>,
    /// The app gets the provider's own bytes.
    same: bool,
    /// Somebody pays for it.
    metered: bool,
    /// Where it is ended: at so many tokens of output.
    stop_at: Option<u64>,
    /// The app did not ask for the usage, and we did.
    hides_usage: bool,
    /// What the app is to receive and has not yet.
    out: Vec<u8>,
    seen: Seen,
}

/// What has been seen of the stream so far.
#[derive(Debug, Default)]
struct Seen {
    content: bool,
    stop: bool,
    end: bool,
    /// It cannot be read any further.
    broken: bool,
    /// It broke after the app had a part of it.
    cut: bool,
    /// It was ended at what had been paid for: nothing more goes to the app.
    stopped: bool,
    fault: Option<Fault>,
    usage: Option<Usage>,
    /// Tokens of what it said, estimated.
    said: u64,
}

/// What an event was to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// Nothing: a comment, or nothing we know.
    Nothing,
    /// One to hide: it tells the usage, which we asked for and the app did not.
    Hidden,
    /// The last that goes to the app: with it more was said than was paid for.
    Last,
    /// Something.
    Said,
}

impl Streaming {
    pub(super) fn new(about: &About, now: u64) -> Self {
        let writer = about.app().map(|app| (app.stream)(about.head(now)));
        let same = about.same();
        let meter = about.asked.meter.as_ref();
        let relay = Relay {
            config: Rc::clone(&about.config),
            reader: (about.config.dialect.provider.stream)(),
            writer: writer.unwrap_or_else(|| Box::new(Silent)),
            same,
            metered: meter.is_some(),
            stop_at: meter.filter(|meter| meter.stop).map(|meter| meter.paid),
            hides_usage: same && !about.asked.stream_usage,
            out: Vec::new(),
            seen: Seen::default(),
        };
        let permit = about.config.memory.permit();
        Self { parser: sse::Parser::default(), permit, relay, held: Some(0), next: 0 }
    }

    /// One more chunk. The error is a failure before the app saw anything.
    pub(super) fn body(
        &mut self,
        about: &mut About,
        size: usize,
        end: bool,
        envoy: &dyn Envoy,
    ) -> Result<Effects, Fault> {
        let from = self.held.unwrap_or(0);
        let chunk = envoy.response_body(from, size.saturating_sub(from));
        let untouched = self.read(&chunk);
        if end {
            self.finish();
        }
        let seen = &mut self.relay.seen;
        about.asked.report.used.reported = seen.usage;
        if self.held.is_none() {
            let mut effects = self.relay.forward(untouched, end);
            effects.list.extend(self.report(about, chunk.len(), &effects, end, envoy));
            return Ok(effects);
        }
        if seen.content {
            self.held = None;
            let headers = about.headers(200, Some(EVENTS), None);
            let mut effects = Effects::go_on().and(headers);
            effects.list.extend(self.relay.forward(false, end).list);
            effects.list.extend(self.report(about, chunk.len(), &effects, end, envoy));
            return Ok(effects);
        }
        match seen.fault.take() {
            Some(fault) => Err(fault),
            None if end => Err(cut_short()),
            None => {
                self.held = Some(size);
                Ok(Effects::wait())
            }
        }
    }

    /// What is published after a chunk: at the end, and whenever the app has twice what it had when
    /// that was done last.
    fn report(
        &mut self,
        about: &mut About,
        chunk: usize,
        effects: &Effects,
        end: bool,
        envoy: &dyn Envoy,
    ) -> Option<Effect> {
        let body = effects.list.iter().find_map(|effect| match effect {
            Effect::ResponseBody(body) => Some(body.as_bytes().len()),
            _ => None,
        });
        let sent = u64::try_from(body.unwrap_or(chunk)).unwrap_or(u64::MAX);
        let (report, seen) = (&mut about.asked.report, &self.relay.seen);
        report.bytes = report.bytes.saturating_add(sent);
        let ended = end || seen.end;
        if report.is_over() || (!ended && report.bytes < self.next) {
            return None;
        }
        self.next = if self.relay.metered { report.bytes.saturating_mul(2) } else { u64::MAX };
        let now = envoy.now_ms();
        report.content(now);
        if ended {
            let progress = if seen.cut { Progress::Cut } else { Progress::Answered };
            report.end(progress, now);
        }
        report.used = Used { reported: seen.usage, said: seen.said };
        if let Some(most) = self.relay.stop_at {
            report.used = report.used.within(most);
        }
        Some(report.publish())
    }

    /// Takes in a chunk; says whether the app may have it just as it is.
    fn read(&mut self, chunk: &[u8]) -> bool {
        let Self { parser, permit, relay, .. } = self;
        let begins_clean = parser.carried().is_empty() && relay.out.is_empty();
        let mut hidden = false;
        let pushed = parser.push(chunk, |event, raw| {
            let heard = relay.hear(event);
            if relay.same && heard != Heard::Hidden {
                relay.out.extend_from_slice(raw);
            }
            if heard == Heard::Last {
                relay.stop();
            }
            hidden |= matches!(heard, Heard::Hidden | Heard::Last);
        });
        let held = parser.carried().len();
        let pushed = pushed.is_ok() && permit.hold(held).is_ok();
        if !pushed && !relay.seen.end {
            let message = "the provider sent an endless event";
            let fault = Fault::new(FaultKind::Internal, message).with_status(502);
            relay.seen.fault.get_or_insert(fault);
            relay.seen.broken = true;
        }
        let ends_clean = pushed && parser.carried().is_empty();
        relay.same && begins_clean && ends_clean && !hidden
    }

    /// Nothing more comes. What is left over lacks its blank line: either it was whole all the
    /// same, or the stream was cut within it and the app must not see half an event.
    fn finish(&mut self) {
        let Self { parser, relay, .. } = self;
        let ended = relay.seen.end;
        parser.finish(|event, raw| {
            let heard = relay.hear(event);
            if relay.same && relay.seen.fault.is_some() {
                // The app has not been told of it yet.
                relay.seen.end = ended;
            } else if relay.same && matches!(heard, Heard::Said | Heard::Last) {
                relay.out.extend_from_slice(raw);
                relay.out.extend_from_slice(b"\n\n");
            }
            if heard == Heard::Last {
                relay.stop();
            }
        });
        relay.close();
    }
}

impl Relay {
    /// Takes in an event.
    fn hear(&mut self, event: Option<sse::Event<'_>>) -> Heard {
        if self.seen.stopped {
            return Heard::Hidden;
        }
        let Some(event) = event else { return Heard::Nothing };
        let Self { config, reader, writer, same, out, seen, metered, stop_at, .. } = self;
        let (mut only_usage, mut any) = (true, false);
        // The app has the provider's own bytes, but may have to be told of an end that is ours.
        let mut unsent = Vec::new();
        reader.read(event.name, &event.data, &mut |event| {
            any = true;
            only_usage &= matches!(event, Event::Usage(_));
            seen.note(&event);
            if *metered {
                seen.said = seen.said.saturating_add(event.tokens());
            }
            match (*same, stop_at.is_some()) {
                (false, _) => write(writer.as_mut(), &config.name, event, out),
                (true, true) => write(writer.as_mut(), &config.name, event, &mut unsent),
                (true, false) => {}
            }
        });
        let hides = any && only_usage && self.hides_usage;
        if self.exhausted() {
            if hides {
                self.stop();
                return Heard::Hidden;
            }
            return Heard::Last;
        }
        match (any, hides) {
            (false, _) => Heard::Nothing,
            (true, true) => Heard::Hidden,
            (true, false) => Heard::Said,
        }
    }

    /// Whether more was said than was paid for. What was only estimated may be wrong by a quarter.
    /// An answer that is about to end by itself is not ended twice.
    fn exhausted(&self) -> bool {
        let over = self.seen.end || self.seen.stop;
        let Some(bound) = self.stop_at.filter(|_| !over) else { return false };
        let surely = bound.saturating_add(bound / 4).saturating_add(16);
        self.seen.usage.is_some_and(|usage| usage.output > bound) || self.seen.said > surely
    }

    /// Ends the answer as one that reached its most tokens. What still comes of it is thrown away.
    fn stop(&mut self) {
        let Self { writer, out, seen, stop_at, .. } = self;
        let bound = stop_at.unwrap_or_default();
        let usage = Usage { output: bound, ..seen.usage.unwrap_or_default() };
        writer.write(&Event::Stop(Stop::Length), out);
        if seen.usage.is_some() {
            writer.write(&Event::Usage(usage), out);
        }
        writer.write(&Event::End, out);
        // All that was paid for has been said, whatever was reported before.
        seen.usage = seen.usage.map(|_| usage);
        seen.stopped = true;
        seen.end = true;
    }

    /// Hears what the end of the stream itself tells.
    fn close(&mut self) {
        let Self { config, reader, writer, same, out, seen, .. } = self;
        reader.end(&mut |event| {
            seen.note(&event);
            if !*same {
                write(writer.as_mut(), &config.name, event, out);
            }
        });
    }

    /// Sends on what is ready, and ends a stream that its provider did not end.
    fn forward(&mut self, untouched: bool, end: bool) -> Effects {
        let mut untouched = untouched;
        let seen = &mut self.seen;
        let mut failed = seen.fault.is_some();
        if end && !seen.end && seen.stop && seen.fault.is_none() {
            // Some servers close after the reason of the end and leave out the mark of it.
            if !self.same {
                self.writer.write(&Event::End, &mut self.out);
            }
        } else if (end || seen.broken) && !seen.end {
            let fault = seen.fault.take().unwrap_or_else(cut_short);
            let event = Event::Fault(fault);
            write(self.writer.as_mut(), &self.config.name, event, &mut self.out);
            seen.end = true;
            failed = true;
            untouched = false;
        }
        let out = core::mem::take(&mut self.out);
        let mut effects = Effects::go_on();
        let body = self.config.buffer.hold(out).unwrap_or_default();
        effects.list.extend((!untouched).then_some(Effect::ResponseBody(body)));
        seen.cut |= failed;
        effects
    }
}

impl Seen {
    fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Fault(fault) => {
                self.fault.get_or_insert_with(|| fault.clone());
                self.end |= self.content;
            }
            Event::Usage(usage) => self.usage = Some(self.usage.unwrap_or_default().then(*usage)),
            Event::End => self.end = true,
            other => {
                self.stop |= matches!(other, Event::Stop(_));
                self.content |= other.is_content();
            }
        }
    }
}

/// Writes an event; of a failure the app is told whose it is.
fn write(writer: &mut dyn AnswerWriter, model: &str, event: Event<'_>, out: &mut Vec<u8>) {
    let event = match event {
        Event::Fault(fault) => {
            let message = format!("{model}: {}", fault.message);
            Event::Fault(Fault { message, ..fault })
        }
        event => event,
    };
    writer.write(&event, out);
}

fn cut_short() -> Fault {
    let message = "the provider's stream ended before its answer was complete";
    Fault::new(FaultKind::Internal, message).with_status(502)
}

/// For an app without a dialect, which the plan does not allow.
#[derive(Debug)]
struct Silent;

impl AnswerWriter for Silent {
    fn write(&mut self, _: &Event<'_>, _: &mut Vec<u8>) {}
}
