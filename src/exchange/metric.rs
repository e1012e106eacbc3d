//! Every metric of the module, once: the rules that cut labels out of names, the reference page and
//! dashboards are made of this table.
//!
//! A module can only name a metric, so labels stand in the name, as pairs after it:
//! `tradewind_attempts_total.model.gpt-4o.outcome.answered`. `tradewind render` writes the rules
//! that cut them out again.
use super::Effect;
use crate::policy::metric_label;

/// One metric.
#[derive(Debug)]
pub struct Metric {
    /// The name, without labels.
    pub name: &'static str,
    /// Whether it counts or measures.
    pub kind: Kind,
    /// The names of the labels, in their order.
    pub labels: &'static [&'static str],
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
}

macro_rules! metrics {
    ($($row:ident: $kind:ident $name:literal $labels:tt $help:literal;)*) => {
        $(pub(super) static $row: Metric = Metric {
            name: $name,
            kind: Kind::$kind,
            labels: &$labels,
            help: $help,
        };)*

        /// Every metric, in the order of the reference page.
        pub static ALL: &[&Metric] = &[$(&$row),*];
    };
}

metrics! {
    ATTEMPTS: Counter "tradewind_attempts_total" ["model", "outcome"]
        "Attempts of requests that are over, by what became of each.";
    STREAMS_CUT: Counter "tradewind_streams_cut_total" ["model"]
        "Streamed answers that broke after the app had a part of them.";
    STREAMS_TOO_LARGE: Counter "tradewind_streams_too_large_total" ["model"]
        "Streamed answers that were ended since more of them would have to be held than may be.";
    REFUSED: Counter "tradewind_refused_total" []
        "Requests that were refused before a provider saw them.";
    LOCAL_FAILURES: Counter "tradewind_local_failures_total" []
        "Failures of Envoy's own that were told in the words of the app's API.";
    PLAN_MISMATCH: Counter "tradewind_plan_mismatch_total" []
        "Attempts that a provider role refused: an unreadable plan, another provider's cluster, or \
         a body that is not the announced one.";
    PROVIDER_ROLE_MISSING: Counter "tradewind_provider_role_missing_total" []
        "Requests that came to a cluster without the provider role: nothing was sent.";
    POLICY_REFUSED: Counter "tradewind_policy_refused_total" []
        "Policies that were refused; the last good one keeps serving.";
    HOLDS: Counter "tradewind_holds_total" ["outcome"]
        "Requests that credits were to be set aside for, by what came of it.";
    SETTLED: Counter "tradewind_settled_total" ["outcome"]
        "Requests that were charged, by how they ended.";
    USAGE_REJECTED: Counter "tradewind_usage_rejected_total" ["model"]
        "Reports of usage that cannot be true: an estimate was charged instead.";
    SETTLEMENTS: Counter "tradewind_settlements_total" ["outcome"]
        "Settlements that the ledger has answered, by its answer.";
    SETTLEMENTS_RETRIED: Counter "tradewind_settlements_retried_total" []
        "Batches of settlements that go to the ledger again.";
    SETTLEMENTS_DROPPED: Counter "tradewind_settlements_dropped_total" []
        "Settlements that no ledger will ever take: what they were for stays uncharged.";
    RENEWALS: Counter "tradewind_renewals_total" ["outcome"]
        "Holds of running streams that were to be renewed, by what came of it.";
    NEAR_LIMIT: Counter "tradewind_near_limit_total" []
        "Requests that were served by the chain for tenants who have little left.";
    CREDITS_LEFT: Gauge "tradewind_credits_left_micros" ["tenant"]
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

    fn named(&self, values: &[&str]) -> String {
        let mut name = self.name.to_owned();
        for (label, value) in self.labels.iter().zip(values) {
            name.push('.');
            name.push_str(label);
            name.push('.');
            name.push_str(&metric_label(value));
        }
        name
    }
}

/// The name of every label, each once.
#[must_use]
pub fn labels() -> Vec<&'static str> {
    let mut labels: Vec<&str> = ALL.iter().flat_map(|metric| metric.labels).copied().collect();
    labels.sort_unstable();
    labels.dedup();
    labels
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
