//! Whether the sizes of arms follow their weights.
//!
//! Weights change: an arm grows from 1 to 50 % within a log. So sizes are held against weights
//! policy by policy, each line of the log naming its own by a digest, by Pearson's test; of several
//! tests the smallest chance counts, times their number (Bonferroni), since units that come again
//! under another policy make them dependent. Lines of older versions name no policy: they are held
//! against the policy in force, and the report says what that supposes.
use std::collections::{BTreeMap, BTreeSet};

use super::gamma::upper_gamma;
use super::stats::float;

/// A chance below which sizes are said to be wrong: looked at often, one of twenty would be.
pub(super) const MISMATCH: f64 = 0.001;

/// Requests of one policy that have an arm.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    requests: usize,
    /// What keeps each arm; the same unit as often as it comes.
    units: BTreeMap<String, Vec<u64>>,
}

impl Drawn {
    /// One request more, of this arm and unit.
    pub(super) fn add(&mut self, arm: &str, unit: u64) {
        self.requests = self.requests.saturating_add(1);
        match self.units.get_mut(arm) {
            Some(units) => units.push(unit),
            None => drop(self.units.insert(arm.to_owned(), vec![unit])),
        }
    }

    /// How many units have each arm.
    fn counts(mut self) -> BTreeMap<String, f64> {
        for units in self.units.values_mut() {
            units.sort_unstable();
            units.dedup();
        }
        self.units.into_iter().map(|(arm, units)| (arm, float(units.len()))).collect()
    }
}

/// The strata of policies: those of the same weights are one, and one whose weights nobody tells is
/// one for itself.
pub(super) fn strata<'w>(
    policies: impl Iterator<Item = &'w str>,
    weights: impl Fn(&str) -> Option<&'w [(String, f64)]>,
) -> BTreeMap<String, u32> {
    let mut seen = BTreeMap::new();
    let strata = policies.map(|policy| {
        let key = weights(policy).map(shares).ok_or(policy);
        let next = u32::try_from(seen.len()).unwrap_or(u32::MAX);
        (policy.to_owned(), *seen.entry(key).or_insert(next))
    });
    strata.collect()
}

/// What is known of an experiment's sizes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sizes {
    /// The chance of such sizes, were the weights true; `None` where nobody tells them.
    pub(super) chance: Option<f64>,
    /// Requests that policies have drawn whose weights nobody tells.
    pub(super) left_out: usize,
    /// Some lines do not say which policy drew them, and are held against that in force.
    pub(super) unnamed: bool,
    /// Several policies have drawn, and their weights are not known to be the same.
    pub(super) changed: bool,
}

impl Sizes {
    /// Holds what each policy has drawn against its weights; the policy without a digest is that of
    /// lines that name none.
    pub(super) fn of<'w>(
        drawn: BTreeMap<String, Drawn>,
        weights: impl Fn(&str) -> Option<&'w [(String, f64)]>,
    ) -> Self {
        let (mut sizes, mut chances) = (Self::default(), Vec::new());
        let shares: BTreeSet<_> = drawn.keys().map(|policy| weights(policy).map(shares)).collect();
        sizes.changed = drawn.len() > 1 && (shares.len() > 1 || shares.contains(&None));
        for (policy, own) in drawn {
            let Some(weights) = weights(&policy) else {
                sizes.left_out = sizes.left_out.saturating_add(own.requests);
                continue;
            };
            let counts = own.counts();
            let counts = weights
                .iter()
                .map(|(arm, weight)| (counts.get(arm).copied().unwrap_or_default(), *weight));
            let chance = mismatch(&counts.collect::<Vec<_>>());
            sizes.unnamed |= policy.is_empty() && chance.is_some();
            chances.extend(chance);
        }
        let least = chances.iter().copied().reduce(f64::min);
        sizes.chance = least.map(|least| (least * float(chances.len())).min(1.0));
        sizes
    }
}

/// The parts of a whole that weights are, in hundredths of a per cent.
fn shares(weights: &[(String, f64)]) -> BTreeMap<&str, String> {
    let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
    weights.iter().map(|(arm, weight)| (&**arm, format!("{:.4}", weight / all))).collect()
}

