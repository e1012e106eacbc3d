//! `resilience`: what happens when a model fails.
use super::breaker::{self, Breaker};
use super::deadline::{self, Deadline};
use super::fallback::FALLBACK;
use super::field::{Defaulted, Duration, Field, Nested, Object, Optional, Section, Spot, Whole};
use super::identity::Identity;
use super::retry_budget::{self, RetryBudget};

/// `resilience`: what happens when a model fails.
#[derive(Debug, Clone)]
pub struct Resilience {
    /// Most models tried for one request, from 1 to 10.
    pub attempts: u32,
    /// Longest silence of a provider, before or within an answer, in milliseconds. Bytes that are
    /// held back count for nothing: a whole answer has to be there by then.
    pub idle_timeout_ms: u64,
    /// How long a stream may take to its first content, in milliseconds; `None` where nothing but
    /// silence ends it.
    pub first_token_timeout_ms: Option<u64>,
    /// How long a request may take with all of its attempts; `None` where only silence ends it.
    pub deadline: Option<Deadline>,
    /// How many requests may be at another model than their first at once.
    pub retry_budget: RetryBudget,
    /// When a model that fails is left alone; `None` where it never is.
    pub breaker: Option<Breaker>,
}

pub(super) const RESILIENCE: Section = Section::new(
    "an object of settings",
    "What happens when a model fails: the next one of its chain is asked, as long as there are \
     attempts.",
    "resilience: {attempts: 3, idle_timeout: 20s}",
    &[
        &ATTEMPTS,
        &IDLE_TIMEOUT,
        &FIRST_TOKEN_TIMEOUT,
        &DEADLINE,
        &RETRY_BUDGET,
        &BREAKER,
        &FALLBACK,
    ],
);

const ATTEMPTS: Defaulted<Whole> = Field::defaulted(
    "attempts",
    Whole { of: "attempts", least: 1, most: 10 },
    4,
    "The most models that are tried for one request. No chain may be longer.",
);

const IDLE_TIMEOUT: Defaulted<Duration> = Field::defaulted(
    "idle_timeout",
    Duration { least: 1, most: 3_600_000 },
    60_000,
    "The longest silence of a provider, before its answer or within it; then the attempt has \
     failed. An answer that is not streamed has to be there whole by then, so set this longer than \
     your longest.",
);

/// How long a stream may take to its first content. A model may have its own.
const FIRST_TOKEN_TIMEOUT: Optional<Duration> = Field::optional(
    "first_token_timeout",
    Duration { least: 100, most: 3_600_000 },
    "only silence ends an attempt, by `idle_timeout`",
    "The longest that a stream takes to its first content, counted from when the provider was \
     asked; then the next model is asked. Comments and pings are no content. A stream that is \
     given up by this is a failure of its model, and counts for `breaker`: the time has to cover \
     what models think before they answer, or the thinking of one app's requests has a model left \
     alone for everybody. A model may have its own (`models.NAME.first_token_timeout`), which is \
     kept to the moment once its provider has sent a header; while it sends nothing at all, Envoy \
     has one timeout for all models that a request may go to, and that is the longest of theirs \
     (of one without, `idle_timeout`). \
     Answers that are not streamed, or are judged before the app sees any of them, come at their \
     end: only `idle_timeout` bounds them.",
);

const DEADLINE: Optional<Nested> = Field::optional(
    "deadline",
    Nested(&deadline::DEADLINE),
    "none: attempts follow each other for as long as they may",
    "How long an app may wait for the first of its answer, over all attempts.",
);

const RETRY_BUDGET: Optional<Nested> = Field::optional(
    "retry_budget",
    Nested(&retry_budget::RETRY_BUDGET),
    "`{share: 20%, at_least: 1000}`",
    "How many requests may be at another model than their first at once.",
);

const BREAKER: Optional<Nested> = Field::optional(
    "breaker",
    Nested(&breaker::BREAKER),
    "no model is left alone",
    "When a model that fails is left alone for a time.",
);

/// Reads the section, but for `fallback`, which names chains and is given back; `None`, and a
/// report, when something is wrong with it.
pub(super) fn read<'n>(
    mut fields: Object<'n>,
    identity: &[Identity],
) -> Option<(Resilience, Option<Spot<'n>>)> {
    let attempts = fields.read(&ATTEMPTS);
    let idle_timeout_ms = fields.read(&IDLE_TIMEOUT);
    let first_token_timeout_ms = fields.read(&FIRST_TOKEN_TIMEOUT);
    let deadline = fields.read_with(&DEADLINE, |spot| deadline::read(spot, identity));
    let retry_budget = fields.read_with(&RETRY_BUDGET, retry_budget::read);
    let breaker = fields.read_with(&BREAKER, breaker::read);
    let fallback = fields.spot(&FALLBACK);
    fields.finish();
    // What is wrong with the time says nothing of the attempts, which chains are compared with.
    let idle_timeout_ms = idle_timeout_ms.unwrap_or(IDLE_TIMEOUT.default());
    let attempts = u32::try_from(attempts?).ok()?;
    // What is wrong with it has been reported.
    let (breaker, deadline) = (breaker.flatten(), deadline.flatten());
    let first_token_timeout_ms = first_token_timeout_ms.flatten();
    let retry_budget = retry_budget.flatten().unwrap_or_default();
    #[rustfmt::skip]
    let read = Resilience {
        attempts, idle_timeout_ms, first_token_timeout_ms, deadline, retry_budget, breaker,
    };
    Some((read, fallback))
}
