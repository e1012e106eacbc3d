//! Which labels are of nearly the same text: they are one piece of evidence, not several.
//!
//! A counter, a time, a name of a session or a space more makes no new question of a text. So of a
//! text its words are looked at, in small letters and without those that have a digit in them, and
//! pairs of neighbours beside them. Two texts are nearly the same where most of all that either of
//! them has is in both. What very many texts have is a template: it is no part of that, as long as
//! enough is left to tell texts apart by.
use std::collections::BTreeMap;

use super::random::Random;

/// Bytes of a label that are looked at.
const READ_MAX: usize = 16 << 10;

/// The share of what two texts have, together, that both have to have.
const SAME: f64 = 0.7;

/// What more than this share of all texts have is a template, and so many at least.
const TEMPLATE: f64 = 0.01;
const TEMPLATE_MIN: usize = 20;

/// So much has to be left without the template.
const LEFT: usize = 8;

/// Texts that are alike agree in the least of three mixes of what they have, for one of so many
/// threes at least: 997 of 1,000 pairs do that are just alike enough.
const BANDS: usize = 15;
const MIXES: usize = 3;

/// So many texts are compared with each other of those that agree in one three.
const COMPARED: usize = 64;

/// What a text has: a number for each of its words and for each pair of neighbours, in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shingles(Vec<u32>);

impl Shingles {
    /// Those of some texts.
    #[must_use]
    pub fn of(texts: &[&str]) -> Self {
        let (mut all, mut before) = (Vec::new(), 0_u32);
        let mut word = Word::NONE;
        let mut take = |word: &mut Word| {
            if word.letters && !word.digits {
                all.push(mixed(u64::from(word.hash)));
                all.push(mixed(u64::from(before) << 32 | u64::from(word.hash)));
                before = word.hash;
            }
            *word = Word::NONE;
        };
        let letters =
            texts.iter().flat_map(|text| text.chars().chain([' '])).scan(0, |read, own| {
                *read = own.len_utf8().saturating_add(*read);
                (*read <= READ_MAX).then_some(own)
            });
        for letter in letters {
            // Scripts without spaces between words have a word for each character.
            let alone = letter >= '\u{E00}';
            if alone || !is_in_word(letter) {
                take(&mut word);
            }
            if letter.is_alphanumeric() || is_in_word(letter) {
                word.add(letter);
            }
            if alone {
                take(&mut word);
            }
        }
        take(&mut word);
        if all.is_empty() {
            // Nothing but numbers and signs: they are the text.
            let bytes = texts.iter().flat_map(|text| text.bytes().chain([0xFF]));
            let hash = |hash, byte: u8| u64::from(mixed(u64::from(hash) << 8 | u64::from(byte)));
            all.push(mixed(bytes.fold(1, |before: u64, byte| hash(before as u32, byte))));
        }
        all.sort_unstable();
        all.dedup();
        Self(all)
    }
}

/// Whether a character may stand in a word: names of sessions and times are words.
fn is_in_word(letter: char) -> bool {
    matches!(letter, '-' | '_') || letter.is_alphanumeric()
}

#[derive(Debug, Clone, Copy)]
struct Word {
    hash: u32,
    letters: bool,
    digits: bool,
}

impl Word {
    const NONE: Self = Self { hash: 0x811C_9DC5, letters: false, digits: false };

    fn add(&mut self, letter: char) {
        self.digits |= letter.is_numeric();
        self.letters |= letter.is_alphabetic();
        for small in letter.to_lowercase() {
            self.hash = (self.hash ^ u32::from(small)).wrapping_mul(0x0100_0193);
        }
    }
}

/// Makes a number that looks random of another (the end of SplitMix64).
const fn mixed(of: u64) -> u32 {
    (Random::new(of).next() >> 32) as u32
}

/// How many texts there are that are not nearly the same, and which of them each label has.
pub(super) fn groups(labels: &[&Shingles]) -> (usize, Vec<usize>) {
    let mut places: BTreeMap<&Shingles, usize> = BTreeMap::new();
    let mut texts: Vec<&[u32]> = Vec::new();
    let mut of_text = Vec::with_capacity(labels.len());
    for label in labels {
        let at = *places.entry(label).or_insert(texts.len());
        if at == texts.len() {
            texts.push(&label.0);
        }
        of_text.push(at);
    }
    let group_of = alike(&own(&texts));
    let mut names: BTreeMap<usize, usize> = BTreeMap::new();
    let named = of_text.into_iter().map(|text| {
        let next = names.len();
        *names.entry(group_of.get(text).copied().unwrap_or(text)).or_insert(next)
    });
    let named = named.collect();
    (names.len(), named)
}

