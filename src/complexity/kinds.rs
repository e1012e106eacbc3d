//! Whether a text is of a kind that the labels hold.
//!
//! A score says nothing of work that nobody labelled. The labelled texts are gathered into some
//! kinds by their counts. A text that is farther from the nearest one than nearly all of its own
//! are is of none, and neither is one that has more words than they have which are not usual there.
use super::lexical::LEXICAL;

/// Most kinds.
pub const KINDS_MAX: usize = 16;

/// One square of a spread, in a [`Kind`]'s numbers.
pub const SQUARE: i32 = 1 << 16;

/// The tightest that a kind can be in one number.
pub(super) const TIGHT_MAX: u16 = 4096;

/// What one number of a text can add to a distance, at most.
const FAR: i32 = 16 * SQUARE;

/// Texts that look alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// How its numbers stand, in 16ths of their spread among all texts.
    pub centre: [i8; LEXICAL],
    /// 16 by the square of their spread within it.
    pub tight: [u16; LEXICAL],
    /// What is added to a distance: how wide and how rare the kind is.
    pub base: i32,
    /// The distance up to which a text is one of it.
    pub limit: i32,
    /// The places of the table that are usual in it, a bit for each.
    pub usual: Vec<u64>,
    /// How many of 256 places of a text of it may be others.
    pub others: u16,
}

impl Kind {
    /// How far away a text is, by how its numbers stand in 64ths of their spread.
    #[must_use]
    pub fn distance(&self, standings: &[i32; LEXICAL]) -> i32 {
        let own = self.centre.iter().zip(&self.tight);
        let parts = own.zip(standings).map(|((centre, tight), standing)| {
            // A standing has 64ths, so its square has 4,096ths; the tightness has sixteen times.
            let off = standing.wrapping_sub(i32::from(*centre).wrapping_mul(4));
            // A distance is at most 384, so this stays below 2^31.
            off.wrapping_mul(off).wrapping_mul(i32::from(*tight)).min(FAR)
        });
        parts.fold(0, i32::wrapping_add).saturating_add(self.base)
    }

    /// How many of 256 places of a text are not usual in it, by a bit for each place that it has.
    #[must_use]
    pub fn strange(&self, seen: &[u64]) -> u16 {
        let (mut all, mut others) = (0_u32, 0_u32);
        for (seen, usual) in seen.iter().zip(&self.usual) {
            all = all.wrapping_add(seen.count_ones());
            others = others.wrapping_add((seen & !usual).count_ones());
        }
        // At most 32,768 places, so nothing overflows.
        let share = others.wrapping_mul(256).checked_div(all).unwrap_or(0);
        u16::try_from(share).unwrap_or(u16::MAX)
    }
}

/// The kind that is nearest to a text, and its distance; `None` where there are no kinds.
#[must_use]
pub fn nearest<'k>(kinds: &'k [Kind], standings: &[i32; LEXICAL]) -> Option<(&'k Kind, i32)> {
    let all = kinds.iter().map(|kind| (kind, kind.distance(standings)));
    all.min_by_key(|(_, distance)| *distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(centre: i8) -> Kind {
        let usual = vec![0b1111, 0];
        Kind {
            centre: [centre; LEXICAL],
            tight: [16; LEXICAL],
            base: 0,
            limit: 0,
            usual,
            others: 0,
        }
    }

    #[test]
    fn what_is_not_usual_is_counted_by_its_share() {
        let kind = kind(0);
        for (seen, strange) in
            [([0, 0], 0), ([0b0110, 0], 0), ([0b0001, 0b1000], 128), ([0b1111_0000, 1], 256)]
        {
            assert_eq!(kind.strange(&seen), strange, "{seen:?}");
        }
    }

    #[test]
    fn distances_are_squares_of_spreads_up_to_a_bound() {
        let (here, there) = (kind(16), kind(-16));
        assert_eq!(here.distance(&[64; LEXICAL]), 0);
        let mut one = [64; LEXICAL];
        *one.first_mut().unwrap() = 0;
        assert_eq!(here.distance(&one), SQUARE, "one number is off by one spread");
        *one.first_mut().unwrap() = 192;
        assert_eq!(here.distance(&one), SQUARE.saturating_mul(4));
        *one.first_mut().unwrap() = -192;
        assert_eq!(here.distance(&one), FAR, "and counts no more than four spreads");
        let kinds = [here, there];
        assert_eq!(nearest(&kinds, &[-64; LEXICAL]), kinds.last().map(|kind| (kind, 0)));
        assert_eq!(nearest(&[], &[0; LEXICAL]), None);
    }
}
