//! `stream`: whether the answer is streamed.
use super::super::field::Boolean;
use super::facts::Facts;
use super::flag;
use super::question::Question;

pub(super) static QUESTION: Question =
    Question::new("stream", &Boolean, "Whether the answer is streamed.", |spot, _| {
        flag::read(spot, is_so)
    });

fn is_so(facts: &dyn Facts) -> bool {
    facts.ask().stream
}
