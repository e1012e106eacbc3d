//! A stream that the app is receiving, event by event.
use super::super::super::report::SILENCE;
use super::super::super::resume::Kept;
use super::super::super::{Call, Effect, Effects, Envoy, Flow, Progress, RESUME, metric};
use super::super::request::Asked;
use super::context::AttemptContext;
use super::ending::Ending;
use super::faults::no_memory;
use super::judge::{EVENTS, Judge, Received};
use super::resuming::Resuming;
use super::translate::{End, Run, Translation};
use super::{Relay, Step};
use crate::dialect::{Fault, tokens};

/// How often an answer that is whole is woken, about once a second, while it waits for the usage.
const USAGE_PATIENCE: u8 = 5;

/// Most bytes that are held back while an answer that is whole waits for its mark: 1 MiB, and half
/// of the buffer, since what comes next is added to it. Where more comes it goes on, as it would
/// anywhere else in a stream.
const HELD_BACK_BYTES: usize = 1 << 20;

/// A stream on its way.
#[derive(Debug)]
pub(in super::super) struct Flowing {
    context: AttemptContext,
    translation: Box<Translation>,
    /// So many bytes are the app's and held back all the same: the answer is whole, and the mark
    /// of its end can only be added to what is held back. Where the provider leaves it out, neither
    /// its trailers nor an empty last chunk take it.
    held_back: Option<usize>,
    /// When it was whole but for its mark: what is waited for afterwards makes nothing.
    completed_ms: Option<u64>,
    /// How often it will be woken yet, once something is held back.
    patience: u8,
    /// After how many milliseconds it is woken, where it cannot sleep as long as usual.
    hurry_ms: Option<u64>,
    /// Tokens of its text that its report knows of.
    text_estimate: u64,
    /// When something came last, where nobody else looks after its silence.
    heard_ms: u64,
}

impl Flowing {
    /// The first content is here.
    pub(super) fn begin(
        mut judge: Judge,
        translation: Box<Translation>,
        run: Run,
        received: Received,
        envoy: &dyn Envoy,
    ) -> Step {
        let headers = judge.headers(200, Some(EVENTS), None);
        let context = judge.context;
        let usual = context.patience(USAGE_PATIENCE);
        let (patience, hurry_ms) = context.patience_untold(USAGE_PATIENCE, envoy.now_ms());
        let flowing = Box::new(Self {
            context,
            translation,
            held_back: None,
            completed_ms: None,
            patience,
            hurry_ms,
            text_estimate: 0,
            heard_ms: 0,
        });
        let guards = flowing.context.asked.time.unguarded;
        let idle_ms = flowing.context.config.idle_timeout_ms;
        let flowing = flowing.hears(envoy);
        let (mut next, mut effects) = flowing.deliver(run, received, envoy);
        effects.list.insert(0, headers);
        if let Relay::Flowing(flowing) = &mut next
            && flowing.held_back.is_none()
        {
            (flowing.patience, flowing.hurry_ms) = (usual, None);
        }
        if guards && matches!(next, Relay::Flowing(_)) {
            effects.list.push(Effect::WakeIn(idle_ms));
        }
        (next, effects)
    }

    pub(super) const fn asked(&mut self) -> &mut Asked {
        &mut self.context.asked
    }

    /// Something has come.
    fn hears(mut self: Box<Self>, envoy: &dyn Envoy) -> Box<Self> {
        if self.context.asked.time.unguarded {
            self.heard_ms = envoy.now_ms();
        }
        self
    }

    pub(super) fn body(self: Box<Self>, size: usize, end: bool, envoy: &dyn Envoy) -> Step {
        let mut flowing = self.hears(envoy);
        let ready = flowing.held_back.unwrap_or(0);
        let fresh = envoy.response_body(ready, size.saturating_sub(ready));
        let mut run = flowing.translation.read(&fresh, 0);
        if end {
            run = flowing.translation.finish(run);
        }
        flowing.deliver(run, Received { size, end }, envoy)
    }

