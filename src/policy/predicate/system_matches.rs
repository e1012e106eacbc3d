//! `system_matches`: what stands in the instructions.
use regex_lite::Regex;

use super::super::field::Read as _;
use super::facts::Facts;
use super::pattern::{Pattern, is_in};
use super::question::{Question, Test};

pub(super) static QUESTION: Question = Question::new(
    "system_matches",
    &Pattern,
    "A pattern that the instructions before the conversation have in them, in their first 16 KiB. \
     Its syntax is that of Rust's `regex`, without Unicode's classes.",
    |spot, _| Some(Box::new(SystemMatches(Pattern.read(spot)?))),
);

#[derive(Debug)]
struct SystemMatches(Regex);

impl Test for SystemMatches {
    fn holds(&self, facts: &dyn Facts) -> bool {
        is_in(&self.0, facts.ask().system.iter().map(AsRef::as_ref))
    }
}
