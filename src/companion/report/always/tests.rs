//! What is promised, held against simulated experiments: seldom deceived, however often one looks
//! and however unequal the arms are; and what is there is found.
use super::super::stats::float;
use super::*;

/// How one share differs from another, with one stratum.
fn of_shares(own: Estimate, control: Estimate) -> Option<Difference> {
    super::of_shares(&[Stratum { own, control, part: 1.0 }], 1.0)
}

/// Numbers by chance, the same for a seed (SplitMix64).
pub(in super::super) struct Chance(u64);

impl Chance {
    pub(in super::super) const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A number between 0 and 1.
    pub(in super::super) fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let number = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((number ^ (number >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (one, other) = (self.part(), self.part());
        (-2.0 * one.ln()).sqrt() * (core::f64::consts::TAU * other).cos()
    }
}

/// What a unit may say.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Kind {
    /// Yes, in that share of units.
    Share(f64),
    /// Exponential, with that mean.
    Exponential(f64),
    /// Log-normal, with that mean and deviation of the logarithm.
    LogNormal(f64, f64),
}

use Kind::{Exponential, LogNormal, Share};

impl Kind {
    pub(in super::super) fn drawn(self, chance: &mut Chance) -> f64 {
        match self {
            Share(share) => f64::from(u8::from(chance.part() < share)),
            Exponential(mean) => -mean * chance.part().ln(),
            LogNormal(mean, deviation) => {
                mean * (deviation * (chance.normal() - deviation / 2.0)).exp()
            }
        }
    }
}

/// Sums of an arm whose requests are units.
#[derive(Clone, Copy, Default)]
struct Sums([f64; 4]);

impl Sums {
    fn add(&mut self, value: f64) {
        let powers = [1.0, value, value * value, value.powi(3)];
        self.0.iter_mut().zip(powers).for_each(|(sum, power)| *sum += power);
    }