    /// Trailers end it. What is to be said now can only be added to what is held back; where that
    /// is nothing, the app sees a reset.
    pub(super) fn trailers(mut self: Box<Self>, envoy: &dyn Envoy) -> Step {
        let run = self.translation.finish(Run::On);
        match self.held_back {
            Some(size) => self.deliver(run, Received { size, end: true }, envoy),
            None => self.cut(envoy),
        }
    }

    /// The mark of the end has not come for a while: it is added to what is held back, which goes
    /// on. The usage is waited for somewhat longer where somebody asked for it.
    pub(super) fn wake(mut self: Box<Self>, envoy: &dyn Envoy) -> Step {
        let Some(size) = self.held_back else { return self.guard(envoy) };
        self.patience = self.patience.saturating_sub(1);
        let asked = &self.context.asked;
        let wanted = asked.stream_usage || asked.counted > 0;
        if wanted && !self.translation.is_accounted() && self.patience > 0 {
            return (Relay::Flowing(self), Effects::wait().and(Effect::Wake));
        }
        let run = self.translation.complete();
        self.deliver(run, Received { size, end: false }, envoy)
    }

    /// Ends it where nothing has come for as long as a provider may be silent.
    fn guard(mut self: Box<Self>, envoy: &dyn Envoy) -> Step {
        if !self.context.asked.time.unguarded {
            return (Relay::Flowing(self), Effects::wait());
        }
        let due_ms = self.heard_ms.saturating_add(self.context.config.idle_timeout_ms);
        let left = due_ms.saturating_sub(envoy.now_ms());
        if left > 0 {
            return (Relay::Flowing(self), Effects::wait().and(Effect::WakeIn(left)));
        }
        SILENCE.clone_into(&mut self.context.asked.report.why);
        self.cut(envoy)
    }

    /// Sends on what there is to send.
    fn deliver(mut self: Box<Self>, mut run: Run, received: Received, envoy: &dyn Envoy) -> Step {
        let mut effects = Effects::go_on();
        // What we end would go on for nobody.
        let is_ours = matches!(run, Run::Over(End::Full | End::Stopped));
        if let Run::Over(End::Full) = run {
            effects.list.push(full(&self.context));
            run = Run::Over(End::Broken(no_memory()));
        }
        if let Run::Over(End::Broken(fault)) = &run {
            if let Some(call) = self.rest(envoy) {
                return self.resume((call, fault.clone()), received, envoy);
            }
            let broken = self.context.broken(fault.clone());
            self.translation.output().say(&broken);
        }
        let output = self.translation.output();
        let ready = self.held_back.unwrap_or(0);
        let body = output.take(ready, received.size, envoy);
        let Ok(body) = body.map(|body| self.context.config.buffer.hold(body)).transpose() else {
            return self.cut(envoy);
        };
        let size = body.as_ref().map_or(received.size, |body| body.as_bytes().len());
        effects.list.extend(body.map(Effect::ResponseBody));
        effects.list.extend(self.report(size.saturating_sub(ready), &run, envoy));
        if let Run::Over(End::Whole) = run {
            effects.list.extend(self.translation.kept());
        }
        match run {
            Run::On
                if self.translation.awaits_mark() && self.patience > 0 && self.has_room(size) =>
            {
                effects.flow = Flow::Pause;
                let wake = self.hurry_ms.map_or(Effect::Wake, Effect::WakeIn);
                effects.list.extend(self.held_back.is_none().then_some(wake));
                self.held_back = Some(size);
                (Relay::Flowing(self), effects)
            }
            Run::On => {
                // It has slept for its mark since.
                if self.held_back.take().is_some() && self.context.asked.time.unguarded {
                    let idle_ms = self.context.config.idle_timeout_ms;
                    effects.list.push(Effect::WakeIn(idle_ms));
                }
                (Relay::Flowing(self), effects)
            }
            Run::Over(_) if received.end => (Relay::Passed, effects),
            Run::Over(End::Whole) => {
                let ending = Ending::whole(self.context, self.translation);
                (Relay::Ending(ending), effects.and(Effect::Wake))
            }
            Run::Over(_) => {
                let ending = if is_ours { Ending::ours() } else { Ending::broken(&self.context) };
                (Relay::Ending(ending), effects.and(Effect::Wake))
            }
        }
    }

