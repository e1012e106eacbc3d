//! What experiments that copy requests have found: copies are in no arm and in no sum, and stand in
//! a place of their own.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::entry::{Copy, Entry};
use super::names::Names;
use super::stats::{Interval, float, share};

/// What an experiment has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) experiment: String,
    pub(super) copies: usize,
    pub(super) credits: f64,
    /// Copies of which both answers can be compared.
    pub(super) compared: usize,
    /// Those that came to the same.
    pub(super) agreed: usize,
}

impl Found {
    /// How many of the answers agree that can be compared.
    pub(super) fn agreement(&self) -> Option<Interval> {
        share(float(self.agreed), float(self.compared))
    }

    pub(super) fn json(&self) -> Value {
        let interval =
            |own: Interval| json!({"value": own.value, "low": own.low, "high": own.high});
        json!({
            "experiment": self.experiment,
            "copies": self.copies,
            "credits": self.credits,
            "compared": self.compared,
            "agreement": self.agreement().map(interval),
        })
    }
}

/// What each experiment has found, by its name.
pub(super) fn found(copies: &[Copy], entries: &[Entry], names: &Names) -> Vec<Found> {
    if copies.is_empty() {
        return Vec::new();
    }
    let own = entries.iter().filter_map(|entry| Some((entry.request_id, entry.comes_to?)));
    let own: BTreeMap<u64, u64> = own.collect();
    let mut all: BTreeMap<&str, Found> = BTreeMap::new();
    for copy in copies {
        let experiment = names.text(copy.experiment);
        let found = all.entry(experiment).or_default();
        experiment.clone_into(&mut found.experiment);
        found.copies = found.copies.saturating_add(1);
        found.credits += copy.micros / 1e6;
        let both = copy.comes_to.zip(own.get(&copy.of).copied());
        found.compared = found.compared.saturating_add(usize::from(both.is_some()));
        let agrees = both.is_some_and(|(one, other)| one == other);
        found.agreed = found.agreed.saturating_add(usize::from(agrees));
    }
    all.into_values().collect()
}
