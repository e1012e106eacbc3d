//! A whole answer, judged.
use super::super::super::{Envoy, Progress, Quiet, Used};
use super::super::acceptance::{self, Heard};
use super::super::captured::Captured;
use super::super::overheard::Overheard;
use super::faults::internal;
use super::judge::{EVENTS, JSON, Judge, Received};
use super::progress::count;
use super::{Relay, Step};
use crate::dialect::{AnswerWriter, Event, Fault};
use crate::json::{Document, Limits};
use crate::resilience::digest;

/// What stands around an event, in bytes: about what it takes in the answer.
const AROUND: usize = 32;

/// What an answer said.
#[derive(Debug, Default)]
struct WholeAnswer {
    id: String,
    /// The digest of its first call's id.
    call: u64,
    used: Used,
    content: bool,
    /// What it is judged by; `None` where nobody judges it.
    heard: Option<Heard>,
    /// What it says, for one that is compared with another; `None` where nobody listens.
    overheard: Option<Box<Overheard>>,
    /// The same for one that is kept.
    captured: Option<Box<Captured>>,
    fault: Option<Fault>,
    /// What the app is to receive, where that is not the provider's own bytes.
    out: Vec<u8>,
    /// About so many bytes were said.
    bytes: usize,
}

/// Judges an answer of which all is here.
pub(super) fn judged(mut judge: Judge, received: Received, envoy: &dyn Envoy) -> Step {
    let body = envoy.response_body(0, received.size);
    let not_an_answer = |status: u16| {
        internal(format!("the provider answered {status} with something that is no answer"))
    };
    let unread = judge.context.asked.endpoint.quirks.unread_members;
    let Ok(document) = Document::parse(&body, Limits { unread, ..Limits::lenient() }) else {
        let fault = not_an_answer(judge.status);
        return judge.fail(fault, received, envoy);
    };
    // A provider may answer whole though a stream was asked for; the app gets its stream.
    let asked = &judge.context.asked;
    let stream = asked.stream;
    let writer = (stream || !judge.context.is_same_format()).then(|| judge.context.writer(envoy));
    let rewritten = writer.is_some();
    let mut answer = read(&judge, &document, writer);
    let renamed = if rewritten { None } else { renamed(&judge, &document, &body) };
    drop(document);
    let rewritten = rewritten || renamed.is_some();
    answer.out = renamed.unwrap_or(answer.out);
    judge.context.asked.report.used = answer.used;
    judge.context.asked.report.answers_as(&answer.id);
    judge.context.asked.report.call = answer.call;
    if let Some(fault) = answer.fault {
        return judge.fail(fault, received, envoy);
    }
    if !answer.content {
        let fault = not_an_answer(judge.status);
        return judge.fail(fault, received, envoy);
    }
    if let Some(heard) = &answer.heard {
        let judged = acceptance::judged(heard, &judge.context.asked.pair, envoy);
        judge.context.asked.report.conclusion = judged.conclusion;
        if let Some(rule) = judged.broken {
            return judge.not_accepted(rule, received, envoy);
        }
    }
    let written = rewritten.then(|| judge.context.config.buffer.hold(answer.out)).transpose();
    let Ok(written) = written else {
        return judge.fail(too_large(), received, envoy);
    };
    let kind = if stream { EVENTS } else { JSON };
    let mut effects = judge.pass(kind, written, received.size);
    let sent = effects.body().unwrap_or(received.size);
    let (report, now) = (&mut judge.context.asked.report, envoy.now_ms());
    report.bytes = u64::try_from(sent).unwrap_or(u64::MAX);
    report.content(now);
    // Nothing of it was seen before all of it was made.
    report.quiet =
        Quiet { ms: now.saturating_sub(report.began_ms), ended: report.used.text_estimate };
    report.said = answer.overheard.map(|heard| Box::new(heard.said()));
    report.end(Progress::Answered, now);
    effects.list.insert(0, report.publish());
    effects.list.extend(answer.captured.and_then(|own| own.kept()));
    effects.list.extend(answer.heard.map(|_| judge.accepted()));
    (Relay::Passed, effects)
}

/// The body with the name that the app asked for in the place of another; `None` where the model's
/// name is that already, or is to stay.
fn renamed(judge: &Judge, document: &Document<'_>, body: &[u8]) -> Option<Vec<u8>> {
    let name = judge.context.name();
    let own = document.root().get(judge.context.asked.inbound.model_key)?;
    if name.is_empty() || own.raw().as_bytes() == name {
        return None;
    }
    let at = own.span();
    Some([body.get(..at.start)?, &name, body.get(at.end..)?].concat())
}

/// Reads an answer and writes it for the app. It stops at what Envoy holds: an answer may say in
/// few bytes what takes many in another dialect.
fn read(
    judge: &Judge,
    document: &Document<'_>,
    mut writer: Option<Box<dyn AnswerWriter>>,
) -> WholeAnswer {
    let buffer = judge.context.config.buffer;
    let (mut answer, choices) = (WholeAnswer::default(), judge.context.asked.counted);
    answer.heard = judge.context.asked.judged.then(Heard::default);
    answer.overheard = Overheard::begin(judge.context.asked.hearing);
    answer.captured = Captured::begin(&judge.context.asked);
    (judge.context.asked.endpoint.format.read_answer)(document, &mut |event| {
        if answer.fault.is_some() {
            return;
        }
        match &event {
            Event::Fault(fault) => answer.fault = Some(fault.clone()),
            Event::Usage(usage) => answer.used.reported = Some(*usage),
            Event::Start { id, .. } => answer.id = id.clone().into_owned(),
            other => answer.content |= other.is_content(),
        }
        if let (Event::ToolCall { id, .. }, 0) = (&event, answer.call) {
            answer.call = digest(id);
        }
        answer.heard.iter_mut().for_each(|heard| heard.hear(&event));
        answer.overheard.iter_mut().for_each(|heard| heard.hear(&event));
        answer.captured.iter_mut().for_each(|own| own.hear(&event));
        if choices > 0 {
            count(&mut answer.used, &event, choices);
        }
        let Some(writer) = &mut writer else { return };
        answer.bytes = answer.bytes.saturating_add(event.bytes()).saturating_add(AROUND);
        if buffer.fits(answer.bytes) {
            writer.write(&event, &mut answer.out);
        }
        if !buffer.fits(answer.bytes.max(answer.out.len())) {
            answer.fault = Some(too_large());
        }
    });
    answer
}

fn too_large() -> Fault {
    internal("the provider's answer is too large to be told in the app's dialect")
}
