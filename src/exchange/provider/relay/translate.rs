//! A stream's bytes, event by event, into what the app receives.
use super::super::super::Said;
use super::super::super::credible::believed;
use super::super::super::{Effect, Envoy, Permit};
use super::super::captured::Captured;
use super::super::overheard::Overheard;
use super::super::spoken::Spoken;
use super::context::AttemptContext;
use super::faults::{cut_short, endless, event_too_large};
use super::output::Output;
use super::progress::{StreamProgress, count};
use crate::dialect::{Event, Fault, Stop, StreamReader, sse};
use crate::usage::Usage;

/// One stream on its way through.
#[derive(Debug)]
pub(in super::super) struct Translation {
    parser: sse::Parser,
    permit: Permit,
    events: EventReader,
    /// What ends a stream of the app's dialect whose reason of its end is out.
    mark: &'static str,
}

/// What reads the provider's events.
#[derive(Debug)]
struct EventReader {
    reader: Box<dyn StreamReader>,
    output: Output,
    progress: StreamProgress,
    /// The provider's id of the answer; empty before it begins.
    id: String,
    /// Of how many answers one is read and counted for all, which are taken to be as long; 0 where
    /// nobody counts.
    choices: u64,
    /// Where it is ended: at so many tokens of output.
    stop_at: Option<u64>,
    /// What it says, for one that is compared with another; `None` where nobody listens.
    overheard: Option<Box<Overheard>>,
    /// The same for one that is kept.
    captured: Option<Box<Captured>>,
    /// The same for one that may have to go on with another model.
    spoken: Option<Box<Spoken>>,
}

/// Whether a stream goes on.
#[derive(Debug)]
pub(super) enum Run {
    /// More may come.
    On,
    /// Nothing that comes is for the app.
    Over(End),
}

/// How a stream ended.
#[derive(Debug)]
pub(super) enum End {
    /// By itself, and whole.
    Whole,
    /// By us, at what had been paid for.
    Stopped,
    /// With a failure.
    Broken(Fault),
    /// It needed more memory than there is for it.
    Full,
}

impl Translation {
    pub(super) fn new(context: &AttemptContext, envoy: &dyn Envoy) -> Self {
        let events = EventReader {
            reader: (context.asked.endpoint.format.read_stream)(),
            output: Output::new(context, envoy),
            progress: StreamProgress::default(),
            id: String::new(),
            choices: context.asked.counted,
            stop_at: context.stop_at(),
            overheard: Overheard::begin(context.asked.hearing),
            captured: Captured::begin(&context.asked),
            spoken: context.resumes().then(Box::default),
        };
        let permit = context.config.memory.permit();
        Self {
            parser: context.asked.endpoint.framing.parser(),
            permit,
            events,
            mark: context.asked.inbound.end_of_stream,
        }
    }

    pub(super) const fn progress(&self) -> &StreamProgress {
        &self.events.progress
    }

    pub(super) fn answer_id(&self) -> &str {
        &self.events.id
    }

    /// What the answer has said, where somebody listens.
    pub(super) fn said(&self) -> Option<Box<Said>> {
        self.events.overheard.as_ref().map(|heard| Box::new(heard.said()))
    }

    /// The text that another model may go on with: all that the app has, to where the provider has
    /// stopped.
    pub(super) fn spoken(&self) -> Option<&str> {
        let EventReader { spoken, output, reader, .. } = &self.events;
        // An app of the provider's own format has heard of a call as soon as it begins.
        spoken.as_ref().filter(|_| output.is_at(reader.block()) && !reader.has_untold())?.text()
    }

    /// Has an answer that has come to its own end be kept, where it may be.
    pub(super) fn kept(&self) -> Option<Effect> {
        self.events.captured.as_ref().and_then(|own| own.kept())
    }

    pub(super) const fn output(&mut self) -> &mut Output {
        &mut self.events.output
    }

    /// Whether the answer is whole, and only the mark of its end has not come.
    pub(super) fn awaits_mark(&self) -> bool {
        self.events.progress.stop && self.events.reader.is_whole()
    }

    /// Whether what it has used has been reported in the end.
    pub(super) const fn is_accounted(&self) -> bool {
        self.events.progress.accounted
    }

    /// Ends an answer that awaits its mark.
    pub(super) fn complete(&mut self) -> Run {
        if self.parser.passes_long() {
            self.events.output.end_event();
        }
        Run::Over(self.events.complete(self.mark))
    }

