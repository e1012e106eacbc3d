//! The intervals of a report: of shares, means and quantiles, for one look. Requests of one unit
//! are alike, so it is units that count: every variance is that of a ratio of two sums over units
//! (the delta method), which supposes that units are independent, and needs some dozens of them.

/// The chance that an interval misses what it is to hold, and that a test finds what is not there.
pub(super) const ALPHA: f64 = 0.05;

/// Fewest units of an arm of which the means are compared, and of which spread is known where they
/// do not vary.
pub(super) const LEAST: f64 = 50.0;

/// What is smaller than that part of a number is what sums of doubles leave.
const LEFT_OVER: f64 = 1e-9;

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

/// How far a unit's sum is off what its weight has at a mean; nothing where only the arithmetic
/// leaves something.
pub(super) fn off(value: f64, weight: f64, mean: f64) -> f64 {
    let off = value - mean * weight;
    if is_nothing(off, value) { 0.0 } else { off }
}

/// Whether a difference of sums is only what the arithmetic leaves of such numbers.
pub(super) fn is_nothing(difference: f64, of: f64) -> bool {
    difference.abs() <= LEFT_OVER * of.abs()
}

impl Interval {
    /// The same in another unit.
    pub(super) fn by(self, scale: f64) -> Self {
        Self { value: self.value / scale, low: self.low / scale, high: self.high / scale }
    }
}

impl Difference {
    /// The same in another unit.
    pub(super) fn by(self, scale: f64) -> Self {
        Self { interval: self.interval.by(scale), ..self }
    }
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
            let off = pairs.clone().map(|(value, weight)| off(value, weight, mean).powi(power));
            off.sum::<f64>() / weight.powi(power)
        };
        let variance = if units > 1.0 { off(2) * units / (units - 1.0) } else { 0.0 };
        let largest = pairs.clone().map(|own| own.1).fold(0.0, f64::max);
        let alike = pairs.clone().map(|own| own.1 * own.1).sum::<f64>() / weight;
        Some(Self { mean, variance, third: off(3), units, weight, largest, alike })
    }

    /// The mean with its interval, by Student's distribution. Where few say all the same nothing
    /// says how far it may be off.
    pub(super) fn interval(self) -> Interval {
        let untold = self.units <= 1.0 || (self.variance <= 0.0 && self.units < LEAST);
        let half = if untold { f64::INFINITY } else { self.bound() * self.variance.sqrt() };
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

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "shown, not charged")]
pub(super) fn double(number: u64) -> f64 {
    number as f64
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
mod tests;
