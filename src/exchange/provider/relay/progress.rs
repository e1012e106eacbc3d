//! What has been seen of a stream: whether the app has a part of it, and what it has used.
use super::super::super::Used;
use crate::dialect::Event;
use crate::resilience::digest;
use crate::usage::Usage;

/// What has been seen of the stream so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StreamProgress {
    /// The app would see something of it.
    pub(super) content: bool,
    /// Why it ends has been said.
    pub(super) stop: bool,
    /// The usage was reported with that or after it: as a rule there is no other report.
    pub(super) accounted: bool,
    /// The digest of the id of its first function call; 0 where there is none.
    pub(super) call: u64,
    /// What it has used; the estimates are 0 where nobody counts.
    pub(super) used: Used,
}

impl StreamProgress {
    /// Notes a function call.
    pub(super) fn calls(&mut self, id: &str) {
        if self.call == 0 {
            self.call = digest(id);
        }
    }

    /// What its provider says that it is charged for: its last word on that. What was reported
    /// before, as with the beginning of an answer, is none where the answer breaks.
    pub(super) fn last_word(&self) -> Option<Usage> {
        self.used.reported.filter(|_| self.accounted)
    }

    /// Notes a report of its provider's.
    pub(super) fn report(&mut self, usage: Usage) {
        self.accounted |= self.stop;
        let before = self.used.reported.unwrap_or_default();
        self.used.reported = Some(before.updated_by(usage));
    }
}

/// Adds the tokens of an event, estimated; it is taken for that of as many answers as `choices`, 0
/// where nobody counts.
pub(super) fn count(used: &mut Used, event: &Event<'_>, choices: u64) {
    let tokens = match event {
        Event::Reasoning(_) => &mut used.reasoning_estimate,
        _ => &mut used.text_estimate,
    };
    *tokens = tokens.saturating_add(event.tokens().saturating_mul(choices));
}
