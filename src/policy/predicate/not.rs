//! `not`: an object of questions does not hold.
use super::facts::Facts;
use super::question::{Question, Test};
use super::{Predicate, When, questions};

pub(super) static QUESTION: Question =
    Question::new("not", &When, "These do not all hold.", |spot, depth| {
        Some(Box::new(Not(questions(spot, &depth.below())?)))
    });

#[derive(Debug)]
struct Not(Predicate);

impl Test for Not {
    fn holds(&self, facts: &dyn Facts) -> bool {
        !self.0.holds(facts)
    }
}
