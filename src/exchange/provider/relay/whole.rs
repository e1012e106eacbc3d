//! A whole answer, judged.
use super::super::super::{Envoy, Progress, Quiet, Used};
use super::faults::internal;
use super::judge::{Came, EVENTS, JSON, Judge};
use super::{Relay, Turn};
use crate::dialect::{AnswerWriter, Event, Fault};
use crate::json::{Document, Limits};

/// What stands around an event, in bytes: about what it takes in the answer.
const AROUND: usize = 32;

/// What an answer said.
#[derive(Debug, Default)]
struct Said {
    used: Used,
    content: bool,
    fault: Option<Fault>,
    /// What the app is to receive, where that is not the provider's own bytes.
    out: Vec<u8>,
    /// About so many bytes were said.
    bytes: usize,
}

/// Judges an answer of which all is here.
pub(super) fn judged(mut judge: Judge, came: Came, envoy: &dyn Envoy) -> Turn {
    let body = envoy.response_body(0, came.size);
    let not_an_answer = |status: u16| {
        internal(format!("the provider answered {status} with something that is no answer"))
    };
    let unread = judge.about.asked.endpoint.quirks.unread_members;
    let Ok(document) = Document::parse(&body, Limits { unread, ..Limits::lenient() }) else {
        let fault = not_an_answer(judge.status);
        return judge.fail(fault, came, envoy);
    };
    // A provider may answer whole though a stream was asked for; the app gets its stream.
    let asked = &judge.about.asked;
    let (stream, metered) = (asked.stream, asked.meter.is_some());
    let writer = (stream || !judge.about.same()).then(|| judge.about.writer(envoy));
    let rewritten = writer.is_some();
    let said = read(&judge, &document, writer, metered);
    drop(document);
    judge.about.asked.report.used = said.used;
    if let Some(fault) = said.fault {
        return judge.fail(fault, came, envoy);
    }
    if !said.content {
        let fault = not_an_answer(judge.status);
        return judge.fail(fault, came, envoy);
    }
    let written = rewritten.then(|| judge.about.config.buffer.hold(said.out)).transpose();
    let Ok(written) = written else {
        return judge.fail(too_large(), came, envoy);
    };
    let kind = if stream { EVENTS } else { JSON };
    let mut effects = judge.pass(kind, written, came.size);
    let sent = effects.body().unwrap_or(came.size);
    let (report, now) = (&mut judge.about.asked.report, envoy.now_ms());
    report.bytes = u64::try_from(sent).unwrap_or(u64::MAX);
    report.content(now);
    // Nothing of it was seen before all of it was made.
    report.quiet =
        Quiet { ms: now.saturating_sub(report.began_ms), ended: report.used.text_estimate };
    report.end(Progress::Answered, now);
    effects.list.insert(0, report.publish());
    (Relay::Passed, effects)
}

/// Reads an answer and writes it for the app. It stops at what Envoy holds: an answer may say in
/// few bytes what takes many in another dialect.
fn read(
    judge: &Judge,
    document: &Document<'_>,
    mut writer: Option<Box<dyn AnswerWriter>>,
    metered: bool,
) -> Said {
    let buffer = judge.about.config.buffer;
    let (mut said, choices) = (Said::default(), judge.about.choices());
    (judge.about.asked.endpoint.format.read_answer)(document, &mut |event| {
        if said.fault.is_some() {
            return;
        }
        match &event {
            Event::Fault(fault) => said.fault = Some(fault.clone()),
            Event::Usage(usage) => said.used.reported = Some(*usage),
            other => said.content |= other.is_content(),
        }
        if metered {
            let tokens = match &event {
                Event::Reasoning(_) => &mut said.used.reasoning_estimate,
                _ => &mut said.used.text_estimate,
            };
            *tokens = tokens.saturating_add(event.tokens().saturating_mul(choices));
        }
        let Some(writer) = &mut writer else { return };
        said.bytes = said.bytes.saturating_add(event.bytes()).saturating_add(AROUND);
        if buffer.fits(said.bytes) {
            writer.write(&event, &mut said.out);
        }
        if !buffer.fits(said.bytes.max(said.out.len())) {
            said.fault = Some(too_large());
        }
    });
    said
}

fn too_large() -> Fault {
    internal("the provider's answer is too large to be told in the app's dialect")
}
