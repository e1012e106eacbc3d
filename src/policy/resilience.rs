//! `resilience`: what happens when a model fails.
use super::breaker::{self, Breaker};
use super::fallback::FALLBACK;
use super::field::{Defaulted, Duration, Field, Nested, Object, Optional, Section, Spot, Whole};

/// `resilience`: what happens when a model fails.
#[derive(Debug, Clone, Copy)]
pub struct Resilience {
    /// Most models tried for one request, from 1 to 10.
    pub attempts: u32,
    /// Longest silence of a provider, before or within an answer, in milliseconds. Bytes that are
    /// held back count for nothing: a whole answer has to be there by then.
    pub idle_timeout_ms: u64,
    /// When a model that fails is left alone; `None` where it never is.
    pub breaker: Option<Breaker>,
}

pub(super) const RESILIENCE: Section = Section::new(
    "an object of settings",
    "What happens when a model fails: the next one of its chain is asked, as long as there are \
     attempts.",
    "resilience: {attempts: 3, idle_timeout: 20s}",
    &[&ATTEMPTS, &IDLE_TIMEOUT, &BREAKER, &FALLBACK],
);

const ATTEMPTS: Defaulted<Whole> = Field::defaulted(
    "attempts",
    Whole { of: "attempts", least: 1, most: 10 },
    4,
    "The most models that are tried for one request. No chain may be longer; a model counts once \
     for each account of its provider.",
);

const IDLE_TIMEOUT: Defaulted<Duration> = Field::defaulted(
    "idle_timeout",
    Duration { least: 1, most: 3_600_000 },
    60_000,
    "The longest silence of a provider, before its answer or within it; then the attempt has \
     failed. An answer that is not streamed has to be there whole by then, so set this longer than \
     your longest.",
);

const BREAKER: Optional<Nested> = Field::optional(
    "breaker",
    Nested(&breaker::BREAKER),
    "no model is left alone",
    "When a model that fails is left alone for a time.",
);

/// Reads the section, but for `fallback`, which names chains and is given back; `None`, and a
/// report, when something is wrong with it.
pub(super) fn read(mut fields: Object<'_>) -> Option<(Resilience, Option<Spot<'_>>)> {
    let attempts = fields.read(&ATTEMPTS);
    let idle_timeout_ms = fields.read(&IDLE_TIMEOUT);
    let breaker = fields.read_with(&BREAKER, breaker::read);
    let fallback = fields.spot(&FALLBACK);
    fields.finish();
    // What is wrong with the time says nothing of the attempts, which chains are compared with.
    let idle_timeout_ms = idle_timeout_ms.unwrap_or(IDLE_TIMEOUT.default());
    let attempts = u32::try_from(attempts?).ok()?;
    // What is wrong with it has been reported.
    let breaker = breaker.flatten();
    Some((Resilience { attempts, idle_timeout_ms, breaker }, fallback))
}
