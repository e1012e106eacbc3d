//! A stream of which all is here before the app sees any of it: it is judged, and then told.
//!
//! Envoy holds its bytes, and what is judged is held here. Once it is accepted it is read again, as
//! one that came at once. No comment keeps the app's connection alive meanwhile: nothing can go
//! before the headers, and once they have gone no other model can be asked.
use super::super::super::{Envoy, Permit, Used};
use super::super::acceptance::Heard;
use super::context::AttemptContext;
use super::faults::{cut_short, endless};
use super::judge::Received;
use super::progress::{StreamProgress, count};
use crate::dialect::{Event, Fault, StreamReader, sse};

/// A stream that is listened to.
#[derive(Debug)]
pub(super) struct Listening {
    parser: sse::Parser,
    permit: Permit,
    speaker: Speaker,
    /// So many bytes of it have been read.
    read: usize,
}

#[derive(Debug)]
struct Speaker {
    reader: Box<dyn StreamReader>,
    heard: Heard,
    progress: StreamProgress,
    /// Whether somebody counts what it says.
    counted: bool,
    end: Option<Result<(), Fault>>,
}

impl Listening {
    pub(super) fn to(context: &AttemptContext) -> Self {
        let endpoint = context.asked.endpoint;
        Self {
            parser: endpoint.framing.parser(),
            permit: context.config.memory.permit(),
            speaker: Speaker {
                reader: (endpoint.format.read_stream)(),
                heard: Heard::default(),
                progress: StreamProgress::default(),
                counted: context.asked.counted > 0,
                end: None,
            },
            read: 0,
        }
    }

    /// What it has said.
    pub(super) const fn heard(&self) -> &Heard {
        &self.speaker.heard
    }

    /// What it has used.
    pub(super) const fn used(&self) -> Used {
        self.speaker.progress.used
    }

    /// The same where it has broken.
    pub(super) fn used_in_vain(&self) -> Used {
        Used { reported: self.speaker.progress.last_word(), ..self.used() }
    }

    /// Listens to what has come since. `besides` is what its stream holds elsewhere, in bytes.
    pub(super) fn listen(
        &mut self,
        besides: usize,
        received: Received,
        envoy: &dyn Envoy,
    ) -> Ended {
        let fresh = envoy.response_body(self.read, received.size.saturating_sub(self.read));
        self.read = received.size;
        let Self { parser, permit, speaker, .. } = self;
        let pushed = parser.push(&fresh, |block, _| speaker.hear(block));
        if received.end {
            parser.finish(|block, _| speaker.hear(block));
        }
        let held = besides
            .saturating_add(parser.held())
            .saturating_add(speaker.reader.held())
            .saturating_add(speaker.heard.held());
        match &speaker.end {
            Some(Ok(())) => Ended::Whole,
            Some(Err(fault)) => Ended::Broken(fault.clone()),
            None if pushed.is_err() => Ended::Broken(endless()),
            None if permit.hold(held).is_err() => Ended::Full,
            None if !received.end => Ended::Not,
            // Some leave out the mark of the end.
            None if speaker.progress.stop && speaker.reader.is_whole() => Ended::Whole,
            None => Ended::Broken(cut_short()),
        }
    }
}

/// How a stream has ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// More may come.
    Not,
    /// All of it is here.
    Whole,
    /// With a failure.
    Broken(Fault),
    /// More of it would have to be held than may be.
    Full,
}

impl Speaker {
    fn hear(&mut self, block: sse::Block<'_>) {
        let Self { reader, heard, progress, counted, end } = self;
        let Some(event) = block.event().filter(|_| end.is_none()) else { return };
        reader.read(event.name, &event.data, &mut |event| {
            if end.is_some() {
                return;
            }
            heard.hear(&event);
            if *counted {
                count(&mut progress.used, &event, 1);
            }
            match event {
                Event::Fault(fault) => *end = Some(Err(fault)),
                Event::Usage(usage) => progress.report(usage),
                Event::Stop(_) => progress.stop = true,
                Event::End => *end = Some(Ok(())),
                _ => {}
            }
        });
    }
}
