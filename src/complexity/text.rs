//! One pass over a text: what stands in it is counted, and its words are hashed.
use super::hash::{OFFSET, PRIME, pair, spread};
use super::keywords::{self, GROUPS};

/// Bytes of a request that are read; of what comes after them only the length counts.
pub const READ_MAX: usize = 16 << 10;

/// The longest word; what is longer is several.
const LONGEST: usize = 255;

/// Kinds of bytes. Those below [`WORD`] make words.
pub(super) const LOWER: u8 = 0;
pub(super) const UPPER: u8 = 1;
pub(super) const DIGIT: u8 = 2;
/// What follows the first byte of a longer character.
const CONT: u8 = 3;
/// The first byte of a longer character.
pub(super) const HIGH: u8 = 4;
/// The first byte of one that is a word of its own: Chinese, kana, Hangul, emoji.
pub(super) const WIDE: u8 = 5;
const WORD: u8 = 6;
const SPACE: u8 = 6;
const LINE: u8 = 7;
const OTHER: u8 = 8;
/// The first kind of signs; the others follow it.
pub(super) const FIRST_SIGN: usize = 9;
/// How many kinds there are; a power of two.
const KINDS: usize = 64;

/// The kind of a byte; brackets have their partner's.
pub(super) const fn kind(b: u8) -> u8 {
    match b {
        b'a'..=b'z' => LOWER,
        b'A'..=b'Z' => UPPER,
        b'0'..=b'9' => DIGIT,
        0x80..=0xBF => CONT,
        0xC0..=0xE2 => HIGH,
        0xE3..=0xFF => WIDE,
        b' ' => SPACE,
        b'\n' => LINE,
        b'.' => 9,
        b',' => 10,
        b'?' => 11,
        b'!' => 12,
        b':' => 13,
        b';' => 14,
        b'"' => 15,
        b'\'' => 16,
        b'`' => 17,
        b'(' | b')' => 18,
        b'[' | b']' => 19,
        b'{' | b'}' => 20,
        b'<' | b'>' => 21,
        b'=' => 22,
        b'+' => 23,
        b'-' => 24,
        b'*' => 25,
        b'/' => 26,
        b'^' => 27,
        b'%' => 28,
        b'\\' => 29,
        b'$' => 30,
        b'_' => 31,
        b'&' | b'~' => 32,
        b'|' => 33,
        b'#' => 34,
        b'@' => 35,
        _ => OTHER,
    }
}

/// What has to be known of a byte: its kind, and above that the letter that it counts as.
#[derive(Debug, Clone, Copy)]
struct Byte(u16);

impl Byte {
    fn of(b: u8) -> Self {
        Self(BYTES.get(usize::from(b)).copied().unwrap_or(0))
    }

    const fn kind(self) -> u8 {
        self.0 as u8
    }

    /// One of its kind, where the kinds of a word have eight bits each.
    const fn counted(self) -> u64 {
        1_u64.wrapping_shl((self.0 as u32 & 7) << 3)
    }

    /// The hash of what ends with it.
    const fn hashed(self, before: u32) -> u32 {
        (before ^ (self.0 >> 8) as u32).wrapping_mul(PRIME)
    }
}

/// What has to be known of every byte.
static BYTES: [u16; 256] = table();

#[expect(clippy::indexing_slicing, reason = "made by the compiler, which refuses a wrong place")]
#[expect(clippy::arithmetic_side_effects, reason = "made by the compiler, which sees overflow")]
const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        let kind = kind(b as u8);
        // Capitals are as good as small letters, and any digit is as good as another.
        let letter = match kind {
            DIGIT => b'0' as usize,
            UPPER => b | 0x20,
            _ => b,
        };
        table[b] = (letter << 8) as u16 | kind as u16;
        b += 1;
    }
    table
}

