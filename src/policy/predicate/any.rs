//! `any`: one of several objects of questions holds.
use super::facts::Facts;
use super::question::{Question, Test};
use super::{Predicate, all};

pub(super) static QUESTION: Question = Question::new(
    "any",
    &all::LIST,
    "One of these holds. They are asked in their order, so put first what costs least.",
    |spot, depth| Some(Box::new(Any(all::read(spot, depth)?))),
);

#[derive(Debug)]
struct Any(Vec<Predicate>);

impl Test for Any {
    fn holds(&self, facts: &dyn Facts) -> bool {
        self.0.iter().any(|one| one.holds(facts))
    }

    fn say(&self, at: &str, facts: &dyn Facts, out: &mut String) {
        let first = self.0.iter().enumerate().find(|(_, one)| one.holds(facts));
        if let Some((index, one)) = first {
            one.say(&format!("{at}[{index}]."), facts, out);
        }
    }
}
