//! Plain text: what stands in a string without an escape, and where it ends. Most of a body is
//! such text, so many bytes are looked at together.

/// Bytes of a word.
const WORD: usize = 8;

/// Bytes looked at in words before blocks are worth it: most keys and short strings end in them.
const NEAR: usize = 16;

/// Bytes of a block. Loops over arrays without branches become vector instructions, of 16 bytes
/// each in a wasm machine.
const BLOCK: usize = 32;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first byte at or after `at` that is a quote, a backslash or a control character; the end
/// of `bytes` when there is none. What stands before it needs no escape, on the way in or out.
pub(super) fn plain_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let (near, far) = rest.split_at_checked(NEAR).unwrap_or((rest, &[]));
    let length = match plain_words(near) {
        length if length < near.len() => length,
        length => length.saturating_add(plain_blocks(far)),
    };
    at.saturating_add(length)
}

/// How many plain bytes there are at the beginning, a block at a time.
fn plain_blocks(bytes: &[u8]) -> usize {
    let blocks = bytes.as_chunks::<BLOCK>().0.iter();
    let plain = blocks.take_while(|block| is_plain(block)).count().saturating_mul(BLOCK);
    plain.saturating_add(plain_words(bytes.get(plain..).unwrap_or_default()))
}

/// The same, a word at a time.
fn plain_words(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<WORD>();
    let mut plain = 0_usize;
    for word in words {
        let stops = stops(*word);
        if stops != 0 {
            let before = stops.trailing_zeros().checked_div(8).unwrap_or_default();
            return plain.saturating_add(usize::try_from(before).unwrap_or_default());
        }
        plain = plain.saturating_add(WORD);
    }
    plain.saturating_add(tail.iter().position(|byte| stop(*byte) != 0).unwrap_or(tail.len()))
}

/// Whether every byte of a block is plain.
fn is_plain(block: &[u8; BLOCK]) -> bool {
    let (low, high) = block.split_at(BLOCK / 2);
    let mut found = [0_u8; BLOCK / 2];
    for ((found, low), high) in found.iter_mut().zip(low).zip(high) {
        *found = stop(*low) | stop(*high);
    }
    u128::from_le_bytes(found) == 0
}

/// 1 for a quote, a backslash or a control character, 0 for a plain byte.
const fn stop(byte: u8) -> u8 {
    (byte < 0x20) as u8 | (byte == b'"') as u8 | (byte == b'\\') as u8
}

/// The high bit of each byte of a word that is a quote, a backslash or a control character.
///
/// Exact in the lowest such byte only: a borrow may mark bytes above it.
const fn stops(bytes: [u8; WORD]) -> u64 {
    let word = u64::from_le_bytes(bytes);
    let quote = word ^ ONES.wrapping_mul(b'"' as u64);
    let backslash = word ^ ONES.wrapping_mul(b'\\' as u64);
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    let control = word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word;
    (quote | backslash | control) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More than the near words, two blocks and a tail.
    const LONGEST: usize = NEAR + 2 * BLOCK + WORD + 3;

    fn byte_by_byte(bytes: &[u8], at: usize) -> usize {
        (at..bytes.len())
            .find(|at| matches!(bytes[*at], b'"' | b'\\' | 0..=0x1F))
            .unwrap_or(bytes.len().max(at))
    }

    #[test]
    fn every_byte_at_every_place_of_every_length() {
        for length in 0..=LONGEST {
            let mut text = vec![b'a'; length];
            assert_eq!(plain_end(&text, 0), length);
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    text[place] = byte;
                    assert_eq!(plain_end(&text, 0), byte_by_byte(&text, 0), "{byte} at {place}");
                }
                text[place] = b'a';
            }
        }
    }

    #[test]
    fn from_every_place() {
        let text: Vec<u8> =
            (0..LONGEST).map(|at| if at % 37 == 36 { b'"' } else { 0xE9 }).collect();
        for at in 0..LONGEST + 2 {
            assert_eq!(plain_end(&text, at), byte_by_byte(&text, at), "from {at}");
        }
    }

    #[test]
    fn the_first_of_two_stops_and_no_neighbour_of_one() {
        for first in 0..LONGEST {
            for (stop, after) in [(b'"', b'#'), (b'\\', b']'), (0x1F, b' '), (b'"', b'"')] {
                let mut text = [b'!'; LONGEST];
                text[first] = stop;
                if let Some(next) = text.get_mut(first + 1) {
                    *next = after;
                }
                assert_eq!(plain_end(&text, 0), first);
            }
        }
    }
}
