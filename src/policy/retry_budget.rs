//! `resilience.retry_budget`: how many requests may be at another model than their first at once.
use super::field::{Defaulted, Field, Section, Shares, Spot, Whole};
use crate::credit::Share;

/// `resilience.retry_budget`: how many requests may be at another model than their first at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryBudget {
    /// Such a share of the requests that are at a provider.
    pub share: Share,
    /// And so many, however few there are.
    pub at_least: u64,
}

const TWENTY_PERCENT: Share = Share::percent(20);

const AT_LEAST_USUAL: u64 = 1_000;

pub(super) const RETRY_BUDGET: Section = Section::new(
    "an object of settings",
    "How many requests may be at another model than their first at once, so that the outage of one \
     provider does not become a flood at the others. Where a model fails and so many are there \
     already, no other is asked: the app is told of this failure, with `retry-after` where the \
     provider says nothing of it (1 s), the access log says `retry_budget` of the attempt, and \
     `tradewind_retries_over_budget_total` counts it. Each worker counts for itself, since it has \
     its own share of the requests: those that are at a provider, and those of them that have \
     gone on from a model that failed. The same model asked once more on another connection is no \
     such request. It holds from one policy to the next. A model's breaker does more: an open one \
     has nobody ask the model first, and then nothing needs to go on. The budget is for the time \
     until it opens, so `at_least` is generous: all that a worker has at once may go on where that \
     is no more than 1,000.",
    "resilience:
  retry_budget: {share: \"20%\", at_least: 50}",
    &[&SHARE, &AT_LEAST],
);

const SHARE: Defaulted<Shares> = Field::defaulted(
    "share",
    Shares::MoreThanNone,
    TWENTY_PERCENT,
    "The share of a worker's requests at providers that may have gone on.",
);

const AT_LEAST: Defaulted<Whole> = Field::defaulted(
    "at_least",
    Whole { of: "requests", least: 0, most: 1_000_000 },
    AT_LEAST_USUAL,
    "So many of a worker's may, however few there are.",
);

impl Default for RetryBudget {
    fn default() -> Self {
        Self { share: TWENTY_PERCENT, at_least: AT_LEAST_USUAL }
    }
}

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(spot: &Spot<'_>) -> Option<RetryBudget> {
    let mut fields = spot.object(&RETRY_BUDGET)?;
    let share = fields.read(&SHARE);
    let at_least = fields.read(&AT_LEAST);
    fields.finish();
    Some(RetryBudget { share: share?, at_least: at_least? })
}
