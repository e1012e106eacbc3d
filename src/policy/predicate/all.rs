//! `all`: every one of several objects of questions holds.
use super::super::field::{List, Spot};
use super::facts::Facts;
use super::question::{Question, Test};
use super::reading::Depth;
use super::{Predicate, When, questions};

pub(super) static QUESTION: Question = Question::new(
    "all",
    &LIST,
    "Every one of these holds. The questions of one object all have to hold as well, so this is \
     for where one of them is asked twice.",
    |spot, depth| Some(Box::new(All(read(spot, depth)?))),
);

pub(super) const LIST: List = List::of("objects of questions", &When);

/// Reads objects of questions.
pub(super) fn read(spot: &Spot<'_>, depth: &Depth<'_>) -> Option<Vec<Predicate>> {
    let items = LIST.items(spot)?;
    let below = depth.below();
    let read: Vec<_> = items.iter().map(|item| questions(item, &below)).collect();
    read.into_iter().collect()
}

#[derive(Debug)]
struct All(Vec<Predicate>);

impl Test for All {
    fn holds(&self, facts: &dyn Facts) -> bool {
        self.0.iter().all(|one| one.holds(facts))
    }

    fn say(&self, at: &str, facts: &dyn Facts, out: &mut String) {
        for (index, one) in self.0.iter().enumerate() {
            one.say(&format!("{at}[{index}]."), facts, out);
        }
    }

    fn deny(&self, at: &str, facts: &dyn Facts, out: &mut String) {
        let first = self.0.iter().enumerate().find(|(_, one)| !one.holds(facts));
        if let Some((index, one)) = first {
            one.deny(&format!("{at}[{index}]."), facts, out);
        }
    }
}
