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
    let mut reader = Reader::new(|both: [u32; 2]| {
        places.extend(both.map(|hash| place(hash, TABLE_BITS)));
    });
    texts.into_iter().for_each(|text| reader.read(text));
    let lexical = lexical(&reader.finish(), tools);
    places.sort_unstable();
    places.dedup();
    Features { places, lexical }
}

#[cfg(test)]
mod tests {
    use super::features;

    /// Weights mean something only to the reader that they were learned with: where these change,
    /// the version of the file has to change too.
    #[test]
    fn a_text_looks_today_as_it_did_when_weights_were_made() {
        let all = "How many of the 12 primes below 40 are twins? Prove it, please.\n\n(A) 3\n  - \
                   B) Größe ×2, 東京 🙂 CamelCase snake_case\n```rust\nfn main() { let x = \
                   [1; 2]; }\n```\n# Extraordinarily\t";
        for (text, digest) in [
            (all, 0x1FB3_5702_03EA_4D08_u64),
            ("", 0x6ECE_A9A0_16F9_AD89),
            ("x", 0xACF9_7590_20BD_8994),
        ] {
            let found = features([text, "17"], 2);
            let places = found.places.iter().flat_map(|place| place.to_le_bytes());
            let bytes = places.chain(found.lexical.iter().flat_map(|n| n.to_le_bytes()));
            let fnv = bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, b| {
                (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3)
            });
            assert_eq!(fnv, digest, "{text}");
        }
    }
}
