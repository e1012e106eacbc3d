//! What the provider answers, judged before the app sees any of it.
use std::borrow::Cow;
use std::rc::Rc;

use super::super::{
    Body, Effect, Effects, Envoy, Flow, HeaderMap, Outcome, Progress, Reply, TooLarge, Used,
};
use super::Config;
use super::headers::{Headers, listed};
use super::request::Asked;
use super::response_headers::{WAITS, is_answer, passes};
use super::stream::Streaming;
use crate::dialect::{AnswerHead, App, Event, Fault, FaultKind};
use crate::json::{Document, Limits};
use crate::policy::shown;

/// Most bytes of an error's body that are read: real ones are under a kilobyte.
const ERROR_BYTES: usize = 65_536;

/// Most bytes of an answer that are held before it is judged: 12 MiB. Envoy itself gives up the
/// whole request, next models and all, at the 16 MiB that `tradewind render` sets.
const HELD_BYTES: usize = 12 << 20;

/// The answer of one attempt, held until it is judged.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) about: About,
    phase: Phase,
    /// Bytes that Envoy holds back for us; none once the headers have gone on.
    held: Option<usize>,
}

/// What is known of the attempt while it answers.
#[derive(Debug)]
pub(super) struct About {
    pub(super) config: Rc<Config>,
    pub(super) asked: Asked,
    /// The provider's own headers.
    headers: Vec<(String, Vec<u8>)>,
    status: u16,
}

#[derive(Debug)]
enum Phase {
    /// An error status: its body tells which.
    Error,
    /// A whole answer.
    Whole,
    /// A streamed one.
    Stream(Box<Streaming>),
    /// Judged and gone on as it is.
    Done,
    /// Replaced by an answer of ours: whatever still comes is thrown away.
    Ended,
}

impl Answer {
    pub(super) fn begin(config: Rc<Config>, asked: Asked, envoy: &dyn Envoy) -> Self {
        let headers = envoy.headers(HeaderMap::Response);
        let text = |name: &str| {
            let value = headers.iter().find(|(own, _)| own == name).map(|(_, value)| value);
            value.and_then(|value| core::str::from_utf8(value).ok())
        };
        let status = text(":status").and_then(|status| status.parse().ok()).unwrap_or(502);
        let events = text("content-type").is_some_and(is_events);
        let mut about = About { config, asked, headers, status };
        about.asked.report.status = status;
        let phase = match status {
            status if is_answer(status) && events && about.asked.stream => {
                Phase::Stream(Box::new(Streaming::new(&about, envoy.now())))
            }
            status if is_answer(status) => Phase::Whole,
            _ => Phase::Error,
        };
        Self { about, phase, held: Some(0) }
    }

    /// Trailers end a body as its last chunk would: what was held is judged now. Of a stream that
    /// has begun nothing can be changed any more, for want of a chunk to change.
    pub(super) fn trailers(&mut self, envoy: &dyn Envoy) -> Effects {
        match self.held {
            Some(held) => self.body(held, true, envoy),
            None => Effects::go_on(),
        }
    }

    pub(super) fn body(&mut self, size: usize, end: bool, envoy: &dyn Envoy) -> Effects {
        let effects = self.chunk(size, end, envoy);
        self.held = (effects.flow == Flow::Pause).then_some(size);
        effects
    }

    fn chunk(&mut self, size: usize, end: bool, envoy: &dyn Envoy) -> Effects {
        match &mut self.phase {
            Phase::Done => Effects::go_on(),
            Phase::Ended => Effects::go_on().and(Effect::ResponseBody(Body::empty())),
            Phase::Whole | Phase::Stream(_) if self.held.is_some() && size > HELD_BYTES => {
                self.phase = Phase::Ended;
                let message = "the provider's answer is too large to be judged";
                let fault = Fault::new(FaultKind::Internal, message).with_status(502);
                self.about.fail(fault, false, envoy)
            }
            Phase::Whole if !end => Effects::wait(),
            Phase::Error if !end && size <= ERROR_BYTES => Effects::wait(),
            Phase::Error => {
                let body = envoy.response_body(0, size.min(ERROR_BYTES));
                let read = self.about.config.dialect.provider.fault;
                let fault = read(self.about.status, &body);
                self.phase = Phase::Ended;
                self.about.fail(fault, size == 0, envoy)
            }
            Phase::Whole => {
                let body = envoy.response_body(0, size);
                self.phase = Phase::Done;
                self.about.whole(&body, envoy)
            }
            Phase::Stream(streaming) => match streaming.body(&mut self.about, size, end, envoy) {
                Ok(effects) => effects,
                Err(fault) => {
                    self.phase = Phase::Ended;
                    self.about.fail(fault, size == 0, envoy)
                }
            },
        }
    }
}

