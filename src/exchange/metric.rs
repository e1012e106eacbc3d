//! Every metric of the module, once: the rules that cut labels out of names, the reference page and
//! dashboards are made of this table.
//!
//! A module can only name a metric, so labels stand in the name, as pairs after it:
//! `tradewind_attempts_total.model.gpt-sol.outcome.answered`. `tradewind render` writes the rules
//! that cut them out again.
mod label;

pub(super) use label::ACCEPTED;
pub use label::Label;
use label::{
    ARM, ASKED, ATTEMPT, CHAIN, CLASS, COPIED, DIGEST, EXPERIMENT, FOUND, HOLD, JUDGED, LIMITED,
    MODEL, NOT_LET, OPENED_BY, RATE, RECORDED, RENEWAL, RETIRING, SETTLED_AS, SETTLEMENT, SHADOW,
    STANDS_IN, TENANT, VERDICT,
};

use super::Effect;
use crate::order;
use crate::policy::{Policy, metric_label};

/// One metric.
#[derive(Debug)]
pub struct Metric {
    /// The name, without labels.
    pub name: &'static str,
    /// Whether it counts or measures.
    pub kind: Kind,
    /// The labels, in their order.
    pub labels: &'static [Label],
    /// The upper bounds of a histogram's buckets; none for the others.
    pub buckets: &'static [u64],
    /// What it says, for people.
    pub help: &'static str,
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often a value lay in which bucket: whole numbers, as Envoy takes no others of a module.
    Histogram,
}

