//! What has been seen of a stream: whether the app has a part of it, and what it has used.
use crate::dialect::Event;
use crate::usage::Usage;

/// What has been seen of the stream so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// The app would see something of it.
    pub(super) content: bool,
    /// Why it ends has been said.
    pub(super) stop: bool,
    /// The usage was reported with that or after it: as a rule there is no other report.
    pub(super) accounted: bool,
    /// What it has used, as its provider says.
    pub(super) usage: Option<Usage>,
    /// Tokens of its text and calls, estimated; 0 where nobody pays.
    pub(super) text_estimate: u64,
    /// Tokens of its reasoning, the same.
    pub(super) reasoning_estimate: u64,
}

impl Seen {
    pub(super) fn count(&mut self, event: &Event<'_>, choices: u64) {
        let tokens = match event {
            Event::Reasoning(_) => &mut self.reasoning_estimate,
            _ => &mut self.text_estimate,
        };
        *tokens = tokens.saturating_add(event.tokens().saturating_mul(choices));
    }

    /// Tokens of all that it said, estimated.
    pub(super) const fn tokens(&self) -> u64 {
        self.text_estimate.saturating_add(self.reasoning_estimate)
    }

    pub(super) fn report(&mut self, usage: Usage) {
        self.accounted |= self.stop;
        self.usage = Some(self.usage.unwrap_or_default().updated_by(usage));
    }
}
