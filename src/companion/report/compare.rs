//! How an arm differs from control.
//!
//! While an arm grows, weights change from policy to policy: most requests of control are of its
//! early days, most of the arm of later ones. What the times differ in must not count for the arm.
//! So arms are held against each other within what was drawn by the same weights, and these
//! differences are put together: each by `n m / (n + m)`, `n` and `m` being the requests of both
//! arms in it (W. G. Cochran, "Some methods for strengthening the common chi-squared tests",
//! Biometrics 1954). A unit that comes in several of them counts as one.
use std::collections::BTreeMap;

use super::always::{Stratum, of_means, of_shares};
use super::metric::{Metric, Unit};
use super::sample::{Sample, Sum};
use super::stats::{Difference, Estimate, LEAST, off};

/// How a measure differs from that of control; `None` where too little is known.
pub(super) fn difference(
    own: &Sample<'_>,
    control: &Sample<'_>,
    metric: &Metric,
) -> Option<Difference> {
    let [own, control] = [own, control].map(|sample| Strata::of(sample.sums(metric)));
    let bounded = matches!(metric.unit, Unit::Share | Unit::Score);
    of(&own, &control, bounded).map(|found| found.by(metric.scale()))
}

/// One arm's sums of a measure, and what they say in each stratum.
#[derive(Debug)]
struct Strata {
    sums: Vec<Sum>,
    estimates: BTreeMap<u32, Estimate>,
}

/// What an arm says in all strata together.
#[derive(Debug, Clone, Copy)]
struct Together {
    estimate: Estimate,
    /// How many times as much it varies since units come in several strata.
    alike: f64,
}

impl Strata {
    fn of(sums: Vec<Sum>) -> Self {
        let strata = sums.chunk_by(|own, next| own.stratum == next.stratum);
        let estimates = strata.filter_map(|own| {
            let estimate = Estimate::of(own.iter().map(|sum| (sum.value, sum.weight)))?;
            Some((own.first()?.stratum, estimate))
        });
        let estimates = estimates.collect();
        Self { sums, estimates }
    }

    /// By the part that each stratum has.
    fn together(&self, parts: &BTreeMap<u32, f64>) -> Together {
        #[derive(Default, Clone, Copy)]
        struct Unit {
            off: f64,
            part: f64,
            weight: f64,
        }
        let mut units: BTreeMap<u32, Unit> = BTreeMap::new();
        let mut apart = 0.0;
        for sum in &self.sums {
            let Some(part) = parts.get(&sum.stratum) else { continue };
            let Some(own) = self.estimates.get(&sum.stratum) else { continue };
            let few = (own.units / (own.units - 1.0).max(1.0)).sqrt();
            let off = part * few * off(sum.value, sum.weight, own.mean) / own.weight;
            apart += off * off;
            let unit = units.entry(sum.unit).or_default();
            unit.off += off;
            unit.part += part * sum.weight / own.weight;
            unit.weight += sum.weight;
        }
        let sum = |of: fn(&Unit) -> f64| units.values().map(of).sum::<f64>();
        let variance = sum(|own| own.off * own.off);
        let means = parts
            .iter()
            .map(|(stratum, part)| part * self.estimates.get(stratum).map_or(0.0, |own| own.mean));
        let estimate = Estimate {
            mean: means.sum(),
            variance,
            third: sum(|own| own.off.powi(3)),
            // Units of which little depends are less than one.
            units: 1.0 / sum(|own| own.part * own.part).max(f64::MIN_POSITIVE),
            weight: sum(|own| own.weight),
            largest: units.values().map(|own| own.weight).fold(0.0, f64::max),
            alike: 1.0,
        };
        let alike = if apart > 0.0 { (variance / apart).max(1.0) } else { 1.0 };
        Together { estimate, alike }
    }
}

fn of(own: &Strata, control: &Strata, bounded: bool) -> Option<Difference> {
    let both = own.estimates.iter().filter_map(|(stratum, own)| {
        control.estimates.get(stratum).map(|control| (*stratum, [*own, *control]))
    });
    let mut both: Vec<(u32, [Estimate; 2])> = both.collect();
    let single = own.estimates.len() == 1 && control.estimates.len() == 1;
    if !single {
        // Of one unit nobody knows how far it is off.
        both.retain(|(_, arms)| arms.iter().all(|arm| arm.units >= 2.0));
    }
    if both.is_empty() {
        return None;
    }
    if let [(_, [own, control])] = both.as_slice() {
        let stratum = Stratum { own: *own, control: *control, part: 1.0 };
        return if bounded { of_shares(&[stratum], 1.0) } else { of_means(*own, *control) };
    }
    let size = |[own, control]: &[Estimate; 2]| {
        own.weight * control.weight / (own.weight + control.weight)
    };
    let all: f64 = both.iter().map(|(_, arms)| size(arms)).sum();
    let parts = both.iter().map(|(stratum, arms)| (*stratum, size(arms) / all)).collect();
    let [own, control] = [own, control].map(|arm| arm.together(&parts));
    if !bounded {
        return of_means(own.estimate, control.estimate);
    }
    let few = [own, control].iter().any(|arm| arm.estimate.units < LEAST);
    let alike = [own, control].map(|arm| if few { arm.estimate.largest } else { arm.alike });
    let alike = alike.into_iter().fold(1.0, f64::max);
    let strata = both.iter().zip(parts.values()).map(|((_, [own, control]), part)| Stratum {
        own: *own,
        control: *control,
        part: *part,
    });
    of_shares(&strata.collect::<Vec<_>>(), alike)
}

#[cfg(test)]
mod tests;
