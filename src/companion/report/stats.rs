//! The intervals of a report: of shares, means and quantiles, for one look. Requests of one unit
//! are alike, so it is units that count: every variance is that of a ratio of two sums over units
//! (the delta method), which supposes that units are independent, and needs some dozens of them.

/// The chance that an interval misses what it is to hold, and that a test finds what is not there.
pub(super) const ALPHA: f64 = 0.05;

/// The normal distribution's bound for that chance, on both sides.
const Z: f64 = 1.959_963_984_540_054;

/// A number and how far it may be off: without a bound where nothing says how far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A mean over the requests of some units, and what is known of its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub(super) mean: f64,
    pub(super) variance: f64,
    /// The third central moment of its error.
    pub(super) third: f64,
    /// How many units it is of.
    pub(super) units: f64,
    /// How many requests, or what else stands below the fraction.
    pub(super) weight: f64,
    /// How much of that the largest unit has.
    pub(super) largest: f64,
    /// How many requests of a share would count as one, were those of a unit all the same.
    pub(super) alike: f64,
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

impl Estimate {
    /// The ratio of the sums of pairs, one for each unit; `None` where there is nothing below the
    /// fraction.
    pub(super) fn of(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let units = float(pairs.clone().count());
        let sum = pairs.clone().fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
        let weight = sum.1;
        if weight <= 0.0 {
            return None;
        }
        let mean = sum.0 / weight;
        let off = |power: i32| {
            let off = pairs.clone().map(|(value, weight)| (value - mean * weight).powi(power));
            off.sum::<f64>() / weight.powi(power)
        };
        let variance = if units > 1.0 { off(2) * units / (units - 1.0) } else { 0.0 };
        let largest = pairs.clone().map(|own| own.1).fold(0.0, f64::max);
        let alike = pairs.clone().map(|own| own.1 * own.1).sum::<f64>() / weight;
        Some(Self { mean, variance, third: off(3), units, weight, largest, alike })
    }

    /// The mean with its interval, by Student's distribution.
    pub(super) fn interval(self) -> Interval {
        let half =
            if self.units > 1.0 { self.bound() * self.variance.sqrt() } else { f64::INFINITY };
        Interval { value: self.mean, low: self.mean - half, high: self.mean + half }
    }

    /// The variance of a share, were its requests independent.
    pub(super) fn plain_variance(self) -> f64 {
        self.mean * (1.0 - self.mean) / self.weight
    }

    /// How many requests of a share count as one (the design effect); `None` where all are the
    /// same.
    pub(super) fn design(self) -> Option<f64> {
        let plain = self.plain_variance();
        (plain > 0.0).then(|| self.variance / plain)
    }

    /// The same as far as an interval goes by it: never less than one, and where nothing varies as
    /// if the requests of a unit were all the same.
    fn safe_design(self) -> f64 {
        if self.alike <= 1.0 { 1.0 } else { self.design().unwrap_or(self.alike).max(1.0) }
    }

    /// A share with its interval, by Wilson's (E. B. Wilson, 1927) of as many requests as count: it
    /// stays within 0 and 1, and holds for few.
    pub(super) fn share(self) -> Interval {
        let all = self.weight / self.safe_design();
        let bound = if self.alike <= 1.0 { Z } else { self.bound() };
        wilson(self.mean, all, bound)
    }

    /// Student's bound for these units.
    fn bound(self) -> f64 {
        student(self.units - 1.0)
    }
}

/// A share of `all` that are independent, with its interval.
pub(super) fn share(some: f64, all: f64) -> Option<Interval> {
    (all > 0.0).then(|| wilson(some / all, all, Z))
}

fn wilson(value: f64, all: f64, bound: f64) -> Interval {
    let square = bound * bound;
    let middle = (value + square / (2.0 * all)) / (1.0 + square / all);
    let half = bound / (1.0 + square / all)
        * (value * (1.0 - value) / all + square / (4.0 * all * all)).sqrt();
    // Of none or all the one end is that, to the last bit.
    let low = if value <= 0.0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if value >= 1.0 { 1.0 } else { (middle + half).min(1.0) };
    Interval { value, low, high }
}

