//! `client`: the API that the app was written for.
use super::facts::Facts;
use super::names::{OneOf, is_one};
use super::question::{Question, Test};
use crate::dialect::client;

const NAMES: OneOf = OneOf("the name of an API");

pub(super) static QUESTION: Question = Question::new(
    "client",
    &NAMES,
    "The API that the app was written for, such as `openai` or `anthropic`, or one of several.",
    |spot, _| {
        let known: Vec<&str> = client::ALL.iter().map(|client| client.name).collect();
        Some(Box::new(Client(NAMES.known(spot, "client", Some(&known))?)))
    },
);

#[derive(Debug)]
struct Client(Vec<String>);

impl Test for Client {
    fn holds(&self, facts: &dyn Facts) -> bool {
        is_one(&self.0, Some(facts.client()))
    }
}
