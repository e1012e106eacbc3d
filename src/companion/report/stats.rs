//! The statistics of a report: intervals of shares and quantiles, and tests that may be looked at
//! as often as one likes.

/// The chance that an interval misses what it is to hold, and that a test finds what is not there.
pub(super) const ALPHA: f64 = 0.05;

/// The normal distribution's bound for that chance, on both sides.
const Z: f64 = 1.959_963_984_540_054;

/// The number of units at which the tests are sharpest.
const SHARPEST: f64 = 1000.0;

/// A number and how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A mean of units, and the variance of that mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub(super) mean: f64,
    pub(super) variance: f64,
    /// How many units it is of.
    pub(super) units: f64,
}

/// How an arm differs from control.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Difference {
    /// The arm's mean less that of control.
    pub(super) interval: Interval,
    /// The chance of a difference as large as this at any moment until now, where there is none.
    pub(super) p: f64,
}

/// A chance as people read it: no sample says that something cannot be.
pub(super) fn chance(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") }
}

/// How often it comes to something of that chance, to two digits.
pub(super) fn once_in(p: f64) -> String {
    const MOST: f64 = 1e6;
    if p * MOST < 1.0 {
        return "less than once in a million times".to_owned();
    }
    let times = 1.0 / p;
    let unit = 10.0_f64.powf((times.log10().floor() - 1.0).max(0.0));
    format!("about once in {:.0} times", (times / unit).round() * unit)
}

/// A share of `all`, by Wilson's interval (E. B. Wilson, 1927): it stays within 0 and 1, and holds
/// for few.
pub(super) fn share(some: f64, all: f64) -> Option<Interval> {
    if all <= 0.0 {
        return None;
    }
    let (value, square) = (some / all, Z * Z);
    let middle = (value + square / (2.0 * all)) / (1.0 + square / all);
    let half = Z / (1.0 + square / all)
        * (value * (1.0 - value) / all + square / (4.0 * all * all)).sqrt();
    Some(Interval { value, low: (middle - half).max(0.0), high: (middle + half).min(1.0) })
}

/// A quantile of sorted numbers, between the order statistics that hold it in 95 of 100 samples.
pub(super) fn quantile(sorted: &[f64], part: f64) -> Option<Interval> {
    if sorted.is_empty() {
        return None;
    }
    let (count, half) =
        (float(sorted.len()), Z * (float(sorted.len()) * part * (1.0 - part)).sqrt());
    let at = |rank: f64| {
        let rank = rank.clamp(0.0, count - 1.0);
        sorted.get(index(rank)).copied()
    };
    let middle = count * part;
    Some(Interval {
        value: at(middle.ceil() - 1.0)?,
        low: at((middle - half).floor() - 1.0)?,
        high: at((middle + half).ceil())?,
    })
}

impl Estimate {
    /// The mean with its interval, for one look.
    pub(super) fn interval(self) -> Interval {
        let half = Z * self.variance.max(0.0).sqrt();
        Interval { value: self.mean, low: self.mean - half, high: self.mean + half }
    }

    /// How this arm differs from control, by an asymptotic confidence sequence (I. Waudby-Smith and
    /// others, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of
    /// Statistics 2024, theorem 2.2): it holds at all moments at once, so that nobody has to say
    /// beforehand when to look.
    pub(super) fn against(self, control: Self) -> Option<Difference> {
        let units = self.units + control.units;
        let variance = self.variance + control.variance;
        if self.units < 2.0 || control.units < 2.0 || variance <= 0.0 {
            return None;
        }
        let value = self.mean - control.mean;
        let rho = (-2.0 * ALPHA.ln() + (-2.0 * ALPHA.ln() + 1.0).ln()) / SHARPEST;
        let spread = units * rho;
        let factor = 2.0 * (spread + 1.0) / spread;
        let half = (variance * factor * ((spread + 1.0).sqrt() / ALPHA).ln()).sqrt();
        // The smallest chance at which the sequence would leave zero out.
        let p = (spread + 1.0).sqrt() * (-value * value / variance / factor).exp();
        let interval = Interval { value, low: value - half, high: value + half };
        Some(Difference { interval, p: p.min(1.0) })
    }
}

