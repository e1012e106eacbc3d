//! What one arm's requests add up to, unit by unit.
use std::collections::BTreeMap;

use super::always::{of_means, of_shares};
use super::entry::Entry;
use super::stats::{Difference, Estimate, Interval, quantile};

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
    /// From 0 to 1.
    Score,
}

/// What is known of a request beside its line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) score: Option<f64>,
    pub(super) saved: Saved,
}

/// What a request says of what was saved.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Saved {
    /// Nobody asks.
    #[default]
    Unasked,
    /// Its line does not say what it cost, or what its answer alone used.
    Untold,
    /// What was paid, and what the same answer would have cost with the premium model.
    Of(f64, f64),
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
    Metric { name: "credits", title: "cost", unit: Unit::Credits, of: |own, _| own.credits },
    Metric { name: "score", title: "feedback", unit: Unit::Score, of: |_, known| known.score },
];

/// The quantiles that are shown of times.
pub(super) const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

fn flag(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

/// Sums over the requests of one unit: of values, and how many of them.
type Sums = (f64, f64);

/// One arm's requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    pub(super) requests: usize,
    /// Requests that are left out of what was saved.
    pub(super) untold: usize,
    /// Where each unit stands in the lists below; one of a request alone has no name.
    places: BTreeMap<String, usize>,
    /// For each unit the sums of each metric.
    units: Vec<[Sums; METRICS.len()]>,
    /// What each unit paid, and what the premium model would have cost.
    saved: Vec<(f64, f64)>,
    /// Every value of a metric in milliseconds with its unit's place, for its quantiles.
    times: BTreeMap<&'static str, Vec<(f64, usize)>>,
}

impl Sample {
    /// One request more, of this unit, or of one of its own.
    pub(super) fn add(&mut self, entry: &Entry, known: Known, unit: Option<&str>) {
        self.requests = self.requests.saturating_add(1);
        let next = self.units.len();
        let place = match unit {
            Some(unit) => *self.places.entry(unit.to_owned()).or_insert(next),
            None => next,
        };
        if place == next {
            self.units.push(Default::default());
            self.saved.push((0.0, 0.0));
        }
        for (metric, sums) in METRICS.iter().zip(self.units.get_mut(place).into_iter().flatten()) {
            let Some(value) = (metric.of)(entry, &known) else { continue };
            *sums = (sums.0 + value, sums.1 + 1.0);
            if metric.unit == Unit::Milliseconds {
                self.times.entry(metric.name).or_default().push((value, place));
            }
        }
        match (known.saved, self.saved.get_mut(place)) {
            (Saved::Of(paid, premium), Some(sums)) => *sums = (sums.0 + paid, sums.1 + premium),
            (Saved::Untold, _) => self.untold = self.untold.saturating_add(1),
            _ => {}
        }
    }

    /// Nothing is added any more.
    pub(super) fn sort(&mut self) {
        self.times.values_mut().for_each(|times| times.sort_by(|a, b| a.0.total_cmp(&b.0)));
    }

    /// How many units its requests are of.
    pub(super) const fn units(&self) -> usize {
        self.units.len()
    }

    /// A quantile of a metric in milliseconds, with its interval.
    pub(super) fn quantile(&self, metric: &Metric, part: f64) -> Option<Interval> {
        quantile(self.times.get(metric.name)?, part)
    }

    /// A metric's mean over requests, and how sure it is.
    fn mean(&self, metric: &Metric) -> Option<Estimate> {
        let place = METRICS.iter().position(|own| own.name == metric.name)?;
        let sums = self.units.iter().filter_map(|own| own.get(place).copied());
        Estimate::of(sums.filter(|own| own.1 > 0.0))
    }

    /// A metric's mean with its interval.
    pub(super) fn shown(&self, metric: &Metric) -> Option<Interval> {
        let own = self.mean(metric)?;
        Some(match metric.unit {
            Unit::Share => own.share(),
            Unit::Score => within(own.interval(), 1.0),
            Unit::Milliseconds | Unit::Tokens | Unit::Credits => {
                within(own.interval(), f64::INFINITY)
            }
        })
    }

    /// How a metric differs from that of control; `None` where too little is known.
    pub(super) fn against(&self, control: &Self, metric: &Metric) -> Option<Difference> {
        let (own, control) = (self.mean(metric)?, control.mean(metric)?);
        match metric.unit {
            Unit::Share | Unit::Score => of_shares(own, control),
            Unit::Milliseconds | Unit::Tokens | Unit::Credits => of_means(own, control),
        }
    }

    /// The share of what the premium model would have cost that was not spent.
    pub(super) fn saved(&self) -> Option<Interval> {
        let paid = Estimate::of(self.saved.iter().copied().filter(|own| *own != (0.0, 0.0)))?;
        let Interval { value, low, high } = paid.interval();
        Some(Interval { value: 1.0 - value, low: 1.0 - high, high: 1.0 - low })
    }

    /// What was paid, and what the premium model would have cost.
    pub(super) fn paid(&self) -> (f64, f64) {
        self.saved.iter().fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1))
    }
}

/// An interval of something that is never below zero, and never above that.
fn within(own: Interval, most: f64) -> Interval {
    Interval { low: own.low.max(0.0), high: own.high.min(most), ..own }
}