/// What was counted in a text.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    /// Bytes by their kind.
    pub(super) bytes: [u32; KINDS],
    /// Words that belong to a group of keywords.
    pub(super) groups: [u32; GROUPS],
    /// All bytes, those that were not read among them.
    pub(super) length: u64,
    pub(super) texts: u32,
    pub(super) words: u32,
    pub(super) numbers: u32,
    /// Words with a capital at the front.
    pub(super) capitals: u32,
    /// Words of eight letters and more, and of twelve.
    pub(super) long_words: u32,
    pub(super) longest_words: u32,
    pub(super) lines: u32,
    pub(super) blank_lines: u32,
    pub(super) indented_lines: u32,
    pub(super) bullets: u32,
    pub(super) headings: u32,
    /// Lines that offer an answer: `A. …`, `(B) …`, `c) …`.
    pub(super) options: u32,
    /// Lines of three backticks.
    pub(super) fences: u32,
    pub(super) longest_line: u32,
}

impl Counts {
    const NONE: Self = Self {
        bytes: [0; KINDS],
        groups: [0; GROUPS],
        length: 0,
        texts: 0,
        words: 0,
        numbers: 0,
        capitals: 0,
        long_words: 0,
        longest_words: 0,
        lines: 0,
        blank_lines: 0,
        indented_lines: 0,
        bullets: 0,
        headings: 0,
        options: 0,
        fences: 0,
        longest_line: 0,
    };

    /// How many bytes are of this one's kind.
    pub(super) fn of(&self, sign: u8) -> u32 {
        self.bytes.get(usize::from(kind(sign))).copied().unwrap_or(0)
    }

    fn add(&mut self, kind: u8) {
        if let Some(count) = self.bytes.get_mut(usize::from(kind) % KINDS) {
            *count = count.wrapping_add(1);
        }
    }

    /// Looks at how a line begins.
    fn line(&mut self, line: &[u8], length: usize) {
        add(&mut self.lines);
        self.longest_line = self.longest_line.max(u32::try_from(length).unwrap_or(u32::MAX));
        let indent = line.iter().take(64).take_while(|b| matches!(b, b' ' | b'\t')).count();
        let text = line.get(indent..).unwrap_or_default();
        if indent > 1 || matches!(line, [b'\t', ..]) {
            add(&mut self.indented_lines);
        }
        match text {
            [] | [b'\n' | b'\r', ..] => add(&mut self.blank_lines),
            [b'`', b'`', b'`', ..] => add(&mut self.fences),
            [b'-' | b'*' | b'+', b' ', ..] => add(&mut self.bullets),
            [b'#', ..] => add(&mut self.headings),
            [b'(', b'A'..=b'J' | b'a'..=b'j', b')', ..]
            | [b'A'..=b'J' | b'a'..=b'j', b')' | b'.', ..] => add(&mut self.options),
            _ => {}
        }
    }
}

fn add(count: &mut u32) {
    *count = count.wrapping_add(1);
}

/// Reads texts one after the other; each word becomes two hashes: its own, and that of it and the
/// word before, which is its own again where it is the first one of a text.
#[derive(Debug)]
pub(super) struct Reader<S> {
    counts: Counts,
    left: usize,
    /// The word before, 0 at the start of a text.
    before: u32,
    /// Takes the hashes.
    sink: S,
}

impl<S: FnMut([u32; 2])> Reader<S> {
    pub(super) const fn new(sink: S) -> Self {
        Self { counts: Counts::NONE, left: READ_MAX, before: 0, sink }
    }

    pub(super) fn finish(self) -> Counts {
        self.counts
    }

    pub(super) fn read(&mut self, text: &str) {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.counts.length = self.counts.length.saturating_add(length);
        add(&mut self.counts.texts);
        let mut rest = text.as_bytes();
        rest = rest.get(..self.left).unwrap_or(rest);
        self.left = self.left.saturating_sub(rest.len());
        self.before = 0;
        let mut line = rest;
        let mut tally = Tally::default();
        while let Some((b, after)) = rest.split_first() {
            let byte = Byte::of(*b);
            if byte.kind() < WORD {
                let more = self.word(byte, after, &mut tally);
                rest = after.get(more..).unwrap_or_default();
                continue;
            }
            self.counts.add(byte.kind());
            if byte.kind() == LINE {
                self.counts.line(line, line.len().saturating_sub(rest.len()));
                line = after;
            }
            rest = after;
        }
        if !line.is_empty() {
            self.counts.line(line, line.len());
        }
        tally.bring(&mut self.counts);
    }

