//! Who is in which arm: slots, and which arm owns each of them.
//!
//! A unit (a user, a key, a conversation) has one of 10,000 slots for ever: the first eight bytes
//! of the SHA-256 of what is drawn for (`arm`, `layer` or `holdout`), its name and the unit, with
//! the byte 0x1F between them, as a big-endian number; that times 10,000 by 2^64, rounded down. So
//! a unit keeps its slot across workers, proxies and restarts, and slots that are drawn for
//! different names have nothing to do with each other.
//!
//! Weights decide which slots an arm owns, and nothing else does: no arm before or after a change
//! is remembered. The first arm owns what the others leave. Each of them has an order of its own of
//! all slots, and a part of them with which that begins: of two, the one goes from 0 upwards and
//! the other from 9,999 downwards; of up to four each has a quarter, the third from 5,000 upwards
//! and the fourth from 4,999 downwards; of up to eight an eighth, and so on. In rounds, each one
//! that has too few still takes the next slot of its order where nobody has taken that yet. Beyond
//! its own part an arm goes through those of others from the middle outwards, for there the owner,
//! who begins at one end, and others come late: so arms get out of each other's way as long as
//! there is room.
//!
//! Where the first arm gives or takes and all others grow, or all shrink, no unit moves that need
//! not: always for three arms and fewer, and for more as long as none has more than its part. No
//! layout can do that always: it would have to give the third arm what the second leaves, whatever
//! the fourth has. How near the others come is counted in the tests.
use core::ops::Range;

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
        let all = quotas.iter().enumerate().skip(1).filter(|(_, quota)| **quota > 0);
        let mut lacking: Vec<_> =
            all.map(|(arm, quota)| (arm, *quota, order_of(arm.saturating_sub(1)))).collect();
        while !lacking.is_empty() {
            for (arm, left, order) in &mut lacking {
                // All of them together lack no more than there is, so no order ends before that.
                let owner =
                    order.next().and_then(|slot| owners.get_mut(usize::try_from(slot).ok()?));
                let owner = owner?;
                if *owner == 0 {
                    *owner = *arm;
                    *left = left.saturating_sub(1);
                }
            }
            lacking.retain(|(_, left, _)| *left > 0);
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

/// The order in which an arm after the first takes slots.
fn order_of(index: usize) -> Box<dyn Iterator<Item = u32>> {
    if index < 2 {
        return along(index, 0..SLOTS);
    }
    let parts = index.saturating_add(1).next_power_of_two();
    let others = (1..parts).flat_map(move |other| from_middle(part(index ^ other, parts)));
    Box::new(along(index, part(index, parts)).chain(others))
}

/// The part of an arm, of so many: those of two neighbours begin at the same place, and places are
/// as far apart as they can be.
fn part(index: usize, parts: usize) -> Range<u32> {
    let pair = u32::try_from(index / 2).unwrap_or(u32::MAX);
    // The bits of the pair's number behind a binary point, backwards: 0, 1/2, 1/4, 3/4, 1/8, …
    let (place, parts) = (u64::from(pair.reverse_bits()), u64::try_from(parts).unwrap_or(1));
    let place = place.saturating_mul(parts) >> 32;
    let last = parts.saturating_sub(1);
    let place = if index.is_multiple_of(2) { place } else { place.checked_sub(1).unwrap_or(last) };
    let slot = |place: u64| {
        let slot = place.saturating_mul(SLOTS.into()).checked_div(parts);
        slot.and_then(|slot| u32::try_from(slot).ok()).unwrap_or_default()
    };
    slot(place)..slot(place.saturating_add(1))
}

/// Upwards for every other arm, downwards for those between.
fn along(index: usize, slots: Range<u32>) -> Box<dyn Iterator<Item = u32>> {
    if index.is_multiple_of(2) { Box::new(slots) } else { Box::new(slots.rev()) }
}

fn from_middle(slots: Range<u32>) -> impl Iterator<Item = u32> {
    let middle = slots.start.midpoint(slots.end);
    let (mut up, mut down) = (middle..slots.end, (slots.start..middle).rev());
    // The upper half has as many as the lower one, or one more.
    core::iter::from_fn(move || {
        let (above, below) = (up.len(), down.len());
        if above > below { up.next() } else { down.next() }
    })
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
mod tests;
