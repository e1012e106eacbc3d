//! `images`: whether there is an image.
use super::super::field::Boolean;
use super::facts::Facts;
use super::flag;
use super::question::Question;

pub(super) static QUESTION: Question = Question::new(
    "images",
    &Boolean,
    "Whether the request has an image, in a message or in what a function gave back.",
    |spot, _| flag::read(spot, is_so),
);

fn is_so(facts: &dyn Facts) -> bool {
    facts.ask().needs().images.is_some()
}
