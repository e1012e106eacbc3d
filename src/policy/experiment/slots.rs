//! Who is in which arm: slots, and which arm owns each of them.
//!
//! A unit (a user, a key, a conversation) has one of 10,000 slots for ever: the first eight bytes
//! of the SHA-256 of what is drawn for (`arm`, `layer` or `holdout`), its name and the unit, with
//! the byte 0x1F between them, as a big-endian number; that times 10,000 by 2^64, rounded down. So
//! a unit keeps its slot across workers, proxies and restarts, and slots that are drawn for
//! different names have nothing to do with each other.
//!
//! Weights only move the borders between arms. The first arm owns what the others leave. The second
//! owns slots from 0 upwards, the third from 9,999 downwards, the fourth from 5,000 upwards, the
//! fifth from 4,999 downwards, and so on from 2,500 and 7,500, each passing over slots that an arm
//! before it in the list owns. So where the second and the third arm, or one of them, grow or
//! shrink and the first one gives or takes, no other unit moves. With more arms the same holds as
//! long as none grows into the slots of another: between two that grow towards each other there
//! are a half of all slots for four of them, a quarter for eight.
use crate::order;
use sha2::{Digest as _, Sha256};

/// How many slots there are.
pub(super) const SLOTS: u32 = 10_000;

/// Which arm owns which slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slots {
    /// Runs of slots of one arm: where each ends, and whose it is.
    runs: Vec<(u32, usize)>,
}

impl Slots {
    /// Shared out by these weights; `None` where they sum up to nothing.
    pub(super) fn by(weights: &[u64]) -> Option<Self> {
        let quotas = quotas(weights)?;
        let mut owners = vec![0_usize; usize::try_from(SLOTS).ok()?];
        for (arm, quota) in quotas.iter().enumerate().skip(1) {
            let (start, upwards) = anchor(arm.saturating_sub(1));
            let mut left = *quota;
            for step in 0..SLOTS {
                if left == 0 {
                    break;
                }
                let ahead = if upwards { step } else { SLOTS.saturating_sub(step) };
                let slot = start.saturating_add(ahead).checked_rem(SLOTS)?;
                let owner = owners.get_mut(usize::try_from(slot).ok()?)?;
                if *owner == 0 {
                    *owner = arm;
                    left = left.saturating_sub(1);
                }
            }
        }
        let mut runs: Vec<(u32, usize)> = Vec::new();
        for (end, owner) in (1..).zip(owners) {
            match runs.last_mut() {
                Some((last, own)) if *own == owner => *last = end,
                _ => runs.push((end, owner)),
            }
        }
        Some(Self { runs })
    }

    /// Whether an arm owns one.
    pub(super) fn has(&self, arm: usize) -> bool {
        self.runs.iter().any(|(_, own)| *own == arm)
    }

    /// Whose slot it is.
    pub(super) fn owner(&self, slot: u32) -> usize {
        let at = self.runs.partition_point(|(end, _)| *end <= slot);
        self.runs.get(at).map_or(0, |(_, arm)| *arm)
    }
}

/// Where an arm after the first begins, and whether it grows upwards.
fn anchor(index: usize) -> (u32, bool) {
    let pair = u32::try_from(index / 2).unwrap_or(u32::MAX);
    // The bits of the pair's number behind a binary point, backwards: 0, 1/2, 1/4, 3/4, 1/8, …
    let part = u64::from(pair.reverse_bits());
    let start = u32::try_from(part.saturating_mul(u64::from(SLOTS)) >> 32).unwrap_or_default();
    match index % 2 {
        0 => (start, true),
        _ => (start.checked_sub(1).unwrap_or(SLOTS.saturating_sub(1)), false),
    }
}

/// How many slots each weight is worth, all of them together: those with the largest remainders are
/// rounded up.
fn quotas(weights: &[u64]) -> Option<Vec<u32>> {
    let sum: u64 = weights.iter().fold(0, |sum, weight| sum.saturating_add(*weight));
    if sum == 0 {
        return None;
    }
    let shares = weights.iter().map(|weight| {
        let slots = u128::from(*weight).saturating_mul(u128::from(SLOTS));
        let (sum, slots) = (u128::from(sum), slots);
        Some((u32::try_from(slots.checked_div(sum)?).ok()?, slots.checked_rem(sum)?))
    });
    let shares: Option<Vec<(u32, u128)>> = shares.collect();
    let shares = shares?;
    let given = shares.iter().fold(0_u32, |sum, (slots, _)| sum.saturating_add(*slots));
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order::sort_by_key(&mut order, |index| {
        core::cmp::Reverse(shares.get(*index).map(|(_, rest)| *rest))
    });
    let mut quotas: Vec<u32> = shares.iter().map(|(slots, _)| *slots).collect();
    let left = usize::try_from(SLOTS.saturating_sub(given)).ok()?;
    for index in order.into_iter().take(left) {
        let quota = quotas.get_mut(index)?;
        *quota = quota.saturating_add(1);
    }
    Some(quotas)
}

/// The slot of a unit.
pub(super) fn slot(drawn_for: &str, name: &str, unit: &[u8]) -> u32 {
    let slot = u128::from(hash(drawn_for, name, unit)).saturating_mul(u128::from(SLOTS)) >> 64;
    u32::try_from(slot).unwrap_or_default()
}

/// A number of a unit that nobody can lead back to it, another for each use and name.
pub(super) fn hash(used_for: &str, name: &str, unit: &[u8]) -> u64 {
    let mut hash = Sha256::new();
    for part in [used_for.as_bytes(), b"\x1f", name.as_bytes(), b"\x1f", unit] {
        hash.update(part);
    }
    let hash = hash.finalize();
    hash.first_chunk().map_or(0, |bytes: &[u8; 8]| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
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
        ] {
            assert_eq!(moved(before, after), must(before, after), "{before:?} {after:?}");
        }
        // One of the others gives to another of them: each of these units moves by way of the
        // first arm's.
        assert_eq!(moved(&[20, 50, 30], &[20, 30, 50]), 2 * must(&[20, 50, 30], &[20, 30, 50]));
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
    #[expect(clippy::arithmetic_side_effects, reason = "weights and slots are small")]
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
}
