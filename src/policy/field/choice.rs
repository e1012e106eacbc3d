//! One of a few words.
use core::fmt;

use super::doc_only::DocOnly;
use super::section::shape::{Defaults, Kind, Read, Shape};
use super::spot::Spot;
use super::words::{listed, unknown};

/// One of a few words.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Words<T: 'static> {
    /// What a message calls one of them.
    pub(in super::super) what: &'static str,
    /// The words there are.
    pub(in super::super) of: &'static [Word<T>],
}

/// A word, and what it is read as.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Word<T> {
    word: &'static str,
    value: T,
    about: DocOnly<&'static str>,
}

impl<T: Copy> Word<T> {
    pub(in super::super) const fn new(word: &'static str, value: T, about: &'static str) -> Self {
        Self { word, value, about: DocOnly::new(about) }
    }
}

impl<T: Copy + PartialEq> Words<T> {
    /// The word for a value.
    pub(in super::super) fn word(&self, value: T) -> &'static str {
        let word = self.of.iter().find(|word| word.value == value);
        word.map_or("", |word| word.word)
    }
}

impl<T: Copy + fmt::Debug> Read for Words<T> {
    type Value = T;

    fn read(&self, spot: &Spot<'_>) -> Option<T> {
        let known: Vec<&str> = self.of.iter().map(|word| word.word).collect();
        let found = find(self.what, &known, spot)?;
        self.of.get(found).map(|word| word.value)
    }
}

/// The place of a word among the known ones.
#[inline(never)]
fn find(what: &str, known: &[&str], spot: &Spot<'_>) -> Option<usize> {
    let text = spot.text(&format!("one of {}", listed(known.iter().copied())))?;
    let found = known.iter().position(|word| *word == text);
    if found.is_none() {
        spot.problem(unknown(what, text, known));
    }
    found
}

impl<T: Copy + fmt::Debug> Kind for Words<T> {
    fn shape(&self) -> Shape {
        let word = |word: &Word<T>| (word.word, word.about.get().unwrap_or_default());
        Shape::Words(self.of.iter().map(word).collect())
    }
}

impl<T: Copy + fmt::Debug + PartialEq> Defaults for Words<T> {
    type Literal = T;

    fn json(&self, literal: T) -> String {
        format!("\"{}\"", self.word(literal))
    }
}
