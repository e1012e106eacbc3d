//! `system_matches`: what stands in the instructions.
use super::facts::Facts;
use super::pattern::{Pattern, Sought};
use super::question::{Question, Test};

pub(super) static QUESTION: Question = Question::new(
    "system_matches",
    &Pattern,
    "A pattern that the instructions have in them, wherever in the conversation they stand: in \
     their first 16 KiB. It is written as that of `text_matches`.",
    |spot, depth| Some(Box::new(SystemMatches(Pattern.read(spot, depth)?))),
);

#[derive(Debug)]
struct SystemMatches(Sought);

impl Test for SystemMatches {
    fn holds(&self, facts: &dyn Facts) -> bool {
        let texts = facts.texts();
        texts.found(self.0.index, || self.0.is_in(texts.system(facts.ask())))
    }
}
