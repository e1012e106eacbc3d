//! A digest of 128 bits under a secret: SipHash-2-4
//! (<https://www.aumasson.jp/siphash/siphash.pdf>).
//!
//! Who does not know the secret can make no two texts with the same digest, and of texts that
//! nobody made for it two of 2^64 have the same: so nobody is given another's answer by it. It
//! takes a third of the time that a digest without a secret would.

/// Takes in bytes, and gives their digest.
#[derive(Debug, Clone)]
pub struct Sip {
    state: [u64; 4],
    /// Bytes that do not make eight yet, the first in the lowest place.
    tail: u64,
    /// How many these are.
    tail_bytes: u32,
    /// How many bytes there were in all.
    length: u64,
}

impl Sip {
    /// Of nothing yet, under that secret.
    #[must_use]
    pub const fn under([k0, k1]: [u64; 2]) -> Self {
        let state = [
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ];
        Self { state, tail: 0, tail_bytes: 0, length: 0 }
    }

    /// Takes in more.
    pub fn write(&mut self, bytes: &[u8]) {
        self.length = self.length.wrapping_add(u64::try_from(bytes.len()).unwrap_or_default());
        let (words, rest) = bytes.as_chunks::<8>();
        // They stay in registers while words come.
        let (mut state, mut tail) = (self.state, self.tail);
        for word in words {
            let (first, next) = self.behind_tail(tail, *word);
            state = compressed(state, first);
            tail = next;
        }
        // Fewer than eight bytes, which may make the tail whole.
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        let (first, next) = self.behind_tail(tail, last);
        let tail_bytes =
            u32::try_from(rest.len()).unwrap_or_default().wrapping_add(self.tail_bytes);
        if tail_bytes >= 8 {
            state = compressed(state, first);
        }
        self.tail = if tail_bytes >= 8 { next } else { first };
        (self.state, self.tail_bytes) = (state, tail_bytes & 7);
    }

    /// Eight bytes behind a tail: the word that they make with it, and the tail that is left.
    const fn behind_tail(&self, tail: u64, bytes: [u8; 8]) -> (u64, u64) {
        let word = u64::from_le_bytes(bytes);
        match self.tail_bytes.wrapping_mul(8) & 63 {
            0 => (word, 0),
            shift => (tail | (word << shift), word >> (64_u32.wrapping_sub(shift) & 63)),
        }
    }

    /// A text, told from what stands before and behind it.
    pub fn text(&mut self, text: &str) {
        self.number(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.write(text.as_bytes());
    }

    /// A number.
    pub fn number(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }

    /// The digest of all of it.
    #[must_use]
    pub fn finish(self) -> [u64; 2] {
        let last = self.tail | (self.length << 56);
        let [v0, v1, v2, v3] = compressed(self.state, last);
        let ended = |state: [u64; 4]| (0..4).fold(state, |state, _| round(state));
        let folded = |[v0, v1, v2, v3]: [u64; 4]| v0 ^ v1 ^ v2 ^ v3;
        let [w0, w1, w2, w3] = ended([v0, v1, v2 ^ 0xee, v3]);
        let second = ended([w0, w1 ^ 0xdd, w2, w3]);
        [folded([w0, w1, w2, w3]), folded(second)]
    }
}

/// The state once a word has come.
const fn compressed([v0, v1, v2, v3]: [u64; 4], word: u64) -> [u64; 4] {
    let [v0, v1, v2, v3] = round(round([v0, v1, v2, v3 ^ word]));
    [v0 ^ word, v1, v2, v3]
}

#[inline]
const fn round([mut v0, mut v1, mut v2, mut v3]: [u64; 4]) -> [u64; 4] {
    v0 = v0.wrapping_add(v1);
    v1 = v1.rotate_left(13) ^ v0;
    v0 = v0.rotate_left(32);
    v2 = v2.wrapping_add(v3);
    v3 = v3.rotate_left(16) ^ v2;
    v0 = v0.wrapping_add(v3);
    v3 = v3.rotate_left(21) ^ v0;
    v2 = v2.wrapping_add(v1);
    v1 = v1.rotate_left(17) ^ v2;
    v2 = v2.rotate_left(32);
    [v0, v1, v2, v3]
}

#[cfg(test)]
mod tests {
    use super::Sip;

    const SECRET: [u64; 2] = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];

    fn digest(pieces: &[&[u8]]) -> [u64; 2] {
        let mut sip = Sip::under(SECRET);
        pieces.iter().for_each(|piece| sip.write(piece));
        sip.finish()
    }

    /// The first of the reference implementation's vectors
    /// (<https://github.com/veorq/SipHash/blob/master/vectors.h>, `vectors_sip128`).
    #[test]
    fn it_is_the_one_that_its_authors_describe() {
        let of = |bytes: [u8; 16]| {
            let (one, other) = bytes.split_at(8);
            [one, other].map(|half| u64::from_le_bytes(half.try_into().unwrap()))
        };
        let none = [
            0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55,
            0x02, 0x93,
        ];
        let one = [
            0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22,
            0xfc, 0x45,
        ];
        assert_eq!(digest(&[]), of(none));
        assert_eq!(digest(&[&[0]]), of(one));
    }

    #[test]
    fn what_comes_in_pieces_is_the_same() {
        let text: Vec<u8> = (0..100).collect();
        let whole = digest(&[&text]);
        for first in 0..text.len() {
            for second in [0, 1, 3, 8, 13] {
                let (one, rest) = text.split_at(first);
                let (two, three) = rest.split_at(second.min(rest.len()));
                assert_eq!(digest(&[one, two, three]), whole, "{first} {second}");
            }
        }
        let mut other = text.clone();
        other[50] ^= 1;
        assert_ne!(digest(&[&other]), whole);
    }
}
