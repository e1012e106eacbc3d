//! `tenant`: who pays.
use super::facts::Facts;
use super::names::{OneOf, is_one};
use super::question::{Question, Test};

const NAMES: OneOf = OneOf("the name of a tenant");

pub(super) static QUESTION: Question =
    Question::new("tenant", &NAMES, "The tenant who pays, or one of several.", |spot, depth| {
        let callers = &depth.names.callers;
        let known = callers.known(&callers.tenants);
        Some(Box::new(Tenant(NAMES.known(spot, "tenant", known)?)))
    });

#[derive(Debug)]
struct Tenant(Vec<String>);

impl Test for Tenant {
    fn holds(&self, facts: &dyn Facts) -> bool {
        is_one(&self.0, Some(&facts.tenant().tenant))
    }
}
