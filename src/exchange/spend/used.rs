//! What an attempt used, as its provider role tells the edge role through filter state.
//!
//! It is told when the answer ends, and on the way each time twice as much has gone to the app: an
//! app that leaves takes the roles with it, and what it has received by then is worked out from
//! the last word and the bytes that were relayed since.
use std::borrow::Cow;

use super::super::Effect;
use super::Size;
use crate::usage::Usage;

/// The encoding's version.
const VERSION: u64 = 1;

/// The filter state of an attempt, from 1.
pub(super) fn key(attempt: usize) -> Cow<'static, str> {
    match attempt {
        1 => Cow::Borrowed("tw.used.1"),
        2 => Cow::Borrowed("tw.used.2"),
        other => Cow::Owned(format!("tw.used.{other}")),
    }
}

/// What an attempt has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Used {
    /// What the provider reported; none when it has not.
    pub(in super::super) reported: Option<Usage>,
    /// Tokens of what it said, estimated.
    pub(in super::super) said: u64,
    /// Bytes that the app was sent.
    pub(in super::super) sent: u64,
    /// The answer came to its own end.
    pub(in super::super) ended: bool,
}

impl Used {
    /// Tells it, as the word of that attempt.
    pub(in super::super) fn tell(&self, attempt: usize) -> Effect {
        Effect::State(key(attempt), self.write())
    }

    /// The same with no more of an answer than so many tokens: where an answer is stopped, what
    /// came beyond its bound is not the app's to pay.
    pub(in super::super) fn within(mut self, most: u64) -> Self {
        if let Some(usage) = &mut self.reported {
            usage.output = usage.output.min(most);
            usage.reasoning = usage.reasoning.min(most);
        }
        self.said = self.said.min(most);
        self
    }

    fn write(&self) -> Vec<u8> {
        let usage = self.reported.unwrap_or_default();
        format!(
            "{VERSION} {} {} {} {} {} {} {} {} {} {}",
            u8::from(self.ended),
            u8::from(self.reported.is_some()),
            usage.input,
            usage.cached_input,
            usage.cache_write,
            usage.cache_write_hour,
            usage.output,
            usage.reasoning,
            self.said,
            self.sent,
        )
        .into_bytes()
    }

    /// Reads it; none for what was not written by [`Used::write`] of this version.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut numbers = core::str::from_utf8(bytes).ok()?.split(' ').map(str::parse::<u64>);
        let mut next = || numbers.next()?.ok();
        if next()? != VERSION {
            return None;
        }
        let (ended, reported) = (next()? == 1, next()? == 1);
        let usage = Usage {
            input: next()?,
            cached_input: next()?,
            cache_write: next()?,
            cache_write_hour: next()?,
            output: next()?,
            reasoning: next()?,
        };
        Some(Self { reported: reported.then_some(usage), said: next()?, sent: next()?, ended })
    }

    /// What is charged, and whether any of it is an estimate.
    ///
    /// `relayed` is what the app has received in all, in bytes.
    pub(super) fn charged(&self, size: Size, relayed: u64) -> (Usage, bool) {
        let mut usage = self.reported.unwrap_or_default();
        let told = self.reported.is_some() && usage != Usage::default();
        if self.ended && told {
            return (usage, false);
        }
        if usage.input_total() == 0 {
            usage.input = size.input_tokens;
        }
        let said = if self.ended { self.said } else { in_proportion(self, relayed) };
        usage.output = usage.output.max(said);
        (usage, true)
    }
}

/// What was said by the time that so many bytes had been relayed.
fn in_proportion(used: &Used, relayed: u64) -> u64 {
    let product = u128::from(used.said).saturating_mul(u128::from(relayed));
    let said = product.checked_div(used.sent.into()).unwrap_or(0);
    u64::try_from(said).unwrap_or(u64::MAX).max(used.said)
}
