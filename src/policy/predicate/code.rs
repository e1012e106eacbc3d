//! `code`: whether there is code.
use super::super::field::Boolean;
use super::facts::Facts;
use super::flag;
use super::question::Question;

pub(super) static QUESTION: Question = Question::new(
    "code",
    &Boolean,
    "Whether there seems to be code in the last message of the user's: a fence of three \
     backticks, or at least three lines that begin or end as code does. Its first 64 KiB are \
     looked at.",
    |spot, _| flag::read(spot, is_so),
);

fn is_so(facts: &dyn Facts) -> bool {
    facts.texts().has_code(facts.ask())
}