    /// Takes in a chunk. `besides` is what its stream holds elsewhere, in bytes.
    pub(super) fn read(&mut self, chunk: &[u8], besides: usize) -> Run {
        let Self { parser, permit, events, .. } = self;
        if events.output.passes() {
            parser.pass_long();
        }
        if !parser.carried().is_empty() {
            events.output.differs();
        }
        let mut over = None;
        let pushed = parser.push(chunk, |block, raw| match &over {
            None => over = events.event(block, raw),
            Some(end) => events.late(block, raw, end),
        });
        let unread = parser.take_unread();
        if over.is_none() && unread > 0 && !events.progress.content {
            // Nothing has been said yet, and what this says nobody knows: it is no answer.
            over = Some(End::Broken(endless()));
        }
        events.unread(unread);
        if over.is_none() && events.exhausted() {
            if parser.passes_long() {
                events.output.end_event();
            }
            events.stop();
            over = Some(End::Stopped);
        }
        let held = besides
            .saturating_add(parser.held())
            .saturating_add(events.reader.held())
            .saturating_add(events.output.held(events.progress.content));
        let end = match over {
            Some(end) => end,
            None if pushed.is_err() => End::Broken(endless()),
            None if !events.fit(permit, held) => End::Full,
            None => {
                if !parser.carried().is_empty() {
                    events.output.differs();
                }
                return Run::On;
            }
        };
        if !(matches!(end, End::Whole) && parser.carried().is_empty()) {
            events.output.differs();
        }
        Run::Over(end)
    }

    /// Nothing more comes: what this has led to, if it was not over before.
    ///
    /// What is left over lacks its blank line: either it was whole all the same, or the stream was
    /// cut within it and the app must not see half an event.
    pub(super) fn finish(&mut self, run: Run) -> Run {
        if matches!(run, Run::Over(_)) {
            return run;
        }
        let Self { parser, events, mark, .. } = self;
        let whole = events.progress.stop && events.reader.is_whole();
        if parser.passes_long() {
            events.output.end_event();
        }
        let mut over = None;
        parser.finish(|block, raw| over = events.tail(block, raw));
        Run::Over(match over {
            // Half an event after all that an app reads: nothing is lost with it.
            Some(End::Broken(_)) if whole => events.complete(mark),
            Some(end) => end,
            None if events.progress.stop && events.reader.is_whole() => events.complete(mark),
            None => End::Broken(cut_short()),
        })
    }

    /// Reads what comes after the end: some providers report the usage there. False once it may
    /// not be read any further.
    pub(super) fn late(&mut self, chunk: &[u8]) -> bool {
        let Self { parser, permit, events, .. } = self;
        let pushed = parser.push(chunk, |block, raw| events.late(block, raw, &End::Whole));
        pushed.is_ok() && permit.hold(parser.held()).is_ok()
    }
}

impl EventReader {
    /// Whether there is room for what the stream holds. For what is heard of it there need be none.
    fn fit(&mut self, permit: &mut Permit, held: usize) -> bool {
        let heard = self.overheard.as_ref().map_or(0, |heard| heard.held());
        let heard = heard.saturating_add(self.captured.as_ref().map_or(0, |own| own.held()));
        let heard = heard.saturating_add(self.spoken.as_ref().map_or(0, |own| own.held()));
        if permit.hold(held.saturating_add(heard)).is_ok() {
            return true;
        }
        self.forget();
        heard > 0 && permit.hold(held).is_ok()
    }

    /// What it says is not kept any more.
    fn forget(&mut self) {
        self.overheard.iter_mut().for_each(|heard| heard.forget());
        self.captured.iter_mut().for_each(|own| own.forget());
        self.spoken.iter_mut().for_each(|own| own.forget());
    }

    /// Takes in an event and its bytes; says how the stream ended, if it did.
    fn event(&mut self, block: sse::Block<'_>, raw: &[u8]) -> Option<End> {
        let event = match block {
            sse::Block::Event(event) => event,
            sse::Block::Silent => {
                self.output.silent(raw, self.progress.content);
                return None;
            }
            sse::Block::Part => {
                self.output.raw(raw, true);
                return None;
            }
        };
        let disposition = self.read_event(&event);
        if disposition.goes() {
            self.output.goes(raw, &event, self.reader.model());
        } else {
            self.output.raw(raw, false);
        }
        self.judge(disposition)
    }

    /// The same for the last one, which lacks its blank line.
    fn tail(&mut self, block: sse::Block<'_>, raw: &[u8]) -> Option<End> {
        let event = block.event()?;
        let disposition = self.read_event(&event);
        if disposition.any && disposition.goes() {
            self.output.goes(raw, &event, self.reader.model());
            self.output.end_event();
        } else {
            self.output.raw(raw, false);
        }
        self.judge(disposition)
    }