/// A quantile of sorted numbers of zero or more, each with its unit's place: between the order
/// statistics that hold it in 95 of 100 samples (R. S. Woodruff, "Confidence intervals for medians
/// and other position measures", JASA 1952), which are as far apart as the units differ in their
/// share of numbers below it. Where even the largest number is below the quantile in more than one
/// of forty samples, there is no bound above.
pub(super) fn quantile(sorted: &[(f64, usize)], part: f64) -> Option<Interval> {
    let count = float(sorted.len());
    let at = |rank: f64| sorted.get(index(rank.max(0.0))).map(|own| own.0);
    let value = at((count * part).ceil() - 1.0)?;
    let mut units: Vec<(f64, f64)> = Vec::new();
    for (own, unit) in sorted {
        if units.len() <= *unit {
            units.resize(unit.saturating_add(1), (0.0, 0.0));
        }
        if let Some((below, all)) = units.get_mut(*unit) {
            *below += f64::from(u8::from(*own <= value));
            *all += 1.0;
        }
    }
    let below = Estimate::of(units.iter().filter(|own| own.1 > 0.0).copied())?;
    let bound = if below.alike <= 1.0 { Z } else { below.bound() };
    let design = below.safe_design();
    let half = bound * (count * part * (1.0 - part) * design).sqrt();
    let (low, high) = ((count * part - half).floor() - 1.0, (count * part + half).ceil());
    // Whether all of the sample is on one side of the quantile seldom enough.
    let seldom = |side: f64| side.powf(count / design) <= ALPHA / 2.0;
    let last = at(count - 1.0).filter(|_| seldom(part));
    let first = at(0.0).filter(|_| seldom(1.0 - part));
    Some(Interval {
        value,
        low: if low < 0.0 { first.unwrap_or(0.0) } else { at(low)? },
        high: at(high).or(last).unwrap_or(f64::INFINITY),
    })
}