/// What an answer costs, in millionths of a credit.
const SAVES: &[u64] = &[10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// How long a provider takes, in milliseconds.
const TAKES: &[u64] = &[
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 40_000, 60_000, 120_000, 300_000,
    600_000,
];

/// Most series that there are before anything is counted. A large policy has more: those come with
/// their first count.
const DECLARED_MOST: usize = 2_400;

macro_rules! metrics {
    ($($row:ident: $kind:ident $name:literal $labels:tt $buckets:expr, $help:literal;)*) => {
        $(pub(super) static $row: Metric = Metric {
            name: $name,
            kind: Kind::$kind,
            labels: &$labels,
            buckets: $buckets,
            help: $help,
        };)*

        /// Every metric, in the order of the reference page.
        pub static ALL: &[&Metric] = &[$(&$row),*];
    };
}

metrics! {
    ATTEMPTS: Counter "tradewind_attempts_total" [MODEL, ATTEMPT] &[],
        "Attempts of requests that are over, by what became of each.";
    ATTEMPT_DURATION: Histogram "tradewind_attempt_duration_milliseconds" [MODEL] TAKES,
        "How long each attempt took, whatever became of it.";
    FIRST_TOKEN: Histogram "tradewind_time_to_first_token_milliseconds" [MODEL] TAKES,
        "How long it took in a streamed answer until the first of its content was there.";
    CASCADE_ANSWERS: Counter "tradewind_cascade_answers_total" [JUDGED, VERDICT] &[],
        "Answers of cascades that were judged, by `accepted` or the rule that one breaks first. Of \
         two that are to agree the first counts as `agree`, whatever the second says.";
    DEPRECATED_ANSWERS: Counter "tradewind_deprecated_answers_total" [RETIRING] &[],
        "Answers of models that their provider retires, by model.";
    BREAKER_OPENED: Counter "tradewind_breaker_opened_total" [ASKED, OPENED_BY] &[],
        "How often a model's breaker opened, by what opened it; where its provider has accounts, \
         the model is `MODEL@ACCOUNT`, as in the two below.";
    BREAKER_OPEN: Gauge "tradewind_breaker_open" [ASKED] &[],
        "1 from when a model's breaker opens until a request that tries it is answered, 0 then.";
    BREAKER_WOULD_OPEN: Counter "tradewind_breaker_would_open_total" [ASKED, OPENED_BY] &[],
        "How often it would have opened, where the policy only observes.";
    OVER_BUDGET: Counter "tradewind_retries_over_budget_total" [MODEL] &[],
        "Requests that a model failed and no other was asked, since too many had gone on already \
         (`resilience.retry_budget`).";
    DEADLINES: Counter "tradewind_deadlines_total" [] &[],
        "Requests whose answer had not begun when their app's patience was over \
         (`resilience.deadline`).";
    STREAMS_CUT: Counter "tradewind_streams_cut_total" [MODEL] &[],
        "Streamed answers that broke after the app had a part of them.";
    STREAMS_RESUMED: Counter "tradewind_streams_resumed_total" [MODEL] &[],
        "Streamed answers that broke after the app had a part of them and went on with another \
         model (`resilience.resume`), by the model that had begun.";
    STREAMS_TOO_LARGE: Counter "tradewind_streams_too_large_total" [MODEL] &[],
        "Streamed answers that were ended since more of them would have to be held than may be.";
    CLASSIFIED: Counter "tradewind_classified_total" [CLASS, CHAIN] &[],
        "Requests that were handed to a chain, by class: none where the policy has no classes.";
    EXPOSED: Counter "tradewind_exposed_total" [EXPERIMENT, ARM] &[],
        "Requests that were handed to a chain, by the arm of each experiment that they are in.";
    SHADOW_REQUESTS: Counter "tradewind_shadow_requests_total" [SHADOW, COPIED] &[],
        "Requests that an experiment was to copy, by what came of that: `too_large` and `busy` \
         were not copied, since the body was longer than `max_body`, or since `max_in_flight` or \
         the memory for bodies was used up.";
    SHADOW_RECORDS: Counter "tradewind_shadow_records_total" [SHADOW, RECORDED] &[],
        "Records of requests and their copies for the operator's collector, by what came of them.";
    KEPT: Counter "tradewind_kept_total" [MODEL] &[],
        "Requests that were to go to a model first since it had answered before, by that model.";
    CACHE_REQUESTS: Counter "tradewind_cache_requests_total" [FOUND] &[],
        "Requests whose answer may be kept, by what was found: `hit` was answered at once, `stale` \
         may stand in where no model answers, `miss` is everything else.";
    CACHE_KEPT: Counter "tradewind_cache_kept_total" [] &[],
        "Answers that were kept for whoever asks the same.";
    CACHE_SAVED: Histogram "tradewind_cache_saved_credits_micros" [] SAVES,
        "What an answer that was given again had cost, less its `cache.price`, in millionths of a \
         credit.";
    DEGRADED: Counter "tradewind_degraded_total" [STANDS_IN] &[],
        "Requests of which every model of their own chain failed, by what stood in.";
    REFUSED: Counter "tradewind_refused_total" [] &[],
        "Requests that were refused before a provider saw them.";
    LIMITS: Counter "tradewind_limits_total" [RATE, LIMITED] &[],
        "Requests that a rule of `limits.rate` is for, by what came of it: `limited` were refused \
         by this rule, `observed` would have been if it did not only observe, `untracked` were let \
         through without being counted, since there was no place to count them.";
    GLOBAL_LIMITS: Counter "tradewind_global_limits_total" [NOT_LET] &[],
        "Requests that `limits.global` refused: `limited`, or `unavailable` without an answer.";
    SESSIONS_ENDED: Counter "tradewind_session_refused_total" [] &[],
        "Requests that were refused since their session is over by `limits.session`.";
    LOCAL_FAILURES: Counter "tradewind_local_failures_total" [] &[],
        "Failures of Envoy's own that were told in the words of the app's API.";
    PLAN_MISMATCH: Counter "tradewind_plan_mismatch_total" [] &[],
        "Attempts that a provider role refused: an unreadable plan, another provider's cluster, or \
         a body that is not the announced one.";
    PROVIDER_ROLE_MISSING: Counter "tradewind_provider_role_missing_total" [] &[],
        "Requests that came to a cluster without the provider role: nothing was sent.";
    POLICY_INFO: Gauge "tradewind_policy_info" [DIGEST] &[],
        "1 for the policy that serves, 0 for those before it.";
    POLICY_REFUSED: Counter "tradewind_policy_refused_total" [] &[],
        "Policies that were refused; the last good one keeps serving.";
    LEDGER_UP: Gauge "tradewind_ledger_up" [] &[],
        "1 while the ledger answers holds, 0 while requests are served or refused without it.";
    HOLDS: Counter "tradewind_holds_total" [HOLD] &[],
        "Requests that credits were to be set aside for, by what came of it.";
    SETTLED: Counter "tradewind_settled_total" [SETTLED_AS] &[],
        "Requests that were charged, by how they ended.";
    USAGE_REJECTED: Counter "tradewind_usage_rejected_total" [MODEL] &[],
        "Reports of usage that cannot be true: an estimate was charged instead.";
    SETTLEMENTS: Counter "tradewind_settlements_total" [SETTLEMENT] &[],
        "Settlements that the ledger has answered, by its answer.";
    SETTLEMENTS_RETRIED: Counter "tradewind_settlements_retried_total" [] &[],
        "Batches of settlements that go to the ledger again.";
    SETTLEMENTS_DROPPED: Counter "tradewind_settlements_dropped_total" [] &[],
        "Settlements that no ledger will ever take: what they were for stays uncharged.";
    RENEWALS: Counter "tradewind_renewals_total" [RENEWAL] &[],
        "Holds of running streams that were to be renewed, by what came of it.";
    NEAR_LIMIT: Counter "tradewind_near_limit_total" [] &[],
        "Requests that were served by the chain for tenants who have little left.";
    CREDITS_LEFT: Gauge "tradewind_credits_left_micros" [TENANT] &[],
        "What a tenant has left, in millionths of a credit, as the ledger last said.";
}

impl Metric {
    /// Counts one; `values` are those of the labels.
    pub(super) fn count(&self, values: &[&str]) -> Effect {
        Effect::Count(self.named(values))
    }

    /// Sets a gauge; `values` are those of the labels.
    pub(super) fn set(&self, values: &[&str], value: u64) -> Effect {
        Effect::Gauge(self.named(values), value)
    }

    /// Adds a value to a histogram; `values` are those of the labels.
    pub(super) fn measure(&self, values: &[&str], value: u64) -> Effect {
        Effect::Measure(self.named(values), value)
    }

    /// The values of its labels that are known, in every combination; none where any may come.
    fn known<'p>(&self, policy: Option<&'p Policy>) -> Vec<Vec<&'p str>> {
        let mut known: Vec<Vec<&str>> = vec![Vec::new()];
        for label in self.labels {
            let more = |before: Vec<&'p str>| {
                let values = label.known(policy, before.last().copied().unwrap_or_default());
                let with = |value: &&'p str| before.iter().copied().chain([*value]).collect();
                values.iter().map(with).collect::<Vec<_>>()
            };
            known = known.into_iter().flat_map(more).collect();
        }
        known
    }

    fn named(&self, values: &[&str]) -> String {
        let mut name = String::with_capacity(self.name.len().saturating_add(64));
        name.push_str(self.name);
        for (label, value) in self.labels.iter().zip(values) {
            name.push('.');
            name.push_str(label.name);
            name.push('.');
            name.push_str(&metric_label(value));
        }
        name
    }
}

