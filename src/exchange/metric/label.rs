//! The labels of metrics, and which of their values are known before anything is counted.
use super::super::report;
use crate::policy::{Policy, RULES};
use crate::resilience::OpenedBy;

/// A label of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    values: Values,
}

/// What the values of a label are.
#[derive(Debug, Clone, Copy)]
enum Values {
    /// The policy's models.
    Models,
    /// The policy's models, `MODEL@ACCOUNT` where their provider has accounts.
    Asked,
    /// The policy's models that are retired some day.
    Retiring,
    /// The policy's classes.
    Classes,
    /// The policy's chains.
    Chains,
    /// The policy's experiments.
    Experiments,
    /// The policy's experiments that copy requests.
    Shadows,
    /// The arms of the experiment before it.
    Arms,
    /// What becomes of an attempt.
    Attempts,
    /// The policy's models whose answers are judged.
    Judged,
    /// What opens a breaker.
    Openings,
    /// What comes of an answer that is judged.
    Verdicts,
    /// These.
    Words(&'static [&'static str]),
    /// The policy's rules of limits.
    Rates,
    /// Whatever comes: there is none from the start.
    Open,
}

pub(super) const MODEL: Label = Label { name: "model", values: Values::Models };
pub(super) const ASKED: Label = Label { name: "model", values: Values::Asked };
pub(super) const RETIRING: Label = Label { name: "model", values: Values::Retiring };
pub(super) const CLASS: Label = Label { name: "class", values: Values::Classes };
pub(super) const CHAIN: Label = Label { name: "chain", values: Values::Chains };
pub(super) const EXPERIMENT: Label = Label { name: "experiment", values: Values::Experiments };
pub(super) const SHADOW: Label = Label { name: "experiment", values: Values::Shadows };
/// What comes of a request that was to be copied.
pub(super) const COPIED: Label = outcome(&["sent", "too_large", "busy", "failed"]);
/// What comes of a record for a collector.
pub(super) const RECORDED: Label = outcome(&["sent", "failed", "dropped"]);
pub(super) const ARM: Label = Label { name: "arm", values: Values::Arms };
pub(super) const RATE: Label = Label { name: "rule", values: Values::Rates };
/// What comes of a request that a rule is for.
pub(super) const LIMITED: Label = outcome(&["allowed", "limited", "observed", "untracked"]);
pub(super) const NOT_LET: Label = outcome(&["limited", "unavailable"]);
pub(super) const TENANT: Label = Label { name: "tenant", values: Values::Open };
pub(super) const DIGEST: Label = Label { name: "digest", values: Values::Open };
pub(super) const ATTEMPT: Label = Label { name: "outcome", values: Values::Attempts };
pub(super) const OPENED_BY: Label = Label { name: "reason", values: Values::Openings };
pub(super) const JUDGED: Label = Label { name: "model", values: Values::Judged };
pub(super) const VERDICT: Label = Label { name: "verdict", values: Values::Verdicts };

/// An answer that is judged and keeps every rule.
pub(in super::super) const ACCEPTED: &str = "accepted";

/// What was found of answers that are kept.
pub(super) const FOUND: Label =
    Label { name: "found", values: Values::Words(&["hit", "stale", "miss"]) };
/// What stands in for a model's answer.
pub(super) const STANDS_IN: Label =
    Label { name: "by", values: Values::Words(&["stale", "chain", "reply"]) };

const fn outcome(words: &'static [&'static str]) -> Label {
    Label { name: "outcome", values: Values::Words(words) }
}

/// What comes of a request that credits were to be set aside for. A ledger may say more words.
pub(super) const HOLD: Label = outcome(&[
    "held",
    "lease",
    "drawn",
    "grace",
    "allowed",
    "denied",
    "insufficient",
    "budget_exceeded",
    "unknown_tenant",
    "token_refused",
]);
/// How a request that was charged ended.
pub(super) const SETTLED_AS: Label = outcome(&["answered", "estimated", "cut", "failed"]);
/// What a ledger answers to a settlement.
pub(super) const SETTLEMENT: Label = outcome(&[
    "settled",
    "settled_before",
    "settled_late",
    "settled_unheld",
    "settled_differently",
    "unknown_hold",
    "unknown_tenant",
    "hold_released",
    "overflow",
    "other",
]);
/// What a ledger answers to a renewal.
pub(super) const RENEWAL: Label = outcome(&["renewed", "insufficient", "ended", "unanswered"]);

impl Label {
    /// The values that are known of a policy, after that of the label before it.
    pub(super) fn known<'p>(&self, policy: Option<&'p Policy>, before: &str) -> Vec<&'p str> {
        let policy = match (self.values, policy) {
            (Values::Open, _) | (_, None) => return Vec::new(),
            (Values::Attempts, _) => return report::words().collect(),
            (Values::Verdicts, _) => return [ACCEPTED].into_iter().chain(RULES).collect(),
            (Values::Words(words), _) => return words.to_vec(),
            (_, Some(policy)) => policy,
        };
        match self.values {
            Values::Models => policy.models().iter().map(|model| &*model.name).collect(),
            Values::Asked => policy.asked().map(|model| &*model.name).collect(),
            Values::Retiring => {
                let retiring = policy.models().iter().filter(|model| model.retires.is_some());
                retiring.map(|model| &*model.name).collect()
            }
            Values::Classes => policy.classes().iter().map(|class| &*class.name).collect(),
            Values::Chains => policy.chains().collect(),
            Values::Judged => policy.judged_models(),
            Values::Openings => {
                let any = policy.resilience().breaker.is_some();
                OpenedBy::ALL.iter().filter(|_| any).map(|own| own.name()).collect()
            }
            Values::Experiments => policy.experiments().iter().map(|own| &*own.name).collect(),
            Values::Rates => policy.rates().iter().map(|own| &*own.name).collect(),
            Values::Shadows => policy.shadows().iter().map(|own| &*own.name).collect(),
            Values::Arms => {
                let own = policy.experiments().iter().filter(|own| *own.name == *before);
                own.flat_map(|own| own.told()).collect()
            }
            Values::Open | Values::Attempts | Values::Verdicts | Values::Words(_) => Vec::new(),
        }
    }
}
