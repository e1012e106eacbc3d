//! `key`: which of a tenant's keys was sent.
use super::facts::Facts;
use super::names::{OneOf, is_one};
use super::question::{Question, Test};

const NAMES: OneOf = OneOf("the name of a key");

pub(super) static QUESTION: Question = Question::new(
    "key",
    &NAMES,
    "What the caller's key is called in `identity`, or one of several.",
    |spot, depth| {
        let callers = &depth.names.callers;
        let known = callers.known(&callers.keys);
        Some(Box::new(Key(NAMES.known(spot, "key", known)?)))
    },
);

#[derive(Debug)]
struct Key(Vec<String>);

impl Test for Key {
    fn holds(&self, facts: &dyn Facts) -> bool {
        is_one(&self.0, facts.tenant().key.as_deref())
    }
}