/// The name of every label, each once.
#[must_use]
pub fn labels() -> Vec<&'static str> {
    let all = ALL.iter().flat_map(|metric| metric.labels);
    let mut labels: Vec<&str> = all.map(|label| label.name).collect();
    order::sort(&mut labels);
    labels.dedup();
    labels
}

/// The names of all counters and histograms, with the labels that are known of a policy: they are
/// there before anything is counted, so that what never happened can be told from what nobody
/// counts.
/// Without a policy they are those that have no labels.
#[must_use]
pub fn declared(policy: Option<&Policy>) -> Vec<(Kind, String)> {
    let mut declared = Vec::new();
    let counted = || ALL.iter().filter(|metric| metric.kind != Kind::Gauge);
    // Those without labels are always there; the others as long as there is room for all of one.
    let plain = counted().filter(|metric| metric.labels.is_empty()).count();
    let mut room = DECLARED_MOST.saturating_sub(plain);
    for metric in counted() {
        let known = metric.known(policy);
        if !metric.labels.is_empty() {
            let Some(left) = room.checked_sub(known.len()) else { continue };
            room = left;
        }
        declared.extend(known.iter().map(|values| (metric.kind, metric.named(values))));
    }
    declared
}

/// A policy was refused: told by the shell, where no role exists yet.
#[must_use]
pub fn policy_refused() -> Effect {
    POLICY_REFUSED.count(&[])
}

#[cfg(test)]
mod tests {
    use super::{ALL, ATTEMPTS, Kind};
    use crate::exchange::Effect;

    #[test]
    fn labels_stand_in_the_name() {
        let Effect::Count(name) = ATTEMPTS.count(&["gpt-4.1", "answered"]) else { return };
        assert_eq!(name, "tradewind_attempts_total.model.gpt-4_1.outcome.answered");
    }

    #[test]
    fn names_say_what_they_are_and_stand_once() {
        for (index, metric) in ALL.iter().enumerate() {
            let name = metric.name;
            assert!(name.starts_with("tradewind_"), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind == Kind::Counter, "{name}");
            assert!(ALL.iter().skip(index + 1).all(|other| other.name != name), "{name}");
        }
    }
}
