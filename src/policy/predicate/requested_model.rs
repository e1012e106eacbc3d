//! `requested_model`: the very name that the app asks for.
use super::facts::Facts;
use super::names::{OneOf, is_one};
use super::question::{Question, Test};

const NAMES: OneOf = OneOf("a name that apps ask for");

pub(super) static QUESTION: Question = Question::new(
    "requested_model",
    &NAMES,
    "The name that stands in the request's `model`, or one of several: of a route with several \
     names only these.",
    |spot, depth| {
        let known: Vec<&str> = depth.names.routes.iter().map(|(name, _)| *name).collect();
        let names = NAMES.known(spot, "name of a route", Some(&known))?;
        Some(Box::new(RequestedModel(names)))
    },
);

#[derive(Debug)]
struct RequestedModel(Vec<String>);

impl Test for RequestedModel {
    fn holds(&self, facts: &dyn Facts) -> bool {
        is_one(&self.0, Some(facts.requested_model()))
    }
}
