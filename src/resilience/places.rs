//! Values of any length that a proxy's workers share, within so many bytes: those of a cache.
//!
//! Shared data cannot be deleted, so there are places of fixed number and size, which add up to the
//! bound. Half of it are small places. A value that is short stands in one of them; a longer one
//! stands in a larger place, of which a small one tells. So a value takes the place of others of
//! about its own length and of no more than two, whatever is written nothing outgrows the bound,
//! and a short value is found by one read. Two small places are open to each name: where both are
//! taken, the older value goes.
use crate::layout::{Reader, Writer};
use crate::port::Shared;

/// What a value is found by: a digest that no two names have in common.
pub type Name = [u64; 2];

/// Bytes of a small place.
const SMALL: usize = 2048;

/// Of larger places each kind has so many times the bytes of the one before.
const GROWTH: usize = 4;

/// What stands around a value: its name, its time, how long it is.
const AROUND: usize = 64;

/// Most kinds of larger places.
const KINDS_MAX: u32 = 8;

/// The places there are.
#[derive(Debug, Clone)]
pub struct Places {
    small: u64,
    /// Bytes of each larger place, and how many there are.
    large: Vec<(usize, u64)>,
    max_entry: usize,
}

/// A value that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// When it was written, by the proxy's clock in milliseconds.
    pub at_ms: u64,
    place: Vec<u8>,
}

/// Where a value of a name is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot(u64);

/// Where a value stands that a small place tells of.
enum Stands<'p> {
    Here(&'p [u8]),
    /// In a larger place of that kind.
    There(usize),
}

/// What a small place holds.
struct Small<'p> {
    name: Name,
    at_ms: u64,
    value: Stands<'p>,
}

impl Places {
    /// Places for so many bytes in all, of values that are not longer than a sixteenth of it.
    #[must_use]
    pub fn of(max_bytes: u64, max_entry: u64) -> Self {
        let max_entry = usize::try_from(max_entry).unwrap_or(usize::MAX);
        let longest = max_entry.saturating_add(AROUND);
        let mut sizes = Vec::new();
        let mut size = SMALL;
        while size < longest && sizes.len() < usize::try_from(KINDS_MAX).unwrap_or_default() {
            size = size.saturating_mul(GROWTH).min(longest);
            sizes.push(size);
        }
        let half = max_bytes / 2;
        let kinds = u64::try_from(sizes.len()).unwrap_or(u64::MAX);
        let share = half.checked_div(kinds).unwrap_or_default();
        let count = |size: usize, share: u64| {
            share.checked_div(u64::try_from(size).unwrap_or(u64::MAX)).unwrap_or_default()
        };
        let small = count(SMALL, if sizes.is_empty() { max_bytes } else { half });
        let large = sizes.into_iter().map(|size| (size, count(size, share)));
        Self { small, large: large.filter(|(_, count)| *count > 0).collect(), max_entry }
    }

    /// The value of a name, `None` where there is none; and where one of it is to be written.
    #[must_use]
    pub fn find(&self, shared: &dyn Shared, name: Name) -> (Option<Found>, Spot) {
        let Some([one, other]) = self.ways(name) else { return (None, Spot(0)) };
        let first = shared.shared_data(&key(0, one)).0;
        let held = |place: &[u8]| Small::read(place).map(|own| (own.name == name, own.at_ms));
        let (place, at) = match held(&first) {
            Some((true, _)) => (first, one),
            // No place becomes empty again, so nobody has had to take the other one.
            None => return (None, Spot(one)),
            Some((false, at_ms)) => {
                let second = shared.shared_data(&key(0, other)).0;
                match held(&second) {
                    Some((true, _)) => (second, other),
                    // An empty place, or else the older value's.
                    Some((false, others_ms)) if at_ms <= others_ms => return (None, Spot(one)),
                    _ => return (None, Spot(other)),
                }
            }
        };
        (self.found(shared, name, place), Spot(at))
    }

    /// What a small place that has this name holds, or tells of.
    fn found(&self, shared: &dyn Shared, name: Name, place: Vec<u8>) -> Option<Found> {
        let small = Small::read(&place)?;
        let at_ms = small.at_ms;
        let Stands::There(kind) = small.value else { return Some(Found { at_ms, place }) };
        let place = shared.shared_data(&self.large_key(kind, name)?).0;
        let large = Small::read(&place)?;
        (large.name == name && large.at_ms == at_ms).then_some(Found { at_ms, place })
    }

    /// Writes a value where [`Places::find`] has said. Whatever another worker has written there
    /// meanwhile goes: a place is written as a whole, so nobody finds half of one value and half of
    /// another. `false` where it is too long.
    pub fn put(
        &self,
        shared: &dyn Shared,
        (name, Spot(at)): (Name, Spot),
        at_ms: u64,
        value: &[u8],
    ) -> bool {
        if value.len() > self.max_entry {
            return false;
        }
        let length = value.len().saturating_add(AROUND);
        if length <= SMALL {
            return shared.put_shared_data(&key(0, at), &written(name, at_ms, Some(value), 0));
        }
        let Some(kind) = self.large.iter().position(|(size, _)| length <= *size) else {
            return false;
        };
        let (Some(large), Ok(number)) = (self.large_key(kind, name), u64::try_from(kind)) else {
            return false;
        };
        shared.put_shared_data(&large, &written(name, at_ms, Some(value), 0))
            && shared.put_shared_data(&key(0, at), &written(name, at_ms, None, number))
    }

    /// The small places that are open to a name.
    fn ways(&self, [one, other]: Name) -> Option<[u64; 2]> {
        Some([one.checked_rem(self.small)?, other.checked_rem(self.small)?])
    }

    fn large_key(&self, kind: usize, [one, other]: Name) -> Option<String> {
        let (_, count) = self.large.get(kind)?;
        Some(key(kind.saturating_add(1), (one ^ other).checked_rem(*count)?))
    }
}

impl Found {
    /// The value itself.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        match Small::read(&self.place).map(|own| own.value) {
            Some(Stands::Here(value)) => value,
            _ => &[],
        }
    }
}

impl<'p> Small<'p> {
    fn read(place: &'p [u8]) -> Option<Self> {
        let mut fields = Reader::of(place);
        let name = [fields.number()?, fields.number()?];
        let at_ms = fields.number()?;
        let value = match fields.flag()? {
            true => Stands::Here(fields.bytes()?),
            false => Stands::There(usize::try_from(fields.number()?).ok()?),
        };
        Some(Self { name, at_ms, value })
    }
}

fn written([one, other]: Name, at_ms: u64, inline: Option<&[u8]>, kind: u64) -> Vec<u8> {
    let length = inline.map_or(0, <[u8]>::len);
    let mut out = Writer::with_capacity(length.saturating_add(AROUND));
    [one, other, at_ms].into_iter().for_each(|number| out.number(number));
    out.flag(inline.is_some());
    match inline {
        Some(value) => out.bytes(value),
        None => out.number(kind),
    }
    out.finish()
}

/// The name of a place, with the version of its layout.
fn key(kind: usize, at: u64) -> String {
    format!("tw.answers.1.{kind}.{at}")
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
