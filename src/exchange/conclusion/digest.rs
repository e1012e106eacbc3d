//! Digests of 64 bits: FNV-1a, its bits mixed at the end. They are for answers that nobody made to
//! collide.

/// What a digest is made of, piece by piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digest(u64);

impl Digest {
    /// That of nothing, of this kind of thing.
    pub(super) fn of(kind: &str) -> Self {
        Self(0xCBF2_9CE4_8422_2325).text(kind)
    }

    /// With a text. What follows it is not taken for its end.
    pub(super) fn text(self, text: &str) -> Self {
        // No text in UTF-8 has this byte.
        self.bytes(text.as_bytes()).bytes(&[0xFF])
    }

    /// With a part of a text.
    pub(super) fn part(self, part: &str) -> Self {
        self.bytes(part.as_bytes())
    }

    /// With a number.
    pub(super) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let step = |hash: u64, b: &u8| (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01B3);
        Self(bytes.iter().fold(self.0, step))
    }

    /// The digest; never 0, which stands for none.
    pub(super) fn finish(self) -> u64 {
        let mixed = (self.0 ^ self.0.wrapping_shr(33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        let mixed = (mixed ^ mixed.wrapping_shr(33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        (mixed ^ mixed.wrapping_shr(33)).max(1)
    }
}
