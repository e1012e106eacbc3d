//! A bit for each character of a pattern, in words.

/// Most bits.
pub(super) const BITS_MAX: usize = 256;

/// Words of that many bits.
pub(super) const WORDS: usize = BITS_MAX / 64;

/// So many words of bits.
pub(super) type Bits<const W: usize> = [u64; W];

/// One bit.
pub(super) fn one(place: usize) -> Bits<WORDS> {
    let word = |word: usize| u64::from(word == place / 64).wrapping_shl((place % 64) as u32);
    core::array::from_fn(word)
}

/// The places of bits.
pub(super) fn places(bits: &Bits<WORDS>) -> impl Iterator<Item = usize> + use<> {
    let bits = *bits;
    let has = move |place: &usize| {
        let word = bits.get(place / 64).copied().unwrap_or_default();
        word.wrapping_shr((place % 64) as u32) & 1 == 1
    };
    (0..BITS_MAX).filter(has)
}

/// The first words of some.
pub(super) fn narrow<const W: usize>(bits: &Bits<WORDS>) -> Bits<W> {
    core::array::from_fn(|word| bits.get(word).copied().unwrap_or_default())
}

/// The bits after each.
pub(super) fn shifted<const W: usize>(bits: &Bits<W>) -> Bits<W> {
    let mut carry = 0;
    bits.map(|word| {
        let shifted = word << 1 | carry;
        carry = word >> 63;
        shifted
    })
}

pub(super) fn or<const W: usize>(mut own: Bits<W>, other: &Bits<W>) -> Bits<W> {
    own.iter_mut().zip(other).for_each(|(own, other)| *own |= other);
    own
}

pub(super) fn and<const W: usize>(mut own: Bits<W>, other: &Bits<W>) -> Bits<W> {
    own.iter_mut().zip(other).for_each(|(own, other)| *own &= other);
    own
}

/// Whether they have a bit in common.
pub(super) fn meet<const W: usize>(own: &Bits<W>, other: &Bits<W>) -> bool {
    own.iter().zip(other).fold(0, |all, (own, other)| all | (own & other)) != 0
}

/// Whether there is no bit at all.
pub(super) fn none<const W: usize>(own: &Bits<W>) -> bool {
    own.iter().fold(0, |all, own| all | own) == 0
}