/// The bound of Student's distribution that a number is beyond, on either side, once in twenty
/// times, by the series of Abramowitz and Stegun (26.7.5): 1 % off with two degrees of freedom,
/// less with more.
fn student(freedom: f64) -> f64 {
    const SERIES: [(f64, &[f64]); 4] = [
        (4.0, &[1.0, 1.0]),
        (96.0, &[3.0, 16.0, 5.0]),
        (384.0, &[-15.0, 17.0, 19.0, 3.0]),
        (92_160.0, &[-945.0, -1920.0, 1482.0, 776.0, 79.0]),
    ];
    if freedom <= 0.0 {
        return f64::INFINITY;
    }
    if freedom <= 1.0 {
        return 12.706;
    }
    let (mut sum, mut power) = (Z, 1.0);
    for (below, parts) in SERIES {
        power *= freedom;
        let part = parts.iter().rev().fold(0.0, |sum, part| sum * Z * Z + part) * Z;
        sum += part / below / power;
    }
    sum
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
    use super::{Estimate, Interval, quantile, student};

    fn near(found: f64, expected: f64, by: f64) {
        assert!((found - expected).abs() <= by, "{found} is not {expected}");
    }

    /// A share of units, each of that many requests which are all the same.
    fn share(some: u32, all: u32, requests: f64) -> Interval {
        let own = |place: u32| (if place < some { requests } else { 0.0 }, requests);
        Estimate::of((0..all).map(own)).unwrap().share()
    }

    #[test]
    fn a_share_has_the_interval_that_tables_have() {
        // R: binom::binom.wilson(15, 100).
        let found = share(15, 100, 1.0);
        near(found.low, 0.093_07, 1e-4);
        near(found.high, 0.232_8, 1e-3);
        for all in 1..100 {
            assert_eq!((share(0, all, 1.0).low, share(all, all, 1.0).high), (0.0, 1.0));
        }
        near(share(0, 10, 1.0).high, 0.277_5, 1e-3);
    }

    /// As many units say as much as that many requests, but for Student's distribution.
    #[test]
    fn a_share_of_alike_requests_is_one_of_units() {
        let (few, many) = (share(20, 100, 10.0), share(20, 100, 1.0));
        near(few.low, many.low, 0.002);
        near(few.high, many.high, 0.002);
        assert!(few.high > many.high && share(200, 1000, 1.0).high < many.high - 0.04);
        // Nothing failed, of a hundred users.
        near(share(0, 100, 10.0).high, share(0, 100, 1.0).high, 0.001);
    }

    #[test]
    fn requests_of_their_own_have_the_variance_of_a_mean() {
        let values = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0];
        let found = Estimate::of(values.iter().map(|value| (*value, 1.0))).unwrap();
        // Half of them, and the variance of eight draws: 0.25 * 8 / 7 / 8.
        near(found.mean, 0.5, 1e-12);
        near(found.variance, 0.25 / 7.0, 1e-12);
        near(found.design().unwrap(), 8.0 / 7.0, 1e-12);
        assert_eq!((found.largest, found.alike, found.third), (1.0, 1.0, 0.0));
    }

    #[test]
    fn a_user_who_asks_a_hundred_times_is_one_user() {
        let alike = [(100.0, 100.0), (0.0, 100.0), (100.0, 100.0)].into_iter();
        let alike = Estimate::of(alike).unwrap();
        let apart = (0..300).map(|own| (f64::from(u8::from(own % 3 != 1)), 1.0));
        let apart = Estimate::of(apart).unwrap();
        near(alike.mean, apart.mean, 1e-9);
        assert!(alike.variance > 50.0 * apart.variance, "{alike:?} {apart:?}");
        assert!(Estimate::of(core::iter::empty()).is_none());
    }

    /// R: qt(0.975, c(1, 2, 3, 5, 10, 39)).
    #[test]
    fn few_units_have_wider_intervals() {
        for (freedom, expected) in
            [(1.0, 12.706), (2.0, 4.303), (3.0, 3.182), (5.0, 2.571), (10.0, 2.228), (39.0, 2.023)]
        {
            near(student(freedom) / expected, 1.0, 0.01);
        }
        let one = Estimate::of([(7.0, 2.0)].into_iter()).unwrap().interval();
        assert_eq!((one.value, one.high), (3.5, f64::INFINITY));
    }

    #[test]
    fn a_quantile_is_one_of_the_numbers_and_between_others() {
        let numbers: Vec<(f64, usize)> =
            (1..=1000).map(|own| (f64::from(own), own as usize)).collect();
        let median = quantile(&numbers, 0.5).unwrap();
        assert_eq!(median.value, 500.0);
        // Ranks 469 and 532 hold the median of 1000 in 95 of 100 samples.
        assert_eq!((median.low, median.high), (469.0, 532.0));
        assert!(quantile(&[], 0.5).is_none());
    }

    /// The largest of a hundred is above the 99th percentile in 63 of 100 samples.
    #[test]
    fn a_quantile_has_no_bound_that_the_sample_does_not_hold() {
        let numbers: Vec<(f64, usize)> =
            (1..=100).map(|own| (f64::from(own), own as usize)).collect();
        let high = quantile(&numbers, 0.99).unwrap();
        assert_eq!((high.value, high.high), (99.0, f64::INFINITY));
        assert_eq!(quantile(&numbers, 0.01).unwrap().low, 0.0);
        // All of a hundred are below the 95th percentile in 6 of 1000 samples.
        assert_eq!(quantile(&numbers, 0.95).unwrap().high, 100.0);
        let one = quantile(&[(7.0, 0)], 0.5).unwrap();
        assert_eq!((one.value, one.low, one.high), (7.0, 0.0, f64::INFINITY));
    }

    /// Forty users of a hundred requests, each with a time of its own: the median of the users'.
    #[test]
    fn a_quantile_of_alike_requests_is_one_of_units() {
        let numbers = (0..4000).map(|own: u32| (f64::from(own / 100), (own / 100) as usize));
        let numbers: Vec<(f64, usize)> = numbers.collect();
        let alike = quantile(&numbers, 0.5).unwrap();
        let apart: Vec<(f64, usize)> =
            (0..40).map(|own: u32| (f64::from(own), own as usize)).collect();
        let apart = quantile(&apart, 0.5).unwrap();
        assert_eq!(alike.value, apart.value);
        near(alike.low, apart.low, 1.0);
        near(alike.high, apart.high, 1.0);
    }

    /// A number between 0 and 1, and the next seed (SplitMix64).
    fn drawn(seed: &mut u64) -> f64 {
        *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let number = (*seed ^ (*seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((number ^ (number >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Of forty users each has a pace of its own, and some send far more than others. A request
    /// takes that pace and as much again by chance, both from 0 to 1: a half of them less than 1,
    /// 95 of 100 less than 2 without the root of a tenth. Who counts requests is mostly wrong.
    #[test]
    fn intervals_hold_what_they_are_to_hold() {
        const RUNS: u32 = 400;
        let (mut held, mut seed, mut by_request) = ([0; 4], 1, 0);
        for _ in 0..RUNS {
            let (mut times, mut sums, mut below) = (Vec::new(), Vec::new(), Vec::new());
            for user in 0..40 {
                let (pace, requests) = (drawn(&mut seed), 20 + user * 3);
                let own: Vec<f64> = (0..requests).map(|_| pace + drawn(&mut seed)).collect();
                times.extend(own.iter().map(|time| (*time, user)));
                let all = f64::from(requests as u32);
                sums.push((own.iter().sum(), all));
                below.push((own.iter().filter(|time| **time < 0.5).count() as f64, all));
            }
            times.sort_by(|a, b| a.0.total_cmp(&b.0));
            let apart: Vec<(f64, usize)> = (0..).zip(&times).map(|(at, own)| (own.0, at)).collect();
            let holds = |own: Interval, truth: f64| own.low <= truth && truth <= own.high;
            let found = [
                holds(Estimate::of(sums.into_iter()).unwrap().interval(), 1.0),
                holds(quantile(&times, 0.5).unwrap(), 1.0),
                holds(quantile(&times, 0.95).unwrap(), 2.0 - 0.1_f64.sqrt()),
                holds(Estimate::of(below.into_iter()).unwrap().share(), 0.125),
            ];
            held.iter_mut().zip(found).for_each(|(held, found)| *held += u32::from(found));
            by_request += u32::from(holds(quantile(&apart, 0.5).unwrap(), 1.0));
        }
        // 95 of 100, less the little that a sample of forty is off by, and chance.
        assert!(held.iter().all(|held| held * 100 >= RUNS * 91), "{held:?} of {RUNS}");
        assert!(by_request * 2 < RUNS, "{by_request} of {RUNS}");
    }
}