    /// Takes the word that begins with a byte, and gives the length of what comes after that.
    ///
    /// Only its end is a branch: what stands in a word is hard to foresee, and a wrong guess costs
    /// as much as several bytes.
    fn word(&mut self, first: Byte, after: &[u8], tally: &mut Tally) -> usize {
        let (mut hash, mut kinds) = (first.hashed(OFFSET), first.counted());
        let after = after.get(..LONGEST.wrapping_sub(1)).unwrap_or(after);
        let end = after.iter().position(|b| {
            // Most are small letters: what is not counted here is one of them.
            if b.wrapping_sub(b'a') < 26 {
                hash = (hash ^ u32::from(*b)).wrapping_mul(PRIME);
                return false;
            }
            let own = Byte::of(*b);
            if own.kind() >= WIDE {
                return true;
            }
            hash = own.hashed(hash);
            kinds = kinds.wrapping_add(own.counted());
            false
        });
        let more = end.unwrap_or(after.len());
        tally.add(kinds, first, more.wrapping_add(1));
        if let Some(group) = keywords::group(hash).and_then(|at| self.counts.groups.get_mut(at)) {
            add(group);
        }
        let both = if self.before == 0 { hash } else { pair(self.before, hash) };
        (self.sink)([spread(hash), spread(both)]);
        self.before = hash;
        more
    }
}

/// What is counted of words, in sixteen bits each: a place in memory for each would take longer.
/// No count is above [`READ_MAX`].
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    /// Words, long ones, longest ones, and the bytes of all.
    words: u64,
    /// Numbers and words with a capital.
    marked: u64,
    /// Their bytes by kinds, the even and the odd ones, but of small letters.
    even: u64,
    odd: u64,
}

impl Tally {
    /// Adds a word: its bytes by kinds, in eight bits each, its first byte and its length.
    fn add(&mut self, kinds: u64, first: Byte, length: usize) {
        const EVEN: u64 = 0x00FF_00FF_00FF_00FF;
        let length = length as u64;
        let one = 1 | length << 48;
        let long = u64::from(length >= 8) << 16 | u64::from(length >= 12) << 32;
        // Most words are small letters alone.
        if kinds & !0xFF == 0 {
            self.words = self.words.wrapping_add(one | long);
            return;
        }
        self.even = self.even.wrapping_add(kinds & EVEN);
        self.odd = self.odd.wrapping_add(kinds >> 8 & EVEN);
        let number = u64::from(kinds >> 16 & 0xFF == length);
        let letters = (u64::from(first.kind() < DIGIT) & !number).wrapping_neg();
        self.words = self.words.wrapping_add(one | long & letters);
        let capital = u64::from(first.kind() == UPPER) << 16;
        self.marked = self.marked.wrapping_add(number | capital & letters);
    }

    fn bring(self, counts: &mut Counts) {
        let parts = |of: u64| [0, 16, 32, 48].map(|at| u32::from((of >> at) as u16));
        let [words, long, longest, all] = parts(self.words);
        let [numbers, capitals, ..] = parts(self.marked);
        let [_, digits, high, _] = parts(self.even);
        let [upper, cont, wide, _] = parts(self.odd);
        let others = [upper, digits, cont, high, wide];
        let lower = others.into_iter().fold(all, u32::wrapping_sub);
        let kinds = counts.bytes.iter_mut().zip([lower, upper, digits, cont, high, wide]);
        let words = [
            (&mut counts.words, words),
            (&mut counts.numbers, numbers),
            (&mut counts.capitals, capitals),
            (&mut counts.long_words, long),
            (&mut counts.longest_words, longest),
        ];
        kinds.chain(words).for_each(|(to, count)| *to = to.wrapping_add(count));
    }
}

#[cfg(test)]
mod tests;
