//! What one arm's requests add up to, unit by unit.
use std::collections::BTreeMap;

use super::entry::Entry;
use super::stats::{Estimate, float};

/// What is measured of each request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// How its values read.
    pub(super) unit: Unit,
    /// The value of a request; `None` for one that has none.
    of: fn(&Entry, &Known) -> Option<f64>,
}

/// How values read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Share,
    Milliseconds,
    Tokens,
    Credits,
    Score,
}

/// What is known of a request beside its line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) score: Option<f64>,
    /// What it would have cost with the premium model.
    pub(super) premium: Option<f64>,
}

/// Everything that arms are compared by.
pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "errors",
        title: "errors",
        unit: Unit::Share,
        of: |own, _| Some(flag(own.failed)),
    },
    Metric {
        name: "fallbacks",
        title: "fell back",
        unit: Unit::Share,
        of: |own, _| Some(flag(own.fell_back)),
    },
    Metric {
        name: "not_accepted",
        title: "answer not accepted",
        unit: Unit::Share,
        of: |own, _| Some(flag(own.not_accepted)),
    },
    Metric {
        name: "duration_ms",
        title: "duration",
        unit: Unit::Milliseconds,
        of: |own, _| (!own.failed).then_some(own.duration_ms),
    },
    Metric {
        name: "first_ms",
        title: "first token",
        unit: Unit::Milliseconds,
        of: |own, _| own.first_ms,
    },
    Metric {
        name: "input_tokens",
        title: "input",
        unit: Unit::Tokens,
        of: |own, _| Some(own.input_tokens),
    },
    Metric {
        name: "output_tokens",
        title: "output",
        unit: Unit::Tokens,
        of: |own, _| Some(own.output_tokens),
    },
    Metric { name: "credits", title: "cost", unit: Unit::Credits, of: |own, _| Some(own.credits) },
    Metric { name: "score", title: "feedback", unit: Unit::Score, of: |_, known| known.score },
];

fn flag(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

/// Sums over the requests of one unit.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    requests: f64,
    values: f64,
}

/// One arm's requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    pub(super) requests: usize,
    /// For each metric the sums of each unit.
    units: Vec<BTreeMap<String, Sums>>,
    /// Every value of a metric in milliseconds, for its quantiles.
    times: BTreeMap<&'static str, Vec<f64>>,
    /// What was paid, and what the premium model would have cost, unit by unit.
    saved: BTreeMap<String, (f64, f64)>,
}

impl Sample {
    /// One request more, of this unit.
    pub(super) fn add(&mut self, entry: &Entry, known: Known, unit: &str) {
        self.requests = self.requests.saturating_add(1);
        self.units.resize_with(METRICS.len(), BTreeMap::new);
        for (metric, units) in METRICS.iter().zip(&mut self.units) {
            let Some(value) = (metric.of)(entry, &known) else { continue };
            let sums = units.entry(unit.to_owned()).or_default();
            sums.requests += 1.0;
            sums.values += value;
            if metric.unit == Unit::Milliseconds {
                self.times.entry(metric.name).or_default().push(value);
            }
        }
        if let Some(premium) = known.premium {
            let sums = self.saved.entry(unit.to_owned()).or_default();
            *sums = (sums.0 + entry.credits, sums.1 + premium);
        }
    }

    /// Nothing is added any more.
    pub(super) fn sort(&mut self) {
        self.times.values_mut().for_each(|times| times.sort_by(f64::total_cmp));
    }

    /// How many units its requests are of.
    pub(super) fn units(&self) -> usize {
        self.units.first().map_or(0, BTreeMap::len)
    }

    /// A metric's values, sorted.
    pub(super) fn times(&self, metric: &Metric) -> &[f64] {
        self.times.get(metric.name).map(Vec::as_slice).unwrap_or_default()
    }

    /// A metric's mean over requests, and how sure it is: requests of one unit are alike, so it is
    /// the units that count (the ratio of two sums, by the delta method).
    pub(super) fn mean(&self, metric: &Metric) -> Option<Estimate> {
        let place = METRICS.iter().position(|own| own.name == metric.name)?;
        let sums = self.units.get(place)?.values().map(|own| (own.values, own.requests));
        ratio(sums)
    }

    /// The share of what the premium model would have cost that was not spent.
    pub(super) fn saved(&self) -> Option<Estimate> {
        let paid = ratio(self.saved.values().map(|(paid, premium)| (*paid, *premium)))?;
        Some(Estimate { mean: 1.0 - paid.mean, ..paid })
    }

    /// What was paid, and what the premium model would have cost.
    pub(super) fn paid(&self) -> (f64, f64) {
        let own = self.saved.values();
        own.fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1))
    }
}

/// The ratio of the sums of pairs, with its variance by the delta method.
fn ratio(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Estimate> {
    let units = float(pairs.clone().count());
    let sum = pairs.clone().fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
    if sum.1 <= 0.0 {
        return None;
    }
    let mean = sum.0 / sum.1;
    let off = pairs.map(|(value, weight)| (value - mean * weight).powi(2)).sum::<f64>();
    let variance = if units > 1.0 { off * units / (units - 1.0) / (sum.1 * sum.1) } else { 0.0 };
    Some(Estimate { mean, variance, units })
}

#[cfg(test)]
mod tests {
    use super::ratio;

    #[test]
    fn requests_of_their_own_have_the_variance_of_a_mean() {
        let values = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0];
        let found = ratio(values.iter().map(|value| (*value, 1.0))).unwrap();
        // Half of them, and the variance of eight draws: 0.25 * 8 / 7 / 8.
        assert!((found.mean - 0.5).abs() < 1e-12 && (found.variance - 0.25 / 7.0).abs() < 1e-12);
    }

    #[test]
    fn a_user_who_asks_a_hundred_times_is_one_user() {
        let alike = ratio([(100.0, 100.0), (0.0, 100.0), (100.0, 100.0)].into_iter()).unwrap();
        let apart = ratio((0..300).map(|own| (f64::from(u8::from(own % 3 != 1)), 1.0))).unwrap();
        assert!((alike.mean - apart.mean).abs() < 1e-9);
        assert!(alike.variance > 50.0 * apart.variance, "{alike:?} {apart:?}");
        assert!(ratio(core::iter::empty()).is_none());
    }
}
