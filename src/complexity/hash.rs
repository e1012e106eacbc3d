//! Hashes of words, and their places in a table.

/// The largest table has two to this power of weights: 32 KiB.
pub const TABLE_BITS: u32 = 15;

/// FNV-1a, 32 bits.
pub(super) const OFFSET: u32 = 0x811C_9DC5;
pub(super) const PRIME: u32 = 0x0100_0193;

/// The hash of a word of small letters, as the reader makes it byte by byte.
#[expect(clippy::indexing_slicing, reason = "made by the compiler, which refuses a wrong place")]
#[expect(clippy::arithmetic_side_effects, reason = "made by the compiler, which sees overflow")]
pub(super) const fn word_hash(word: &[u8]) -> u32 {
    let (mut hash, mut at) = (OFFSET, 0);
    while at < word.len() {
        hash = (hash ^ word[at] as u32).wrapping_mul(PRIME);
        at += 1;
    }
    hash
}

/// Brings what differs into the upper bits, which choose the place in a table.
pub(super) const fn spread(hash: u32) -> u32 {
    (hash ^ (hash >> 15)).wrapping_mul(0x9E37_79B1)
}

/// The hash of two neighbours.
pub(super) const fn pair(before: u32, hash: u32) -> u32 {
    before.wrapping_mul(PRIME) ^ hash.rotate_left(15)
}

/// A hash's place in a table of two to the power of `bits`.
pub(super) const fn place(hash: u32, bits: u32) -> u32 {
    hash.wrapping_shr(32_u32.wrapping_sub(bits))
}
