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

/// [`kind`] of every byte.
static KIND: [u8; 256] = table();

#[expect(clippy::indexing_slicing, reason = "made by the compiler, which refuses a wrong place")]
#[expect(clippy::arithmetic_side_effects, reason = "made by the compiler, which sees overflow")]
const fn table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = kind(b as u8);
        b += 1;
    }
    table
}

fn kind_of(b: u8) -> u8 {
    KIND.get(usize::from(b)).copied().unwrap_or(OTHER)
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

/// Reads texts one after the other; each word and each pair of neighbours becomes a hash.
#[derive(Debug)]
pub(super) struct Reader<S> {
    counts: Counts,
    left: usize,
    /// The word before, 0 at the start of a text.
    before: u32,
    /// How many bytes of words are of each kind, in eight bits each, and how many they are
    /// together: not yet in the counts.
    kinds: u64,
    gathered: usize,
    /// Takes the hashes.
    sink: S,
}

impl<S: FnMut(u32)> Reader<S> {
    pub(super) const fn new(sink: S) -> Self {
        Self { counts: Counts::NONE, left: READ_MAX, before: 0, kinds: 0, gathered: 0, sink }
    }

    pub(super) fn finish(mut self) -> Counts {
        self.spill();
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
        while let Some((b, after)) = rest.split_first() {
            let kind = kind_of(*b);
            if kind < WORD {
                let length = self.word(rest);
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            self.counts.add(kind);
            if kind == LINE {
                self.counts.line(line, line.len().saturating_sub(rest.len()));
                line = after;
            }
            rest = after;
        }
        if !line.is_empty() {
            self.counts.line(line, line.len());
        }
    }

    /// Brings the kinds that were gathered to the counts.
    fn spill(&mut self) {
        for (count, own) in self.counts.bytes.iter_mut().zip(self.kinds.to_le_bytes()) {
            *count = count.wrapping_add(own.into());
        }
        (self.kinds, self.gathered) = (0, 0);
    }

    /// Takes the word that begins here, and gives its length.
    fn word(&mut self, rest: &[u8]) -> usize {
        // How many bytes are of each kind, in eight bits each: a count in memory for every byte
        // would wait for the one before.
        let (mut hash, mut length, mut kinds) = (OFFSET, 0_usize, 0_u64);
        for b in rest.iter().take(LONGEST) {
            let kind = kind_of(*b);
            if kind >= WORD || (kind == WIDE && length > 0) {
                break;
            }
            kinds = kinds.wrapping_add(1_u64.wrapping_shl(u32::from(kind).wrapping_mul(8)));
            // Capitals are as good as small letters, and any digit is as good as another.
            let lower = b | if *b < 0x80 { 0x20 } else { 0 };
            let letter = if kind == DIGIT { b'0' } else { lower };
            hash = (hash ^ u32::from(letter)).wrapping_mul(PRIME);
            length = length.wrapping_add(1);
        }
        let first = rest.first().map_or(WORD, |b| kind_of(*b));
        if self.gathered.wrapping_add(length) > LONGEST {
            self.spill();
        }
        self.gathered = self.gathered.wrapping_add(length);
        self.kinds = self.kinds.wrapping_add(kinds);
        let [_, _, digits, ..] = kinds.to_le_bytes();
        let digits = usize::from(digits);
        let counts = &mut self.counts;
        add(&mut counts.words);
        if digits == length {
            add(&mut counts.numbers);
        } else if first < DIGIT {
            counts.capitals = counts.capitals.wrapping_add(u32::from(first == UPPER));
            counts.long_words = counts.long_words.wrapping_add(u32::from(length >= 8));
            counts.longest_words = counts.longest_words.wrapping_add(u32::from(length >= 12));
            if let Some(group) = keywords::group(hash).and_then(|at| counts.groups.get_mut(at)) {
                add(group);
            }
        }
        (self.sink)(spread(hash));
        if self.before != 0 {
            (self.sink)(spread(pair(self.before, hash)));
        }
        self.before = hash;
        length
    }
}

#[cfg(test)]
mod tests;
