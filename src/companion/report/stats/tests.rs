//! Intervals beside those of R.
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
    let numbers: Vec<(f64, usize)> = (1..=1000).map(|own| (f64::from(own), own as usize)).collect();
    let median = quantile(&numbers, 0.5).unwrap();
    assert_eq!(median.value, 500.0);
    // Ranks 469 and 532 hold the median of 1000 in 95 of 100 samples.
    assert_eq!((median.low, median.high), (469.0, 532.0));
    assert!(quantile(&[], 0.5).is_none());
}

/// The largest of a hundred is above the 99th percentile in 63 of 100 samples.
#[test]
fn a_quantile_has_no_bound_that_the_sample_does_not_hold() {
    let numbers: Vec<(f64, usize)> = (1..=100).map(|own| (f64::from(own), own as usize)).collect();
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
    let apart: Vec<(f64, usize)> = (0..40).map(|own: u32| (f64::from(own), own as usize)).collect();
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

/// As sums of doubles leave some.
#[test]
fn what_arithmetic_leaves_is_no_spread() {
    for value in [0.1, 0.001, 0.00123, 0.7] {
        for units in [3_u32, 50, 3000] {
            let all = (0..units).map(|unit| {
                let weight = f64::from(unit % 5 + 1);
                ((0..unit % 5 + 1).map(|_| value).sum::<f64>(), weight)
            });
            let found = Estimate::of(all).unwrap();
            assert_eq!((found.variance, found.third), (0.0, 0.0), "{value} {units}");
            // Of three that are the same nobody knows what the fourth is.
            assert_eq!(found.interval().high.is_finite(), units >= 50);
        }
    }
}
