//! A streamed answer: held until its first content, then forwarded event by event.
use super::super::{Effect, Effects, Envoy};
use super::answer::{About, EVENTS};
use crate::dialect::{AnswerWriter, Event, Fault, FaultKind, StreamReader, sse};
use crate::usage::Usage;

/// One stream on its way.
#[derive(Debug)]
pub(super) struct Streaming {
    parser: sse::Parser,
    reader: Box<dyn StreamReader>,
    writer: Box<dyn AnswerWriter>,
    /// What the app is to receive and has not yet.
    out: Vec<u8>,
    seen: Seen,
    /// Bytes at the front of Envoy's buffer that have been read while the headers were held.
    held: Option<usize>,
}

/// What has been seen of the stream so far.
#[derive(Debug, Default)]
struct Seen {
    content: bool,
    stop: bool,
    end: bool,
    fault: Option<Fault>,
    usage: Option<Usage>,
}

impl Streaming {
    pub(super) fn new(about: &About, now: u64) -> Self {
        let writer = about.app().map(|app| (app.stream)(about.head(now)));
        Self {
            parser: sse::Parser::default(),
            reader: (about.config.dialect.provider.stream)(),
            writer: writer.unwrap_or_else(|| Box::new(Silent)),
            out: Vec::new(),
            seen: Seen::default(),
            held: Some(0),
        }
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
        let untouched = self.read(about, &chunk, end);
        about.usage = self.seen.usage.or(about.usage);
        if self.held.is_none() {
            return Ok(self.forward(about, untouched, end));
        }
        if self.seen.content {
            self.held = None;
            let headers = about.headers(200, Some(EVENTS), None);
            let mut effects = about.answered().and(headers);
            effects.list.extend(self.forward(about, false, end).list);
            return Ok(effects);
        }
        match self.seen.fault.take() {
            Some(fault) => Err(fault),
            None if end => Err(cut_short()),
            None => {
                self.held = Some(size);
                Ok(Effects::wait())
            }
        }
    }

    /// Takes in a chunk; says whether the app may have it just as it is.
    fn read(&mut self, about: &About, chunk: &[u8], end: bool) -> bool {
        let same = about.same();
        let hides_usage = same && !about.asked.stream_usage;
        let Self { parser, reader, writer, out, seen, .. } = self;
        let begins_clean = parser.carried().is_empty() && out.is_empty();
        let mut hidden = false;
        let mut read = |event: Option<sse::Event<'_>>, out: &mut Vec<u8>, seen: &mut Seen| {
            let (mut only_usage, mut any) = (true, false);
            if let Some(event) = event {
                reader.read(event.name, &event.data, &mut |event| {
                    seen.note(&event);
                    any = true;
                    only_usage &= matches!(event, Event::Usage(_));
                    if !same {
                        writer.write(&event, out);
                    }
                });
            }
            any && only_usage
        };
        let pushed = parser.push(chunk, |event, raw| {
            // The chunk that tells the usage, which we asked for and the app did not.
            if read(event, out, seen) && hides_usage {
                hidden = true;
            } else if same {
                out.extend_from_slice(raw);
            }
        });
        if pushed.is_err() && seen.fault.is_none() {
            let message = "the provider sent an endless event";
            seen.fault = Some(Fault::new(FaultKind::Internal, message).with_status(502));
        }
        let clean = same && begins_clean && !hidden && parser.carried().is_empty();
        if end {
            // What is left over lacks its blank line: either it was whole all the same, or the
            // stream was cut within it and the app must not see half an event.
            parser.finish(|event, raw| {
                read(event, out, seen);
                if same && seen.fault.is_none() {
                    out.extend_from_slice(raw);
                    out.extend_from_slice(b"\n\n");
                }
            });
        }
        clean
    }

    /// Sends on what is ready, and ends a stream that its provider did not end.
    fn forward(&mut self, about: &About, untouched: bool, end: bool) -> Effects {
        let mut untouched = untouched;
        if end && !self.seen.end && self.seen.stop && self.seen.fault.is_none() {
            // Some servers close after the reason of the end and leave out the mark of it.
            if !about.same() {
                self.writer.write(&Event::End, &mut self.out);
            }
        } else if end && !self.seen.end {
            let fault = self.seen.fault.take().unwrap_or_else(cut_short);
            let message = format!("{}: {}", about.config.name, fault.message);
            self.writer.write(&Event::Fault(Fault { message, ..fault }), &mut self.out);
            self.seen.end = true;
            untouched = false;
        }
        let out = core::mem::take(&mut self.out);
        if untouched {
            return Effects::go_on();
        }
        Effects::go_on().and(Effect::ResponseBody(out))
    }
}

impl Seen {
    fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Fault(fault) => {
                self.fault.get_or_insert_with(|| fault.clone());
                self.end |= self.content;
            }
            Event::Usage(usage) => self.usage = Some(self.usage.unwrap_or_default().max(*usage)),
            Event::End => self.end = true,
            other => {
                self.stop |= matches!(other, Event::Stop(_));
                self.content |= other.is_content();
            }
        }
    }
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