/// The chance of counts as far from their weights as these, where the weights are true (Pearson's
/// test); `None` where nothing is to be expected.
pub(super) fn mismatch(counts: &[(f64, f64)]) -> Option<f64> {
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

/// The regularised upper incomplete gamma function: by its series, or its continued fraction where
/// that converges sooner (W. Gautschi, 1979).
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-15 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return (1.0 - scale * sum).clamp(0.0, 1.0);
    }
    let (mut b, mut c) = (x + 1.0 - a, 1e300);
    let mut d = 1.0 / b;
    let mut h = d;
    for step in 1..1000 {
        let n = f64::from(step);
        let an = -n * (n - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        let change = d * c;
        h *= change;
        if (change - 1.0).abs() < 1e-14 {
            break;
        }
    }
    (scale * h).clamp(0.0, 1.0)
}

/// The logarithm of the gamma function, by Stirling's series, from 10 upwards.
fn ln_gamma(a: f64) -> f64 {
    let (mut a, mut less) = (a, 0.0);
    while a < 10.0 {
        less += a.ln();
        a += 1.0;
    }
    let turn = 2.0 * core::f64::consts::PI;
    (a - 0.5) * a.ln() - a + turn.ln() / 2.0 + 1.0 / (12.0 * a) - 1.0 / (360.0 * a.powi(3)) - less
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts below 2^52")]
pub(super) fn float(count: usize) -> f64 {
    count as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank within a list"
)]
fn index(rank: f64) -> usize {
    rank as usize
}

#[cfg(test)]
mod tests {
    use super::{ALPHA, Estimate, float, mismatch, quantile, share};

    fn near(found: f64, expected: f64, by: f64) {
        assert!((found - expected).abs() <= by, "{found} is not {expected}");
    }

    #[test]
    fn a_share_has_the_interval_that_tables_have() {
        // R: binom::binom.wilson(15, 100).
        let found = share(15.0, 100.0).unwrap();
        near(found.low, 0.093_07, 1e-4);
        near(found.high, 0.232_8, 1e-3);
        assert_eq!(share(0.0, 10.0).unwrap().low, 0.0);
        assert!(share(0.0, 0.0).is_none());
    }

    #[test]
    fn a_quantile_is_one_of_the_numbers_and_between_others() {
        let numbers: Vec<f64> = (1..=1000).map(f64::from).collect();
        let median = quantile(&numbers, 0.5).unwrap();
        assert_eq!(median.value, 500.0);
        // Ranks 469 and 532 hold the median of 1000 in 95 of 100 samples.
        assert_eq!((median.low, median.high), (469.0, 532.0));
        assert_eq!(quantile(&[7.0], 0.99).unwrap().high, 7.0);
        assert!(quantile(&[], 0.5).is_none());
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

    /// A number from 0 to 1, and the next seed.
    fn drawn(seed: &mut u64) -> f64 {
        *seed =
            seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        float(usize::try_from(*seed >> 40).unwrap()) / float(1 << 24)
    }

    /// Looked at after every tenth unit, 200 experiments without a difference: far fewer than
    /// one in twenty may find one at any look. A plain test of 95 % finds one in a third of them.
    #[test]
    fn who_looks_often_is_not_deceived() {
        let (mut deceived, mut seed) = (0, 7);
        for _ in 0..200 {
            let mut sums = [(0.0, 0.0, 0.0); 2];
            let mut found = false;
            for unit in 1..=2000 {
                for (count, sum, squares) in &mut sums {
                    let value = drawn(&mut seed);
                    (*count, *sum, *squares) =
                        (*count + 1.0, *sum + value, *squares + value * value);
                }
                if unit >= 50 && unit % 10 == 0 {
                    let of = |(count, sum, squares): (f64, f64, f64)| {
                        let mean = sum / count;
                        let variance = (squares / count - mean * mean) / (count - 1.0);
                        Estimate { mean, variance, units: count }
                    };
                    let difference = of(sums[1]).against(of(sums[0])).unwrap();
                    let outside = difference.interval.low > 0.0 || difference.interval.high < 0.0;
                    assert_eq!(outside, difference.p < ALPHA, "interval and test agree");
                    found |= outside;
                }
            }
            deceived += usize::from(found);
        }
        assert!(deceived <= 10, "{deceived} of 200");
    }

    #[test]
    fn a_difference_that_is_there_is_found() {
        let of = |mean: f64| Estimate { mean, variance: 0.25 / 2000.0, units: 2000.0 };
        let difference = of(0.60).against(of(0.50)).unwrap();
        assert!(difference.p < 0.001 && difference.interval.low > 0.0, "{difference:?}");
        assert!(of(0.51).against(of(0.50)).unwrap().p > 0.5);
    }
}