impl About {
    pub(super) fn app(&self) -> Option<&'static App> {
        self.asked.app?.app.as_ref()
    }

    /// Whether the app and the provider speak the same dialect.
    pub(super) fn same(&self) -> bool {
        self.asked.app.is_some_and(|app| core::ptr::eq(app, self.config.dialect))
    }

    pub(super) fn head(&self, created: u64) -> AnswerHead {
        AnswerHead {
            request_id: self.asked.request_id.clone(),
            model: self.config.name.clone(),
            created,
            stream_usage: self.asked.stream_usage,
        }
    }

    /// A whole answer, judged.
    fn whole(&mut self, body: &[u8], envoy: &dyn Envoy) -> Effects {
        let bodiless = body.is_empty();
        let Some(app) = self.app() else { return Effects::go_on() };
        let Ok(document) = Document::parse(body, Limits::lenient()) else {
            return self.fail(not_an_answer(self.status), bodiless, envoy);
        };
        // A provider may answer whole though a stream was asked for; the app gets its stream.
        let rewritten = !self.same() || self.asked.stream;
        let write = if self.asked.stream { app.stream } else { app.whole };
        let mut writer = rewritten.then(|| write(self.head(envoy.now())));
        let (mut out, mut fault, mut content, mut used) =
            (Vec::new(), None, false, Used::default());
        let metered = self.asked.meter.is_some();
        (self.config.dialect.provider.whole)(&document, &mut |event| {
            match &event {
                Event::Fault(said) => fault = Some(said.clone()),
                Event::Usage(said) => used.reported = Some(*said),
                other => content |= other.is_content(),
            }
            if metered {
                used.said = used.said.saturating_add(event.tokens());
            }
            if let Some(writer) = &mut writer {
                writer.write(&event, &mut out);
            }
        });
        self.asked.report.used = used;
        match fault {
            Some(fault) => self.fail(fault, bodiless, envoy),
            None if !content => self.fail(not_an_answer(self.status), bodiless, envoy),
            None if rewritten => {
                let kind = if self.asked.stream { EVENTS } else { JSON };
                let headers = self.headers(200, Some(kind), Some(out.len()));
                match self.config.buffer.hold(out) {
                    Ok(body) => {
                        let answered = self.answered(body.as_bytes().len(), envoy);
                        answered.and(headers).and(Effect::ResponseBody(body))
                    }
                    Err(TooLarge) => self.fail(too_large(), bodiless, envoy),
                }
            }
            None => {
                let headers = self.headers(200, None, Some(body.len()));
                self.answered(body.len(), envoy).and(headers)
            }
        }
    }

    /// The whole of an answer goes to the app.
    fn answered(&mut self, bytes: usize, envoy: &dyn Envoy) -> Effects {
        let (report, now) = (&mut self.asked.report, envoy.now_ms());
        report.bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        report.content(now);
        report.end(Progress::Answered, now);
        Effects::go_on().and(report.publish())
    }

    /// A failure before the app saw anything: another model is tried, or the app is told.
    ///
    /// The body is the app's in both cases: Envoy may have no retry left, whatever the plan says.
    pub(super) fn fail(&mut self, fault: Fault, bodiless: bool, envoy: &dyn Envoy) -> Effects {
        let Some(app) = self.app() else { return Effects::go_on() };
        let outcome = Outcome::of(&fault);
        let verdict = outcome.verdict();
        self.asked.report.end(Progress::Failed(outcome), envoy.now_ms());
        let mut effects = Effects::go_on().and(self.asked.report.publish());
        if verdict.told.is_some() {
            let said = shown(&fault.message);
            let line = format!("model `{}`: {}: {said}", self.config.name, verdict.name);
            effects.list.push(Effect::Log(line));
        }
        let retry = self.asked.more && verdict.fails_over;
        let told = outcome.told(fault, &self.config.name);
        let status = told.status;
        let body = (app.fault)(&told, &self.asked.request_id);
        // Envoy retries what its policy lists; everything else has to look like it.
        let status = if retry && !retried(status) { 503 } else { status };
        effects.list.extend(match (bodiless, retry) {
            (false, _) => {
                let headers = self.headers(status, Some(JSON), Some(body.len()));
                let body = self.config.buffer.hold(body).unwrap_or_default();
                vec![headers, Effect::ResponseBody(body)]
            }
            (true, true) => vec![self.headers(status, Some(JSON), Some(0))],
            (true, false) => {
                let mut reply = Reply::fault(app, &told, &self.asked.request_id);
                reply.headers.push(("x-tradewind-model", self.config.name.clone()));
                reply.headers.push(("x-tradewind-attempts", self.asked.attempt.to_string()));
                let waits = WAITS.into_iter().filter_map(|name| Some((name, self.text(name)?)));
                reply.headers.extend(waits);
                vec![Effect::Reply(reply)]
            }
        });
        effects
    }

    /// One of the provider's own headers.
    fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(own, _)| own == name)?;
        core::str::from_utf8(value).ok().map(str::to_owned)
    }

    /// The answer's headers: what may pass of the provider's, and ours.
    pub(super) fn headers(&self, status: u16, kind: Option<&str>, length: Option<usize>) -> Effect {
        let mut headers: Headers = Vec::with_capacity(self.headers.len().saturating_add(6));
        headers.push((":status".into(), status.to_string().into_bytes()));
        let same = self.same();
        for (name, value) in &self.headers {
            let travels = match name.as_str() {
                "content-type" => kind.is_none(),
                name => passes(name, same),
            };
            if travels {
                headers.push((Cow::Owned(name.clone()), value.clone()));
            }
        }
        let mut add = |name: &'static str, value: String| {
            headers.push((Cow::Borrowed(name), value.into_bytes()));
        };
        kind.into_iter().for_each(|kind| add("content-type", kind.to_owned()));
        length.into_iter().for_each(|length| add("content-length", length.to_string()));
        add("x-tradewind-model", self.config.name.clone());
        add("x-tradewind-attempts", self.asked.attempt.to_string());
        add("x-tradewind-request-id", self.asked.request_id.clone());
        if let Some(left) = self.asked.meter.as_ref().and_then(|meter| meter.left.as_ref()) {
            add("x-tradewind-credits", left.clone());
        }
        if !self.asked.dropped.is_empty() {
            add("x-tradewind-dropped", listed(&self.asked.dropped));
        }
        if let Some(app) = self.app() {
            add(app.request_id_header, self.asked.request_id.clone());
        }
        Effect::SetHeaders(HeaderMap::Response, headers)
    }
}

/// The content type of a whole answer.
const JSON: &str = "application/json";
/// The content type of a streamed one.
pub(super) const EVENTS: &str = "text/event-stream";

/// Whether a content type is that of a stream: media types have no case (RFC 9110, 8.3.1).
fn is_events(kind: &str) -> bool {
    kind.get(..EVENTS.len()).is_some_and(|own| own.eq_ignore_ascii_case(EVENTS))
}

/// Statuses that the rendered retry policy retries as they are.
const fn retried(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

fn too_large() -> Fault {
    let message = "the provider's answer is too large to be translated";
    Fault::new(FaultKind::Internal, message).with_status(502)
}

fn not_an_answer(status: u16) -> Fault {
    let message = format!("the provider answered {status} with something that is no answer");
    Fault::new(FaultKind::Internal, message).with_status(502)
}
