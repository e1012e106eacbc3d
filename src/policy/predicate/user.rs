//! `user`: the person or program on whose behalf a tenant pays.
use super::facts::Facts;
use super::names::{OneOf, is_one};
use super::question::{Question, Test};

const NAMES: OneOf = OneOf("the name of a user");

pub(super) static QUESTION: Question = Question::new(
    "user",
    &NAMES,
    "The user of the caller's key, or one of several.",
    |spot, depth| {
        let callers = &depth.names.callers;
        let known = callers.known(&callers.users);
        Some(Box::new(User(NAMES.known(spot, "user", known)?)))
    },
);

#[derive(Debug)]
struct User(Vec<String>);

impl Test for User {
    fn holds(&self, facts: &dyn Facts) -> bool {
        is_one(&self.0, facts.tenant().user.as_deref())
    }
}
