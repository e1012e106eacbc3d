//! `route`: what the app asks for, by any name of a route.
use super::facts::Facts;
use super::names::OneOf;
use super::question::{Question, Test};

const NAMES: OneOf = OneOf("a name of a route");

pub(super) static QUESTION: Question = Question::new(
    "route",
    &NAMES,
    "The route that serves the request, by any of its names, or one of several routes.",
    |spot, depth| {
        let routes = &depth.names.routes;
        let known: Vec<&str> = routes.iter().map(|(name, _)| *name).collect();
        let names = NAMES.known(spot, "name of a route", Some(&known))?;
        let named = routes.iter().filter(|(name, _)| names.iter().any(|own| own == name));
        Some(Box::new(Route(named.map(|(_, route)| *route).collect())))
    },
);

#[derive(Debug)]
struct Route(Vec<usize>);

impl Test for Route {
    fn holds(&self, facts: &dyn Facts) -> bool {
        self.0.contains(&facts.route())
    }
}
