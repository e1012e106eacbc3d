//! Bytes that nobody would send: every known input as it is, then changed in every way, for as long
//! as there is time. `FUZZ_MINUTES` is minutes for each parser; without it each has a few hundred
//! tries, always the same ones.
//!
//! What fails is written to `target/fuzz/PARSER`. Mended, it is kept in `tests/corpus/fuzz/PARSER`,
//! where it is played again each time.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "it runs for so many minutes, and says where it has written what failed"
)]
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// Tries where no time is given.
const TRIES: usize = 400;
/// The longest input: a change may double one.
const LONGEST: usize = 1 << 18;
/// What formats are made of, and numbers at their ends.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "-0",
    "1e999",
    "18446744073709551616",
    "-9223372036854775809",
    "0.1",
    "\u{feff}",
    "\u{0}",
    "é",
    "\u{1f600}",
    "\n",
    "\r\n",
    "\n\n",
    "data: ",
    "event: ",
    "[DONE]",
    "- ",
    "&a ",
    "*a",
    "<<: ",
    "|\n",
    "!!str ",
    "# ",
    "\t",
    "{\"type\":\"error\"}",
    "\"model\"",
    "\"stream\":true",
    "tool_calls",
    "content",
];

/// Chance, the same each time.
pub(crate) struct Chance(u64);

impl Chance {
    /// A number below a bound; 0 where the bound is.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap().checked_rem(bound).unwrap_or(0)
    }

    /// The same bytes with some changes; `others` lend pieces of theirs.
    pub(crate) fn change(&mut self, bytes: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let from = self.below(out.len().saturating_add(1));
            let to = from.saturating_add(self.below(32)).min(out.len());
            let new = match self.below(8) {
                0 => Vec::new(),
                1 => vec![u8::try_from(self.below(256)).unwrap()],
                2 | 3 => WORDS[self.below(WORDS.len())].into(),
                4 => out[from..to].repeat(2),
                5 if !others.is_empty() => {
                    let other = &others[self.below(others.len())];
                    let start = self.below(other.len());
                    let end = start.saturating_add(self.below(200)).min(other.len());
                    other[start..end].to_vec()
                }
                6 => {
                    out.truncate(from);
                    continue;
                }
                _ => out[from..to].iter().map(|byte| byte ^ (1 << self.below(8))).collect(),
            };
            out.splice(from..to, new);
        }
        out.truncate(LONGEST);
        out
    }
}

/// Gives a parser all seeds, all that has failed before, and what becomes of both. How often.
pub(crate) fn fuzz(parser: &str, seeds: &[Vec<u8>], mut reads: impl FnMut(&[u8])) -> usize {
    assert!(!seeds.is_empty(), "{parser} has no seeds");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = fs::read_dir(root.join("tests/corpus/fuzz").join(parser)).into_iter().flatten();
    let kept = kept.map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let known: Vec<Vec<u8>> = seeds.iter().cloned().chain(kept).collect();
    let minutes = std::env::var("FUZZ_MINUTES").ok().map(|own| own.parse::<f64>().unwrap());
    let end = minutes.map(|own| Instant::now() + Duration::from_secs_f64(own * 60.0));
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut tried = 0_usize;
    let mut one = |input: &[u8]| {
        tried = tried.saturating_add(1);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| reads(input))) {
            let folder = root.join("target/fuzz").join(parser);
            fs::create_dir_all(&folder).unwrap();
            let file = folder.join(format!("{tried}"));
            fs::write(&file, input).unwrap();
            eprintln!("what failed is in {}", file.display());
            resume_unwind(panic);
        }
    };
    known.iter().for_each(|input| one(input));
    let mut changed = 0_usize;
    while end.map_or(changed < TRIES, |end| Instant::now() < end) {
        changed = changed.saturating_add(1);
        let from = chance.below(known.len());
        one(&chance.change(&known[from], &known));
    }
    tried
}
