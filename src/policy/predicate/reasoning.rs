//! `reasoning`: whether the model is to think first.
use super::super::field::Boolean;
use super::facts::Facts;
use super::flag;
use super::question::Question;

pub(super) static QUESTION: Question = Question::new(
    "reasoning",
    &Boolean,
    "Whether the app asks the model to think before it answers.",
    |spot, _| flag::read(spot, is_so),
);

fn is_so(facts: &dyn Facts) -> bool {
    facts.ask().reasoning.is_some_and(|given| given.value.effort().is_some())
}