/// What each text has without the template.
fn own(texts: &[&[u32]]) -> Vec<Vec<u32>> {
    let mut all: Vec<u32> = texts.iter().flat_map(|text| text.iter().copied()).collect();
    all.sort_unstable();
    let many = ((texts.len() as f64 * TEMPLATE) as usize).max(TEMPLATE_MIN);
    let runs = all.chunk_by(|a, b| a == b).filter(|run| run.len() > many);
    let template: Vec<u32> = runs.filter_map(|run| run.first().copied()).collect();
    let without = |text: &&[u32]| {
        let own = text.iter().filter(|one| template.binary_search(one).is_err());
        let own: Vec<u32> = own.copied().collect();
        if own.len() < LEFT { text.to_vec() } else { own }
    };
    texts.iter().map(without).collect()
}

/// For each text the first of those that are nearly the same.
fn alike(texts: &[Vec<u32>]) -> Vec<usize> {
    let mut same = Same((0..texts.len()).collect());
    for band in 0..BANDS {
        let mut firsts: BTreeMap<[u32; MIXES], Vec<usize>> = BTreeMap::new();
        for (at, text) in texts.iter().enumerate() {
            let least = core::array::from_fn(|mix| {
                let salt = (band.saturating_mul(MIXES).saturating_add(mix) as u64) << 32;
                text.iter().map(|one| mixed(salt | u64::from(*one))).min().unwrap_or(0)
            });
            let firsts = firsts.entry(least).or_default();
            let like = firsts.iter().find(|first| {
                let other = texts.get(**first).map_or(&[][..], Vec::as_slice);
                same.of(**first) == same.of(at) || shared(text, other) >= SAME
            });
            match like {
                Some(first) => same.join(*first, at),
                None if firsts.len() < COMPARED => firsts.push(at),
                None => {}
            }
        }
    }
    (0..texts.len()).map(|at| same.of(at)).collect()
}

/// The share of what two texts have, together, that both have.
fn shared(a: &[u32], b: &[u32]) -> f64 {
    let both = a.iter().filter(|one| b.binary_search(one).is_ok()).count();
    let all = a.len().saturating_add(b.len()).saturating_sub(both);
    both as f64 / all.max(1) as f64
}

/// Which are the same, each by an earlier one or by itself.
struct Same(Vec<usize>);

impl Same {
    /// The first of those that are the same as one.
    fn of(&self, mut at: usize) -> usize {
        while let Some(before) = self.0.get(at).filter(|before| **before != at) {
            at = *before;
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        if let Some(later) = self.0.get_mut(a.max(b)) {
            *later = a.min(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Shingles, groups};

    fn count(texts: &[String]) -> usize {
        let shingles: Vec<Shingles> = texts.iter().map(|text| Shingles::of(&[text])).collect();
        groups(&shingles.iter().collect::<Vec<_>>()).0
    }

    const TEXT: &str = "Which of these rivers flows through the old town, and why was its bed \
                        moved twice in the last century? Say it in one sentence.";

    #[test]
    fn what_makes_no_new_question_makes_no_new_text() {
        let same = |change: &dyn Fn(usize) -> String| (0..8).map(change).collect::<Vec<_>>();
        for texts in [
            same(&|n| format!("{TEXT}{}", " ".repeat(n))),
            same(&|n| format!("{TEXT}\n(request {n})")),
            same(&|n| format!("2026-11-{:02}T12:0{n}:5{n}Z {TEXT}", n + 10)),
            same(&|n| format!("[sess_{n}af{n}-9b{n}c] {TEXT}")),
            same(&|n| if n.is_multiple_of(2) { TEXT.to_uppercase() } else { TEXT.to_owned() }),
            same(&|n| TEXT.replace(' ', if n > 4 { "  " } else { "\n" })),
            same(&|n| format!("{TEXT} {}", ["Thanks", "Please", "Now", "Ok"][n % 4])),
            same(&|n| format!("下面的句子是什么意思？今天天气好。{n}")),
        ] {
            assert_eq!(count(&texts), 1, "{texts:?}");
        }
    }

    #[test]
    fn texts_of_one_template_are_texts_of_their_own() {
        let noun = |n: usize| {
            let part = |at: usize| ["ri", "lo", "ta", "ve", "mu", "so", "ke"][at % 7];
            format!("{}{}{}{}", part(n), part(n / 7), part(n / 49), part(n / 3 + 1))
        };
        let text = |n: usize| {
            let own: Vec<String> = (0..9).map(|at| noun(n * 9 + at)).collect();
            format!("{} {}", TEXT.repeat(20), own.join(" "))
        };
        let texts: Vec<String> = (0..200).map(text).collect();
        assert!(count(&texts) > 190, "{}", count(&texts));
        // Numbers are the text where there is nothing else.
        assert_eq!(count(&["1 + 2".to_owned(), "1 + 3".to_owned(), "1 + 2".to_owned()]), 2);
        assert_eq!(count(&["yes".to_owned(), "no".to_owned(), String::new()]), 3);
    }
}
