//! What is known of an attempt in every state of its answer.
use std::rc::Rc;

use super::super::super::{Effect, Envoy, Progress, Used};
use super::super::Config;
use super::super::request::Asked;
use super::translate::Seen;
use crate::dialect::{AnswerHead, AnswerWriter, Event, Fault};

/// The attempt.
#[derive(Debug)]
pub(in super::super) struct About {
    pub(super) config: Rc<Config>,
    pub(super) asked: Asked,
}

/// Longest message of a provider that an app is told in mid-stream, in characters.
const MESSAGE: usize = 2_000;

impl About {
    /// Whether the app and the provider speak the same dialect.
    pub(super) fn same(&self) -> bool {
        core::ptr::eq(self.asked.dialect, self.config.dialect)
    }

    /// Tokens of output at which the answer is ended; none where it is not.
    pub(super) fn stop_at(&self) -> Option<u64> {
        self.asked.meter.as_ref().filter(|meter| meter.stop).map(|meter| meter.paid)
    }

    fn head(&self, created: u64) -> AnswerHead {
        AnswerHead {
            request_id: self.asked.request_id.clone(),
            model: self.config.name.clone(),
            created,
            stream_usage: self.asked.stream_usage,
        }
    }

    /// A writer of the whole answer or of the stream that the app asked for.
    pub(super) fn writer(&self, envoy: &dyn Envoy) -> Box<dyn AnswerWriter> {
        let app = self.asked.app;
        let write = if self.asked.stream { app.stream } else { app.whole };
        write(self.head(envoy.now()))
    }

    /// A failure in mid-stream, as the app is told of it.
    pub(super) fn broken(&self, fault: Fault) -> Event<'static> {
        let said: String = fault.message.chars().take(MESSAGE).collect();
        let message = format!("{}: {said}", self.config.name);
        Event::Fault(Fault { message, ..fault })
    }

    /// Notes what a stream has used.
    pub(super) fn used(&mut self, seen: &Seen) {
        let used = Used { reported: seen.usage, said: seen.said };
        self.asked.report.used = self.stop_at().map_or(used, |most| used.within(most));
    }

    /// The attempt has ended: its report says how.
    pub(super) fn end(&mut self, progress: Progress, envoy: &dyn Envoy) -> Effect {
        self.asked.report.end(progress, envoy.now_ms());
        self.asked.report.publish()
    }
}
