//! `header`: what an app says in a request header that the policy lists.
use super::super::document::Content;
use super::super::field::{Boolean, Entries, Kind, Shape, Spot};
use super::super::request_headers;
use super::facts::Facts;
use super::names::{OneOf, is_one};
use super::question::{Question, Test};
use super::reading::Depth;

const VALUES: OneOf = OneOf("a header's value");

/// What a header must say; or whether it must be there.
#[derive(Debug, Clone, Copy)]
struct ValueOrGiven;

impl Kind for ValueOrGiven {
    fn shape(&self) -> Shape {
        Shape::Either(vec![VALUES.shape(), Boolean.shape()])
    }
}

const HEADERS: Entries = Entries::of("header", &ValueOrGiven);

pub(super) static QUESTION: Question = Question::new(
    "header",
    &HEADERS,
    "Request headers by their names, of those in `request_headers`: each must have this value, or \
     one of several; or `true` where it must be there, `false` where it must not.",
    |spot, depth| Some(Box::new(Headers(read(spot, depth)?))),
);

#[derive(Debug)]
enum Says {
    OneOf(Vec<String>),
    Given(bool),
}

fn read(spot: &Spot<'_>, depth: &Depth<'_>) -> Option<Vec<(String, Says)>> {
    let mut read = Vec::new();
    for (name, spot) in spot.entries("headers by name")? {
        let own = request_headers::listed(name, &spot, depth.names.headers);
        let says = match spot.node.content {
            Content::Boolean(given) => Some(Says::Given(given)),
            _ => VALUES.known(&spot, "value", None).map(Says::OneOf),
        };
        read.push(own.zip(says));
    }
    read.into_iter().collect()
}

#[derive(Debug)]
struct Headers(Vec<(String, Says)>);

impl Test for Headers {
    fn holds(&self, facts: &dyn Facts) -> bool {
        self.0.iter().all(|(name, says)| {
            let value = facts.header(name);
            match says {
                Says::OneOf(values) => is_one(values, value),
                Says::Given(given) => value.is_some() == *given,
            }
        })
    }
}
