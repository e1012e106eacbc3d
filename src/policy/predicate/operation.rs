//! `operation`: what the app asks for.
use super::facts::Facts;
use super::names::{OneOf, is_one};
use super::question::{Question, Test};
use crate::dialect::client;
use crate::order;

const NAMES: OneOf = OneOf("the name of an operation");

pub(super) static QUESTION: Question = Question::new(
    "operation",
    &NAMES,
    "What the app asks models for, such as `chat`, or one of several.",
    |spot, _| {
        let known = served();
        Some(Box::new(Operation(NAMES.known(spot, "operation", Some(&known))?)))
    },
);

/// The operations that models serve.
fn served() -> Vec<&'static str> {
    let endpoints = client::ALL.iter().flat_map(|client| client.endpoints);
    let served = endpoints.filter(|endpoint| endpoint.inbound().is_some());
    let mut names: Vec<&str> = served.map(|endpoint| endpoint.operation.name).collect();
    order::sort(&mut names);
    names.dedup();
    names
}

#[derive(Debug)]
struct Operation(Vec<String>);

impl Test for Operation {
    fn holds(&self, facts: &dyn Facts) -> bool {
        is_one(&self.0, Some(facts.operation()))
    }
}