    /// Bytes of events that were too long to be read: a token is about four of them.
    fn unread(&mut self, bytes: usize) {
        let tokens = u64::try_from(bytes / 4).unwrap_or(u64::MAX);
        if bytes > 0 {
            self.forget();
        }
        if self.choices > 0 {
            let used = &mut self.progress.used;
            used.text_estimate = used.text_estimate.saturating_add(tokens);
        }
    }

    /// An event after the end: only what it reports counts.
    fn late(&mut self, block: sse::Block<'_>, raw: &[u8], end: &End) {
        self.output.raw(raw, false);
        let (Some(event), End::Whole) = (block.event(), end) else { return };
        let Self { reader, progress, .. } = self;
        reader.read(event.name, &event.data, &mut |event| {
            if let Event::Usage(usage) = event {
                progress.report(usage);
            }
        });
        if let Some(usage) = reader.late(&event.data) {
            progress.report(usage);
        }
    }

    fn read_event(&mut self, event: &sse::Event<'_>) -> Disposition {
        let Self { reader, output, progress, id: answer, choices, overheard, .. } = self;
        let (captured, spoken) = (&mut self.captured, &mut self.spoken);
        let before = progress.content;
        let mut disposition = Disposition { any: false, hidden: output.hides_usage(), end: None };
        reader.read(event.name, &event.data, &mut |event| {
            if matches!(disposition.end, Some(End::Broken(_))) {
                return;
            }
            disposition.any = true;
            disposition.hidden &= matches!(event, Event::Usage(_));
            match event {
                Event::Fault(fault) => {
                    disposition.end = Some(End::Broken(fault));
                    return;
                }
                Event::Start { ref id, .. } => (**id).clone_into(answer),
                Event::ToolCall { ref id, .. } => progress.calls(id),
                Event::Usage(usage) => progress.report(usage),
                Event::End => disposition.end = Some(End::Whole),
                Event::Stop(_) => progress.stop = true,
                _ => {}
            }
            progress.content |= event.is_content();
            overheard.iter_mut().for_each(|heard| heard.hear(&event));
            captured.iter_mut().for_each(|own| own.hear(&event));
            if *choices > 0 {
                count(&mut progress.used, &event, *choices);
            }
            if output.event(&event) {
                spoken.iter_mut().for_each(|own| own.hear(&event));
            } else {
                // Before the app has anything, it is a failure like any other.
                progress.content = before;
                disposition.end = Some(End::Broken(event_too_large()));
            }
        });
        disposition.hidden &= disposition.any;
        disposition
    }

    /// Ends the answer where more was said than was paid for.
    fn judge(&mut self, disposition: Disposition) -> Option<End> {
        if disposition.end.is_some() || !self.exhausted() {
            return disposition.end;
        }
        self.stop();
        Some(End::Stopped)
    }

    /// Whether more was said than was paid for. What was only estimated may be wrong by a quarter,
    /// of several answers by as much again; a count that cannot be ends nothing. An answer that is
    /// about to end by itself is not ended twice.
    fn exhausted(&self) -> bool {
        let Some(bound) = self.stop_at.filter(|_| !self.progress.stop) else { return false };
        let beyond = |usage: Usage| usage.output > bound && usage.output <= believed(bound);
        // Of several answers one is read and counted for all, and each has its share of the bound.
        let choices = self.choices.max(1);
        let more = if choices == 1 { bound / 4 } else { bound };
        let surely = bound.saturating_add(more).saturating_add(choices.saturating_mul(16));
        self.progress.used.reported.is_some_and(beyond) || self.progress.used.seen() > surely
    }

    /// Ends the answer as one that reached its most tokens.
    fn stop(&mut self) {
        let Self { output, progress, stop_at, .. } = self;
        let reported = progress.used.reported;
        let usage = Usage { output: stop_at.unwrap_or_default(), ..reported.unwrap_or_default() };
        output.say(&Event::Stop(Stop::MaxTokens));
        if reported.is_some() {
            output.say(&Event::Usage(usage));
        }
        output.say(&Event::End);
        // All that was paid for has been said, whatever was reported before.
        progress.used.reported = reported.map(|_| usage);
    }

    fn complete(&mut self, mark: &str) -> End {
        self.output.complete(mark);
        End::Whole
    }
}

/// What an event was to us.
#[derive(Debug)]
struct Disposition {
    /// Something that we know.
    any: bool,
    /// It tells the usage alone, which we asked for and the app did not.
    hidden: bool,
    /// The stream ends with it.
    end: Option<End>,
}

impl Disposition {
    /// Whether its bytes go to an app of the same dialect. A failure is said in our words.
    const fn goes(&self) -> bool {
        !self.hidden && !matches!(self.end, Some(End::Broken(_)))
    }
}