    /// What asks another model for the rest of an answer of which the app has a part, where one may
    /// go on with it.
    fn rest(&self, envoy: &dyn Envoy) -> Option<Call> {
        let Self { context, translation, .. } = self;
        let (asked, budget) = (&context.asked, &context.config.retry_budget);
        let now_ms = envoy.now_ms();
        // What came with what broke it may be all there is.
        if !context.resumes() || !translation.progress().content {
            return None;
        }
        let said = translation.spoken()?;
        let running = asked.running.as_ref()?;
        let kept = envoy.property(&[RESUME])?;
        let said = (said, tokens::estimate(said));
        let timeout_ms = context.config.idle_timeout_ms;
        let way = (asked.chain.clone(), asked.later.clone());
        let call = Kept::decode(&kept)?.call(way, said, timeout_ms)?;
        running.may_go_on(budget, now_ms).then_some(call)
    }

    /// Asks another model for the rest. What is here waits for that, since nothing can be added to
    /// a stream of which nothing is held.
    fn resume(
        mut self: Box<Self>,
        (call, fault): (Call, Fault),
        received: Received,
        envoy: &dyn Envoy,
    ) -> Step {
        let before = self.held_back.unwrap_or(0);
        let body = self.translation.output().take(before, received.size, envoy);
        let Ok(body) = body.map(|body| self.context.config.buffer.hold(body)).transpose() else {
            return self.cut(envoy);
        };
        let ready = body.as_ref().map_or(received.size, |body| body.as_bytes().len());
        let mut effects = Effects::wait();
        effects.list.extend(body.map(Effect::ResponseBody));
        let run = Run::Over(End::Broken(fault.clone()));
        effects.list.extend(self.report(ready.saturating_sub(before), &run, envoy));
        effects.list.push(Effect::Call(call));
        let Self { context, translation, .. } = *self;
        let resuming = Resuming { context, translation, ready, fault, ended: received.end };
        (Relay::Resuming(Box::new(resuming)), effects)
    }

    /// Whether so many bytes may be held back.
    fn has_room(&self, size: usize) -> bool {
        size <= HELD_BACK_BYTES && self.context.config.buffer.fits(size.saturating_mul(2))
    }

    /// Ends it where nothing more can be said: the app sees that its connection breaks.
    fn cut(mut self: Box<Self>, envoy: &dyn Envoy) -> Step {
        let report = self.report(0, &Run::Over(End::Full), envoy);
        let mut effects = Effects::wait().and(Effect::Close);
        effects.list.extend(report);
        (Relay::Passed, effects)
    }

    /// What is published after a chunk: at the end, and where somebody counts on the way.
    fn report(&mut self, sent: usize, run: &Run, envoy: &dyn Envoy) -> Option<Effect> {
        if self.completed_ms.is_none() && self.translation.awaits_mark() {
            self.completed_ms = Some(envoy.now_ms());
        }
        let counted = self.context.asked.counted > 0;
        let report = &mut self.context.asked.report;
        report.bytes = report.bytes.saturating_add(u64::try_from(sent).unwrap_or(u64::MAX));
        let ended = match run {
            Run::On if report.has_content() && !counted => return None,
            Run::On => None,
            Run::Over(End::Whole | End::Stopped) => Some(Progress::Answered),
            Run::Over(End::Broken(_) | End::Full) => Some(Progress::Cut),
        };
        let now = envoy.now_ms();
        report.answers_as(self.translation.answer_id());
        report.content(now);
        report.call = self.translation.progress().call;
        let used = self.translation.progress().used;
        let fresh = used.text_estimate.saturating_sub(self.text_estimate);
        if fresh > 0 {
            self.text_estimate = used.text_estimate;
            report.text(fresh, now);
        }
        self.context.used(used);
        if ended == Some(Progress::Answered) {
            self.context.asked.report.said = self.translation.said();
        }
        match ended {
            Some(progress) => Some(self.context.end(progress, self.completed_ms.unwrap_or(now))),
            None => self.context.so_far(now),
        }
    }
}

/// Counts a stream for which there was no memory.
pub(super) fn full(context: &AttemptContext) -> Effect {
    metric::STREAMS_TOO_LARGE.count(&[context.asked.model()])
}