/// The chance of counts as far from their weights as these, where the weights are true (Pearson's
/// test); `None` where nothing is to be expected.
fn mismatch(counts: &[(f64, f64)]) -> Option<f64> {
    let all: f64 = counts.iter().map(|(count, _)| count).sum();
    let weights: f64 = counts.iter().map(|(_, weight)| weight).sum();
    let open: Vec<&(f64, f64)> = counts.iter().filter(|(_, weight)| *weight > 0.0).collect();
    if all <= 0.0 || weights <= 0.0 || open.len() < 2 {
        return None;
    }
    if counts.iter().any(|(count, weight)| *weight <= 0.0 && *count > 0.0) {
        return Some(0.0);
    }
    let far = open.iter().map(|(count, weight)| {
        let expected = all * weight / weights;
        (count - expected).powi(2) / expected
    });
    Some(upper_gamma((float(open.len()) - 1.0) / 2.0, far.sum::<f64>() / 2.0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Drawn, Sizes, mismatch};

    fn near(found: f64, expected: f64, by: f64) {
        assert!((found - expected).abs() <= by, "{found} is not {expected}");
    }

    #[test]
    fn counts_are_held_against_their_weights() {
        // R: chisq.test(c(50, 50))$p.value is 1, of c(60, 40) 0.0455, of c(30, 14, 34) 0.01346.
        near(mismatch(&[(50.0, 1.0), (50.0, 1.0)]).unwrap(), 1.0, 1e-9);
        near(mismatch(&[(60.0, 1.0), (40.0, 1.0)]).unwrap(), 0.045_500_26, 1e-7);
        near(mismatch(&[(30.0, 1.0), (14.0, 1.0), (34.0, 1.0)]).unwrap(), 0.013_464_6, 1e-6);
        assert_eq!(mismatch(&[(60.0, 1.0), (1.0, 0.0), (9.0, 1.0)]), Some(0.0));
        assert_eq!(mismatch(&[(60.0, 1.0)]), None);
    }

    fn drawn(control: usize, other: usize) -> Drawn {
        let mut drawn = Drawn::default();
        (0..control).for_each(|own| drawn.add("control", own as u64));
        (0..other).for_each(|own| drawn.add("other", own as u64));
        drawn
    }

    #[test]
    fn each_policy_has_weights_of_its_own() {
        let weights =
            |other: f64| vec![("control".to_owned(), 1.0 - other), ("other".to_owned(), other)];
        let known = [("early", weights(0.01)), ("late", weights(0.5)), ("", weights(0.5))];
        let known: BTreeMap<&str, Vec<(String, f64)>> = known.into_iter().collect();
        let of = |drawn: Vec<(&str, Drawn)>| {
            let drawn = drawn.into_iter().map(|(policy, own)| (policy.to_owned(), own)).collect();
            Sizes::of(drawn, |policy| known.get(policy).map(Vec::as_slice))
        };
        // A ramp from 1 to 50 %, as weights say.
        let ramp = of(vec![("early", drawn(990, 10)), ("late", drawn(500, 500))]);
        assert_eq!(ramp, Sizes { chance: Some(1.0), changed: true, ..Sizes::default() });
        // The smaller chance of the two, times two.
        let wrong = of(vec![("early", drawn(990, 10)), ("late", drawn(550, 450))]);
        near(wrong.chance.unwrap(), 2.0 * 0.001_565, 1e-5);
        let unknown = of(vec![("between", drawn(7, 2)), ("late", drawn(500, 500))]);
        assert_eq!((unknown.chance, unknown.left_out, unknown.changed), (Some(1.0), 9, true));
        let unnamed = of(vec![("", drawn(500, 500))]);
        assert_eq!(unnamed, Sizes { chance: Some(1.0), unnamed: true, ..Sizes::default() });
        assert_eq!(of(vec![("between", drawn(5, 5))]).chance, None);
        // Something else has changed than the weights.
        assert!(!of(vec![("", drawn(500, 500)), ("late", drawn(50, 50))]).changed);
    }
}
