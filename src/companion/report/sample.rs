//! What one arm's requests add up to, unit by unit: one measure after the other, so that at no time
//! more than one of them is held.
use std::collections::HashMap;

use super::entry::{Entry, Saved};
use super::metric::{Measured, Metric, QUANTILES, Unit};
use super::stats::{Estimate, Interval, quantile};

/// One arm's requests.
#[derive(Debug)]
pub(super) struct Sample<'e> {
    entries: &'e [Entry],
    members: Vec<Member>,
    /// Where each unit stands that has more than one request.
    places: HashMap<u64, u32>,
    units: u32,
}

/// One of its requests.
#[derive(Debug, Clone, Copy)]
struct Member {
    /// Its place among all entries.
    entry: usize,
    unit: u32,
    /// The policies that it was drawn under, by the weights that they have.
    stratum: u32,
}

/// The sum of a measure over the requests of one unit in one stratum, and how many they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sum {
    pub(super) stratum: u32,
    pub(super) unit: u32,
    pub(super) value: f64,
    pub(super) weight: f64,
}

/// What is shown of a measure.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) mean: Interval,
    /// In the order of [`QUANTILES`]; none where the measure is no time.
    pub(super) quantiles: [Option<Interval>; QUANTILES.len()],
    /// Requests whose lines do not say it.
    pub(super) missing: usize,
}

/// What was saved.
#[derive(Debug, Default)]
pub(super) struct Savings {
    /// The share of what the premium model would have cost that was not spent.
    pub(super) share: Option<Interval>,
    /// What was paid, and what the premium model would have cost, in credits.
    pub(super) paid: f64,
    pub(super) premium: f64,
    /// Requests that are left out.
    pub(super) untold: usize,
}

impl<'e> Sample<'e> {
    pub(super) fn of(entries: &'e [Entry]) -> Self {
        Self { entries, members: Vec::new(), places: HashMap::new(), units: 0 }
    }

    /// One request more, of this unit, or of one of its own.
    pub(super) fn add(&mut self, entry: usize, unit: Option<u64>, stratum: u32) {
        let place = unit.map_or(self.units, |unit| *self.places.entry(unit).or_insert(self.units));
        self.units = self.units.max(place.saturating_add(1));
        self.members.push(Member { entry, unit: place, stratum });
    }

    pub(super) const fn requests(&self) -> usize {
        self.members.len()
    }

    /// How many units its requests are of.
    pub(super) fn units(&self) -> usize {
        usize::try_from(self.units).unwrap_or(usize::MAX)
    }

    fn all(&self) -> impl Iterator<Item = (Member, &'e Entry)> + '_ {
        self.members.iter().filter_map(|own| Some((*own, self.entries.get(own.entry)?)))
    }

    /// The sums of a measure by stratum and unit, in that order.
    pub(super) fn sums(&self, metric: &Metric) -> Vec<Sum> {
        let values = self.all().filter_map(|(Member { stratum, unit, .. }, entry)| {
            let Measured::Is(value) = (metric.of)(entry) else { return None };
            Some(Sum { stratum, unit, value, weight: 1.0 })
        });
        let mut sums: Vec<Sum> = values.collect();
        // A stable order, so that sums of doubles come out the same.
        sums.sort_by_key(|own| (own.stratum, own.unit));
        sums.dedup_by(|next, own| {
            let same = (next.stratum, next.unit) == (own.stratum, own.unit);
            if same {
                own.value += next.value;
                own.weight += next.weight;
            }
            same
        });
        sums
    }

    /// A measure's mean with its interval, and its quantiles; `None` where no request says it.
    pub(super) fn shown(&self, metric: &Metric) -> Option<Shown> {
        let mut missing: usize = 0;
        let mut pairs = vec![(0.0, 0.0); self.units()];
        let mut times = Vec::new();
        for (own, entry) in self.all() {
            let value = match (metric.of)(entry) {
                Measured::Not => continue,
                Measured::Missing => {
                    missing = missing.saturating_add(1);
                    continue;
                }
                Measured::Is(value) => value,
            };
            let unit = usize::try_from(own.unit).unwrap_or(usize::MAX);
            let Some(pair) = pairs.get_mut(unit) else { continue };
            *pair = (pair.0 + value, pair.1 + 1.0);
            if metric.unit == Unit::Milliseconds {
                times.push((value, unit));
            }
        }
        pairs.retain(|own| own.1 > 0.0);
        let estimate = Estimate::of(pairs.iter().copied())?;
        let mean = match metric.unit {
            // A score is bounded as a share is, and varies less than one of the same mean.
            Unit::Share | Unit::Score => estimate.share(),
            Unit::Milliseconds | Unit::Tokens | Unit::Credits => {
                let own = estimate.interval().by(metric.scale());
                Interval { low: own.low.max(0.0), ..own }
            }
        };
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let quantiles = QUANTILES.map(|(_, part)| quantile(&times, part));
        Some(Shown { mean, quantiles, missing })
    }

    /// What was saved.
    pub(super) fn savings(&self) -> Savings {
        let mut savings = Savings::default();
        let mut pairs = vec![(0.0, 0.0); self.units()];
        for (own, entry) in self.all() {
            match entry.saved {
                Saved::Unasked => {}
                Saved::Untold => savings.untold = savings.untold.saturating_add(1),
                Saved::Of(paid, premium) => {
                    let unit = usize::try_from(own.unit).unwrap_or(usize::MAX);
                    let Some(pair) = pairs.get_mut(unit) else { continue };
                    *pair = (pair.0 + paid, pair.1 + premium);
                }
            }
        }
        pairs.retain(|own| *own != (0.0, 0.0));
        let sum = pairs.iter().fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
        let share = Estimate::of(pairs.iter().copied()).map(|own| {
            let Interval { value, low, high } = own.interval();
            Interval { value: 1.0 - value, low: 1.0 - high, high: 1.0 - low.max(0.0) }
        });
        Savings { share, paid: sum.0 / 1e6, premium: sum.1 / 1e6, ..savings }
    }
}
