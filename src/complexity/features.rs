//! What is kept of a text to learn from it: the places of its words in a table, and its counts.
use super::hash::{TABLE_BITS, place};
use super::lexical::{LEXICAL, lexical};
use super::text::Reader;

/// What a text looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features {
    /// The hash of each word and each pair of neighbours, once each, in order.
    pub places: Vec<u32>,
    /// The counts, as numbers to weigh.
    pub lexical: [u16; LEXICAL],
}

/// What some texts and tools look like, to learn from them.
///
/// A place is so many upper bits of a hash as the largest table has; those of a smaller table are
/// its upper bits.
#[must_use]
pub fn features<'t>(texts: impl IntoIterator<Item = &'t str>, tools: usize) -> Features {
    let mut places = Vec::new();
    let mut reader = Reader::new(|hash| places.push(place(hash, TABLE_BITS)));
    texts.into_iter().for_each(|text| reader.read(text));
    let lexical = lexical(&reader.finish(), tools);
    places.sort_unstable();
    places.dedup();
    Features { places, lexical }
}
