//! Slots: shares to the last one, and how few of them change hands.
#![cfg_attr(
    not(target_family = "wasm"),
    expect(clippy::arithmetic_side_effects, reason = "weights and slots are small")
)]
use super::*;

fn owners(weights: &[u64]) -> Vec<usize> {
    let Some(slots) = Slots::by(weights) else { return Vec::new() };
    (0..SLOTS).map(|slot| slots.owner(slot)).collect()
}

/// How many slots each arm has, and how many change hands.
fn moved(before: &[u64], after: &[u64]) -> usize {
    let (before, after) = (owners(before), owners(after));
    before.iter().zip(&after).filter(|(one, other)| one != other).count()
}

/// How many must: those that some arm has too many of.
fn must(before: &[u64], after: &[u64]) -> usize {
    let (Some(before), Some(after)) = (quotas(before), quotas(after)) else { return 0 };
    let lost = before.iter().zip(&after).map(|(one, other)| one.saturating_sub(*other));
    usize::try_from(lost.sum::<u32>()).unwrap_or_default()
}

#[test]
fn weights_are_shared_out_to_the_last_slot() {
    for (weights, expected) in [
        (&[90_u64, 10][..], vec![9000_u32, 1000]),
        (&[1, 1, 1], vec![3334, 3333, 3333]),
        (&[0, 5], vec![0, 10_000]),
        (&[7], vec![10_000]),
        (&[u64::MAX / 4, u64::MAX / 4], vec![5000, 5000]),
    ] {
        assert_eq!(quotas(weights), Some(expected.clone()), "{weights:?}");
        let owners = owners(weights);
        for (arm, quota) in expected.iter().enumerate() {
            let own = owners.iter().filter(|owner| **owner == arm).count();
            assert_eq!(u32::try_from(own), Ok(*quota), "{weights:?}");
        }
    }
    assert_eq!(Slots::by(&[0, 0]), None);
    assert_eq!(Slots::by(&[]), None);
}

/// The first arm gives or takes; nobody else moves.
#[test]
fn a_ramp_moves_nobody_who_need_not_move() {
    for (before, after) in [
        (&[99_u64, 1][..], &[90_u64, 10][..]),
        (&[90, 10], &[50, 50]),
        (&[50, 50], &[0, 100]),
        (&[80, 10, 10], &[70, 20, 10]),
        (&[80, 10, 10], &[70, 10, 20]),
        (&[80, 10, 10], &[40, 30, 30]),
        (&[40, 30, 30], &[90, 5, 5]),
        (&[80, 10, 10], &[0, 0, 100]),
        (&[80, 10, 10, 0], &[70, 10, 10, 10]),
        (&[60, 20, 10, 10], &[40, 30, 15, 15]),
        (&[60, 10, 10, 10, 10], &[20, 20, 20, 20, 20]),
        (&[90, 10], &[90, 20]),
        // An experiment of three in a layer, or all of them, with room between.
        (&[10, 30, 30, 30], &[0, 40, 30, 30]),
        (&[10, 30, 30, 30], &[0, 30, 40, 30]),
        (&[10, 30, 30, 30], &[0, 30, 30, 40]),
        (&[50, 25, 25, 0], &[25, 25, 25, 25]),
        (&[10, 45, 5, 40], &[5, 50, 5, 40]),
        (&[50, 10, 10, 10, 20], &[30, 20, 10, 20, 20]),
    ] {
        assert_eq!(moved(before, after), must(before, after), "{before:?} {after:?}");
    }
    // One of the others gives to another of them: each of these units moves by way of the
    // first arm's.
    assert_eq!(moved(&[20, 50, 30], &[20, 30, 50]), 2 * must(&[20, 50, 30], &[20, 30, 50]));
}