    fn estimate(&self) -> Option<Estimate> {
        let [units, one, two, three] = self.0;
        let mean = one / units;
        let square = two / units - mean * mean;
        let third = three / units - 3.0 * mean * two / units + 2.0 * mean.powi(3);
        (units > 1.0).then(|| Estimate {
            mean,
            variance: (square / (units - 1.0)).max(0.0),
            third: third / (units * units),
            units,
            weight: units,
            largest: 1.0,
            alike: 1.0,
        })
    }
}

/// Whether two arms are said to differ.
fn differ(shares: bool, own: Estimate, control: Estimate) -> bool {
    if shares {
        let [control, own] = counts([control, own]).unwrap();
        return -against(control, own, 0.0) < ALPHA.ln();
    }
    of_means(own, control).is_some_and(|own| own.p < ALPHA)
}

/// An experiment: what its arms' units say, the share of the second arm, how many units there are,
/// and how often somebody looks.
struct Trial {
    kinds: [Kind; 2],
    split: f64,
    units: usize,
    every: usize,
}

impl Trial {
    /// In how many of so many experiments somebody who looks often finds a difference.
    fn found(&self, runs: u64) -> u64 {
        let shares = matches!(self.kinds[0], Share(_));
        let found = (0..runs).filter(|run| {
            let mut chance = Chance(run.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ 7);
            let mut arms = [Sums::default(); 2];
            (1..=self.units).any(|unit| {
                let arm = usize::from(chance.part() < self.split);
                arms[arm].add(self.kinds[arm].drawn(&mut chance));
                if !unit.is_multiple_of(self.every) {
                    return false;
                }
                let [control, own] = arms.each_ref().map(Sums::estimate);
                own.zip(control).is_some_and(|(own, control)| differ(shares, own, control))
            })
        });
        u64::try_from(found.count()).unwrap()
    }
}

const RUNS: u64 = 200;

/// Arms that are alike: at most one in twenty experiments may deceive, at any look.
#[test]
fn who_looks_often_is_not_deceived_whatever_the_split() {
    for kind in
        [Share(0.05), Share(0.5), Exponential(1.0), LogNormal(1.0, 1.0), LogNormal(1.0, 1.5)]
    {
        for (split, units, every) in [(0.5, 3000, 50), (0.1, 4000, 50), (0.01, 8000, 100)] {
            let found = Trial { kinds: [kind; 2], split, units, every }.found(RUNS);
            assert!(found * 20 <= RUNS, "{kind:?} at {split}: {found} of {RUNS}");
        }
    }
}

/// The same where one arm varies otherwise than the other, about the same mean.
#[test]
fn another_spread_is_no_other_mean() {
    for kinds in [
        [Exponential(1.0), LogNormal(1.0, 1.0)],
        [LogNormal(1.0, 1.0), Exponential(1.0)],
        [LogNormal(1.0, 0.5), LogNormal(1.0, 1.0)],
    ] {
        for (split, units) in [(0.5, 3000), (0.1, 4000), (0.01, 8000)] {
            let found = Trial { kinds, split, units, every: 100 }.found(RUNS);
            assert!(found * 20 <= RUNS, "{kinds:?} at {split}: {found} of {RUNS}");
        }
    }
}

#[test]
fn a_difference_that_is_there_is_found() {
    for (kinds, split, units) in [
        ([Share(0.05), Share(0.1)], 0.5, 4000),
        ([Share(0.05), Share(0.1)], 0.1, 8000),
        ([Share(0.05), Share(0.2)], 0.1, 4000),
        ([Share(0.05), Share(0.5)], 0.01, 4000),
        ([Share(0.5), Share(0.6)], 0.5, 4000),
        ([Exponential(1.0), Exponential(1.2)], 0.5, 4000),
        ([Exponential(1.2), Exponential(1.0)], 0.5, 4000),
        ([Exponential(1.0), Exponential(1.5)], 0.1, 4000),
        ([Exponential(1.0), Exponential(2.0)], 0.01, 10_000),
        ([LogNormal(1.0, 1.0), LogNormal(1.3, 1.0)], 0.5, 4000),
        ([LogNormal(1.0, 1.0), LogNormal(0.5, 1.0)], 0.1, 4000),
        ([LogNormal(1.0, 0.5), LogNormal(0.5, 0.5)], 0.01, 10_000),
    ] {
        let found = Trial { kinds, split, units, every: 250 }.found(RUNS);
        assert!(found * 10 >= RUNS * 9, "{kinds:?} at {split}: {found} of {RUNS}");
    }
}

/// An arm's share of requests that are units.
fn share(some: u32, all: u32) -> Estimate {
    Estimate::of((0..all).map(|own| (f64::from(u8::from(own < some)), 1.0))).unwrap()
}

#[test]
fn few_requests_prove_little_and_many_failures_much() {
    // A control with errors, and two requests without.
    assert_eq!(of_shares(share(0, 2), share(50, 1000)).unwrap().p, 1.0);
    let all = of_shares(share(1000, 1000), share(0, 1000)).unwrap();
    assert!(all.p < 1e-100 && all.interval.low > 0.98 && all.interval.high == 1.0, "{all:?}");
    let none = of_shares(share(0, 1000), share(0, 1000)).unwrap();
    assert!(none.p == 1.0 && none.interval.value == 0.0 && none.interval.low < 0.0);
    // Every one of five requests fails: enough beside hundreds of which one in twenty does.
    assert!(of_shares(share(5, 5), share(50, 1000)).unwrap().p < ALPHA);
}

#[test]
fn interval_and_test_agree() {
    let outside = |Interval { low, high, .. }: Interval| low > 0.0 || high < 0.0;
    for (some, all) in [(0, 40), (1, 40), (30, 100), (41, 100), (47, 100), (100, 1000), (1, 1)] {
        for (own, other) in [(share(some, all), share(20, 100)), (share(20, 100), share(some, all))]
        {
            let found = of_shares(own, other).unwrap();
            assert_eq!(outside(found.interval), found.p < ALPHA, "{some} of {all}: {found:?}");
            let Interval { value, low, high } = found.interval;
            assert!(low <= value && value <= high, "{found:?}");
        }
    }
    let mut chance = Chance(3);
    let mut found = [0, 0];
    for turn in 0..200 {
        let mut arms = [Sums::default(); 2];
        let kinds = [Exponential(1.0), LogNormal(1.0 + f64::from(turn % 5) / 5.0, 1.0)];
        for (arm, kind) in arms.iter_mut().zip(kinds) {
            (0..100).for_each(|_| arm.add(kind.drawn(&mut chance)));
        }
        let [one, other] = arms.each_ref().map(|arm| arm.estimate().unwrap());
        let difference = of_means(one, other).unwrap();
        assert_eq!(outside(difference.interval), difference.p < ALPHA, "{difference:?}");
        let Interval { value, low, high } = difference.interval;
        assert!(low < value && value < high, "{difference:?}");
        found[usize::from(difference.p < ALPHA)] += 1;
    }
    assert!(found.iter().all(|found| *found > 10), "{found:?}");
}

#[test]
fn nothing_is_said_of_the_means_of_few_units() {
    let arm = |units: u32, by: f64| {
        Estimate::of((0..units).map(|own| (f64::from(own % 7) + by, 1.0))).unwrap()
    };
    assert!(of_means(arm(49, 9.0), arm(1000, 0.0)).is_none());
    assert!(of_means(arm(1000, 9.0), arm(49, 0.0)).is_none());
    assert!(of_means(arm(50, 9.0), arm(1000, 0.0)).unwrap().p < 1e-6);
    // All of an arm are the same.
    let all = |value: f64| Estimate::of((0..50).map(|_| (value, 1.0))).unwrap();
    let found = of_means(all(2.0), all(1.0)).unwrap();
    assert!(found.p < 1e-6 && found.interval.value == 1.0);
    assert_eq!(of_means(all(1.0), all(1.0)).unwrap().p, 1.0);
}

/// In how many of so many experiments a difference is found, and how many if requests were taken
/// for independent. Users have ways of their own, drawn once, and some send far more than others:
/// one in ten fails nearly always, and each has a pace. In the second arm all of that is so many
/// times as much.
fn crowd((split, users): (f64, usize), shares: bool, times: f64, runs: u64) -> [usize; 2] {
    let runs = (0..runs).map(|run| {
        let mut chance = Chance(run.wrapping_mul(1_000_003));
        let user = |chance: &mut Chance| {
            let arm = usize::from(chance.part() < split);
            let times = if arm == 1 { times } else { 1.0 };
            let way = match shares {
                true if chance.part() < 0.1 * times => Share(0.9),
                true => Share(0.01),
                false => Exponential(LogNormal(times, 0.8).drawn(chance)),
            };
            (arm, way, (0.0, 0.0))
        };
        let mut users: Vec<_> = (0..users).map(|_| user(&mut chance)).collect();
        let mut deceived = [false, false];
        for request in 1..=8000 {
            let place = (chance.part().powi(2) * float(users.len())) as usize;
            let (_, way, sums) = &mut users[place];
            *sums = (sums.0 + way.drawn(&mut chance), sums.1 + 1.0);
            if request % 400 > 0 {
                continue;
            }
            let arm = |arm: usize| users.iter().filter(move |own| own.0 == arm && own.2.1 > 0.0);
            let of = |place: usize| Estimate::of(arm(place).map(|own| own.2));
            let Some((own, control)) = of(1).zip(of(0)) else { continue };
            let apart = |own: Estimate| Estimate { alike: 1.0, ..own };
            deceived[0] |= differ(shares, own, control);
            deceived[1] |= shares && differ(shares, apart(own), apart(control));
        }
        deceived
    });
    let runs: Vec<[bool; 2]> = runs.collect();
    [0, 1].map(|place| runs.iter().filter(|own| own[place]).count())
}

#[test]
fn who_sends_many_requests_counts_as_one() {
    for of in [(0.5, 400), (0.1, 800)] {
        for shares in [true, false] {
            let [found, naive] = crowd(of, shares, 1.0, 100);
            assert!(found <= 5, "{of:?} {shares}: {found} of 100");
            assert!(!shares || naive > 20, "{naive} of 100: the trial is too easy");
        }
    }
    for (shares, times) in [(true, 4.0), (false, 2.0)] {
        let [found, _] = crowd((0.5, 800), shares, times, 50);
        assert!(found >= 45, "{shares}: {found} of 50");
    }
}
