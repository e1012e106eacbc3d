//! What is known of an attempt in every state of its answer.
use std::rc::Rc;

use super::super::super::{Effect, Envoy, Progress, Used};
use super::super::Config;
use super::super::request::Asked;
use crate::dialect::{AnswerHead, AnswerWriter, Event, Fault};
use crate::json::Writer;
use crate::usage::Usage;

/// The attempt.
#[derive(Debug)]
pub(in super::super) struct AttemptContext {
    pub(super) config: Rc<Config>,
    pub(super) asked: Asked,
    /// Its report is published again when so many bytes have gone to the app: twice what had when
    /// that was done last.
    next: u64,
    /// Or at that time, by the proxy's clock in milliseconds.
    next_ms: u64,
    /// Or when its provider reports another usage than this.
    published_usage: Option<Usage>,
}

/// How old what was published may become while more is known, in milliseconds: an app that leaves
/// is charged by it.
const OLD_MS: u64 = 1_000;

/// How long a stream sleeps until it is woken, at most, and what is kept free before Envoy would
/// end it, in milliseconds.
pub(super) const SLEEP_MS: u64 = 1_100;
const MARGIN_MS: u64 = 200;

/// Longest message of a provider that an app is told in mid-stream, in characters.
const MESSAGE: usize = 2_000;

impl AttemptContext {
    pub(super) const fn new(config: Rc<Config>, asked: Asked) -> Self {
        Self { config, asked, next: 0, next_ms: 0, published_usage: None }
    }

    /// Whether the app and the provider speak the same format.
    pub(super) fn is_same_format(&self) -> bool {
        self.asked.inbound.format == self.asked.endpoint.format
    }

    /// How often it may be woken while all that comes is held back: so often at most, and within
    /// the time in which Envoy wants to see something of it.
    pub(super) fn patience(&self, most: u8) -> u8 {
        let times = self.config.idle_timeout_ms.saturating_sub(MARGIN_MS) / SLEEP_MS;
        u8::try_from(times).unwrap_or(u8::MAX).clamp(1, most)
    }

    /// The same while its app has nothing of it at all: within the time, too, after which Envoy
    /// would ask another model, or its app has lost its patience. Where that is less than a sleep,
    /// it is woken once, after so many milliseconds.
    pub(super) fn patience_untold(&self, most: u8, now_ms: u64) -> (u8, Option<u64>) {
        let left = self.asked.left_to_begin(now_ms, self.config.idle_timeout_ms);
        let left = left.saturating_sub(MARGIN_MS);
        match u8::try_from(left / SLEEP_MS).unwrap_or(u8::MAX) {
            0 => (u8::from(left > 0), Some(left)),
            times => (times.min(self.patience(most)), None),
        }
    }

    /// Tokens of output at which the answer is ended; `None` where it is not.
    pub(super) fn stop_at(&self) -> Option<u64> {
        self.asked.meter.as_ref().filter(|meter| meter.stop).map(|meter| meter.paid)
    }

    /// Whether another model may go on with the answer.
    pub(super) fn resumes(&self) -> bool {
        !self.asked.later.is_empty()
    }

    fn head(&self, created: u64) -> AnswerHead {
        AnswerHead {
            request_id: self.asked.request_id.clone(),
            model: self.asked.answer_model.as_deref().unwrap_or(self.asked.model()).to_owned(),
            keeps_model: self.asked.answer_model.is_some(),
            created,
            stream_usage: self.asked.stream_usage,
        }
    }

    /// The name that an answer in the app's own format is to give its model, as JSON; empty where
    /// the provider's stays.
    pub(super) fn name(&self) -> Vec<u8> {
        let asked = self.asked.answer_model.as_deref().filter(|_| self.is_same_format());
        let mut name = Writer::new();
        asked.into_iter().for_each(|asked| name.string(asked));
        name.finish()
    }

    /// A writer of the whole answer or of the stream that the app asked for.
    pub(super) fn writer(&self, envoy: &dyn Envoy) -> Box<dyn AnswerWriter> {
        let inbound = self.asked.inbound;
        let write = if self.asked.stream { inbound.write_stream } else { inbound.write_answer };
        write(self.head(envoy.unix_seconds()))
    }

    /// A failure in mid-stream, as the app is told of it.
    pub(super) fn broken(&self, fault: Fault) -> Event<'static> {
        let said: String = fault.message.chars().take(MESSAGE).collect();
        let message = format!("{}: {said}", self.asked.model());
        Event::Fault(Fault { message, ..fault })
    }

    /// Notes what a stream has used.
    pub(super) fn used(&mut self, used: Used) {
        self.asked.report.used = self.stop_at().map_or(used, |most| used.within(most));
    }

    /// What is published of an answer that has begun, where it is time for that.
    pub(super) fn so_far(&mut self, now_ms: u64) -> Option<Effect> {
        let due = self.asked.report.bytes >= self.next
            || now_ms >= self.next_ms
            || self.asked.report.used.reported != self.published_usage;
        due.then(|| self.publish(now_ms))
    }

    /// The same while only its usage is known.
    pub(super) fn reported(&mut self, usage: Option<Usage>, envoy: &dyn Envoy) -> Option<Effect> {
        let same = self.asked.report.used.reported == usage || self.asked.counted == 0;
        let now_ms = if same { 0 } else { envoy.now_ms() };
        if same || now_ms < self.next_ms {
            return None;
        }
        self.asked.report.used.reported = usage;
        Some(self.publish(now_ms))
    }

    fn publish(&mut self, now_ms: u64) -> Effect {
        self.next = self.asked.report.bytes.saturating_mul(2);
        self.next_ms = now_ms.saturating_add(OLD_MS);
        self.published_usage = self.asked.report.used.reported;
        self.asked.report.publish()
    }

    /// The attempt has ended: its report says how.
    pub(super) fn end(&mut self, progress: Progress, now_ms: u64) -> Effect {
        self.asked.report.end(progress, now_ms);
        self.asked.report.publish()
    }
}
