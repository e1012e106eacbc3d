//! `label`: what an operator has written on the caller's key.
use super::super::field::{Entries, Spot, unknown};
use super::facts::Facts;
use super::names::{OneOf, is_one};
use super::question::{Question, Test};
use super::reading::Depth;

const VALUES: OneOf = OneOf("a label's value");

const LABELS: Entries = Entries::of("label", &VALUES);

pub(super) static QUESTION: Question = Question::new(
    "label",
    &LABELS,
    "The labels of the caller's key, by their names: each must have this value, or one of several.",
    |spot, depth| Some(Box::new(Labels(read(spot, depth)?))),
);

fn read(spot: &Spot<'_>, depth: &Depth<'_>) -> Option<Vec<(String, Vec<String>)>> {
    let callers = &depth.names.callers;
    let mut names: Vec<&str> = callers.labels.iter().map(|(name, _)| *name).collect();
    names.dedup();
    let mut read = Vec::new();
    for (name, spot) in spot.entries("labels by name")? {
        if !callers.open && !names.contains(&name) {
            spot.problem(unknown("label", name, &names));
            read.push(None);
            continue;
        }
        let own = callers.labels.iter().filter(|(own, _)| *own == name);
        let values: Vec<&str> = own.map(|(_, value)| *value).collect();
        let values = VALUES.known(&spot, "value of this label", callers.known(&values));
        read.push(values.map(|values| (name.to_owned(), values)));
    }
    read.into_iter().collect()
}

#[derive(Debug)]
struct Labels(Vec<(String, Vec<String>)>);

impl Test for Labels {
    fn holds(&self, facts: &dyn Facts) -> bool {
        let tenant = facts.tenant();
        self.0.iter().all(|(name, values)| is_one(values, tenant.label(name)))
    }
}