/// How many times as many units move as must, over many changes of so many arms after the first
/// (their sums, and the worst one), where all slots are shared out at random: where one of them
/// grows, where all do, and between any weights.
#[test]
fn a_ramp_of_many_arms_moves_little_more_than_it_must() {
    let mut state = 1_u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_889);
        (state >> 33) % bound.max(1)
    };
    for (arms, sums, worst) in [
        (1, [1.0, 1.0, 1.0], 1.0),
        (2, [1.0, 1.0, 2.0], 2.0),
        (3, [1.2, 1.2, 1.25], 2.25),
        (4, [1.3, 1.3, 1.3], 3.0),
        (8, [1.55, 1.6, 1.25], 4.0),
    ] {
        let mut found = [(0, 0, 0.0_f64); 3];
        for _ in 0..100 {
            let mut any = || {
                let mut borders: Vec<u64> = (0..arms).map(|_| below(10_001)).collect();
                borders.extend([0, 10_000]);
                borders.sort_unstable();
                borders.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<u64>>()
            };
            let (before, other, shares) = (any(), any(), any());
            let given = below(before[0] + 1);
            let mut one = before.clone();
            let grows = 1 + usize::try_from(below(arms)).unwrap();
            (one[0], one[grows]) = (one[0] - given, one[grows] + given);
            let mut all = before.clone();
            for (arm, share) in shares.iter().enumerate().skip(1) {
                let part = before[0] * share / 10_000;
                (all[0], all[arm]) = (all[0] - part, all[arm] + part);
            }
            for ((sum, least, worst), after) in found.iter_mut().zip([one, all, other]) {
                let (own, needs) = (moved(&before, &after), must(&before, &after));
                (*sum, *least) = (*sum + own, *least + needs);
                if needs >= 100 {
                    *worst = worst.max(own as f64 / needs as f64);
                }
            }
        }
        for ((sum, least, most), limit) in found.into_iter().zip(sums) {
            let ratio = sum as f64 / least as f64;
            assert!(ratio <= limit, "{arms} arms: {ratio}");
            assert!(most <= worst, "{arms} arms: {most}");
        }
    }
}

#[test]
fn an_order_has_every_slot_once() {
    for index in 0..31 {
        let mut order: Vec<u32> = order_of(index).collect();
        order.sort_unstable();
        assert!(order.into_iter().eq(0..SLOTS), "{index}");
    }
}

#[test]
fn a_slot_can_be_reckoned_elsewhere() {
    // printf 'arm\037try\037ann' | sha256sum, its first 16 digits, times 10,000 by 2^64
    assert_eq!(slot("arm", "try", b"ann"), EXPECTED);
}

const EXPECTED: u32 = 2383;

#[test]
fn a_unit_of_the_log_can_be_found_by_who_knows_it() {
    // printf 'unit\037try\037ann' | sha256sum
    assert_eq!(hash("unit", "try", b"ann"), 0x4337_b5f3_5917_f013);
    assert_ne!(hash("unit", "try", b"ann"), hash("unit", "other", b"ann"));
}

#[cfg(not(target_family = "wasm"))]
mod properties {
    use proptest::prelude::*;

    use super::super::SLOTS;
    use super::owners;

    fn have(owners: &[usize], arm: usize) -> usize {
        owners.iter().filter(|owner| **owner == arm).count()
    }

    /// How many slots change hands, and how many must: those that an arm has too many of.
    fn moved(before: &[usize], after: &[usize]) -> (usize, usize) {
        let moved = before.iter().zip(after).filter(|(one, other)| one != other).count();
        let lost = |arm| have(before, arm).saturating_sub(have(after, arm));
        (moved, (0..32).map(lost).sum())
    }

    proptest! {
        /// Every arm has its share, to a slot.
        #[test]
        fn shares_are_those_of_the_weights(
            weights in prop::collection::vec(0_u64..=1_000_000, 2..=32),
        ) {
            let sum: u64 = weights.iter().sum();
            prop_assume!(sum > 0);
            let owners = owners(&weights);
            for (arm, weight) in weights.iter().enumerate() {
                let exact = u128::from(*weight) * u128::from(SLOTS) / u128::from(sum);
                let has = u128::try_from(have(&owners, arm)).unwrap();
                prop_assert!(has == exact || has == exact + 1, "{arm}: {has} of {exact}");
            }
        }

        /// Of two arms nobody moves who need not.
        #[test]
        fn a_ramp_of_two_arms_moves_as_few_as_can_be(
            before in prop::array::uniform2(0_u64..=1000),
            after in prop::array::uniform2(0_u64..=1000),
        ) {
            prop_assume!(before != [0, 0] && after != [0, 0]);
            let (moved, must) = moved(&owners(&before), &owners(&after));
            prop_assert_eq!(moved, must);
        }

        /// Nor of three, where the second and the third both grow or both shrink.
        #[test]
        fn a_ramp_of_three_arms_moves_as_few_as_can_be(
            (less, more) in (0_u64..=500, 0_u64..=500)
                .prop_flat_map(|(b, c)| (Just([b, c]), (b..=500, c..=500))),
            grows in any::<bool>(),
        ) {
            let of = |[b, c]: [u64; 2]| [1000_u64.saturating_sub(b + c), b, c];
            let (less, more) = (of(less), of([more.0, more.1]));
            let (before, after) = if grows { (less, more) } else { (more, less) };
            let (moved, must) = moved(&owners(&before), &owners(&after));
            prop_assert_eq!(moved, must);
        }
    }
}
