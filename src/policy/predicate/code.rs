//! `code`: whether there is code.
use super::super::field::Boolean;
use super::facts::Facts;
use super::flag;
use super::question::Question;

pub(super) static QUESTION: Question = Question::new(
    "code",
    &Boolean,
    "Whether there seems to be code in what the user said last: a fence of three backticks or \
     tildes, or lines that look like code, a query, commands, a patch or what a program says that \
     has failed. Its first 64 KiB are looked at.",
    |spot, _| flag::read(spot, is_so),
);

fn is_so(facts: &dyn Facts) -> bool {
    facts.texts().has_code(facts.ask())
}
