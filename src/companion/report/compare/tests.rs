//! Two arms over two times that differ far more than the arms do.
use super::super::always::tests::{Chance, Kind};
use super::super::stats::ALPHA;
use super::*;

/// In how many of so many experiments somebody who looks often finds a difference, over a ramp from
/// one part to another: requests are those of users, who keep their arm but for those that the
/// second part adds, and have ways of their own. `times` is how many times as much the second arm
/// says, and `late` how many times as much everybody says later.
fn found(bounded: bool, parts: [f64; 2], (times, late): (f64, f64), naive: bool) -> usize {
    let run = |run: u64| {
        let mut chance = Chance::of(run.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ 11);
        let users: Vec<(f64, f64)> = (0..1500)
            .map(|_| (chance.part(), Kind::LogNormal(1.0, 0.5).drawn(&mut chance)))
            .collect();
        let mut sums: [BTreeMap<(u32, u32), (f64, f64)>; 2] = Default::default();
        (1..=4000_u32).any(|request| {
            let stratum = usize::from(request > 2000);
            let user = (chance.part() * 1500.0) as usize;
            let (place, pace) = users[user];
            let arm = usize::from(place < parts[stratum]);
            let factor = if arm == 1 { times } else { 1.0 } * if stratum == 1 { late } else { 1.0 };
            let value = match bounded {
                true => Kind::Share((0.1 * pace * factor).min(1.0)).drawn(&mut chance),
                false => Kind::Exponential(pace * factor).drawn(&mut chance),
            };
            let stratum = if naive { 0 } else { stratum as u32 };
            let sum = sums[arm].entry((stratum, user as u32)).or_default();
            *sum = (sum.0 + value, sum.1 + 1.0);
            if !request.is_multiple_of(400) {
                return false;
            }
            let [control, own] = sums.each_ref().map(|sums| {
                let sums = sums.iter().map(|((stratum, unit), (value, weight))| Sum {
                    stratum: *stratum,
                    unit: *unit,
                    value: *value,
                    weight: *weight,
                });
                Strata::of(sums.collect())
            });
            of(&own, &control, bounded).is_some_and(|own| own.p < ALPHA)
        })
    };
    (0..100).filter(|own| run(*own)).count()
}

#[test]
fn a_ramp_deceives_nobody_and_what_is_there_is_found() {
    for bounded in [true, false] {
        for parts in [[0.02, 0.5], [0.1, 0.9]] {
            let deceived = found(bounded, parts, (1.0, 0.3), false);
            assert!(deceived <= 5, "{bounded} {parts:?}: {deceived} of 100");
        }
        let naive = found(bounded, [0.1, 0.9], (1.0, 0.3), true);
        assert!(naive > 50, "{bounded}: {naive} of 100: the trial is too easy");
        let power = found(bounded, [0.1, 0.5], (2.0, 0.5), false);
        assert!(power >= 80, "{bounded}: {power} of 100");
    }
}

/// What differs in opposite directions has no difference that is that of all.
#[test]
fn an_interval_holds_what_it_is_of() {
    let arm = |early: f64, late: f64| {
        let one = |stratum: u32, share: f64| {
            (0..400_u32).map(move |own| {
                let (unit, yes) = (stratum * 1000 + own, f64::from(own) < share * 400.0);
                Sum { stratum, unit, value: f64::from(u8::from(yes)), weight: 1.0 }
            })
        };
        Strata::of(one(0, early).chain(one(1, late)).collect())
    };
    let found = of(&arm(0.2, 0.8), &arm(0.8, 0.2), true).unwrap();
    assert!(found.interval.low < 0.0 && found.interval.high > 0.0, "{found:?}");
    let found = of(&arm(0.5, 0.3), &arm(0.3, 0.1), true).unwrap();
    assert!((found.interval.value - 0.2).abs() < 1e-9 && found.interval.low > 0.05, "{found:?}");
    // Whoever comes again says nothing new.
    let again = |shares: [f64; 2]| {
        let mut own = arm(shares[0], shares[1]);
        own.sums.iter_mut().for_each(|sum| sum.unit %= 1000);
        own
    };
    let twice = of(&again([0.3, 0.3]), &again([0.2, 0.2]), true).unwrap();
    let once = of(&arm(0.3, 0.3), &arm(0.2, 0.2), true).unwrap();
    assert!(twice.p > 2.0 * once.p, "{twice:?} {once:?}");
    let alone = of(&Strata::of(arm(0.3, 0.3).sums.split_off(400)), &arm(0.2, 0.2), true).unwrap();
    assert!((alone.interval.value - 0.1).abs() < 1e-9, "{alone:?}");
    assert!(of(&Strata::of(Vec::new()), &arm(0.2, 0.2), true).is_none());
}
