//! `json_schema`: whether the answer has a shape.
use super::super::field::Boolean;
use super::facts::Facts;
use super::flag;
use super::question::Question;

pub(super) static QUESTION: Question = Question::new(
    "json_schema",
    &Boolean,
    "Whether the answer must follow a JSON schema.",
    |spot, _| flag::read(spot, is_so),
);

fn is_so(facts: &dyn Facts) -> bool {
    facts.ask().needs().json_schema.is_some()
}
