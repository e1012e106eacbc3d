//! `classes`: the kinds of requests that are served in ways of their own.
use std::rc::Rc;

use super::field::{Field, List, Name, Nested, Optional, Required, Section, Spot};
use super::predicate::{self, Facts, Predicate, Reading, When};
use super::table::{Item, Table};

/// Most classes of a policy: each of them is asked of every request.
const MOST: usize = 32;

/// `classes[]`: a kind of requests.
#[derive(Debug, Clone)]
pub struct Class {
    /// Its name in the policy.
    pub name: Rc<str>,
    /// What holds of its requests; `None` for all that no other class has.
    when: Option<Predicate>,
}

impl Class {
    /// Why a request is of this class; `None` where it is not.
    #[must_use]
    pub fn takes(&self, facts: &dyn Facts) -> Option<String> {
        match &self.when {
            None => Some("no class before it takes the request".to_owned()),
            Some(when) => when.holds(facts).then(|| when.because(facts)),
        }
    }
}

/// The section: at least one class.
pub(super) const CLASSES: List = List::of("classes", &Nested(&CLASS));

const CLASS: Section = Section::new(
    "an object with a `name`",
    "A kind of requests. A request is of the first class whose `when` holds of it. The last one \
     has \
     no `when` and takes what is left. The class stands in the access log, in the response header \
     `x-tradewind-class` and in the label of a metric; routes and experiments go by it.",
    "classes:
  - name: complex
    when: {any: [{tools: true}, {input_tokens: {over: 4000}}, {text_matches: \"(?i)prove\"}]}
  - {name: simple}",
    &[&NAME, &WHEN],
);

const NAME: Required<Name> =
    Field::required("name", Name("the name of a class"), "What it is called.");

const WHEN: Optional<When> = Field::optional(
    "when",
    When,
    "whatever no class before it takes",
    "What holds of its requests. Every class but the last has one.",
);

pub(super) type Classes<'n> = Table<'n, Class>;

pub(super) fn read<'n>(section: Option<Spot<'n>>, reading: &Reading<'_>) -> Classes<'n> {
    let items = match section {
        None => Some(Vec::new()),
        Some(section) => CLASSES.items(&section).inspect(|items| {
            if items.len() > MOST {
                section.problem(format!("{} classes are more than {MOST}", items.len()));
            }
        }),
    };
    let was_read = items.is_some();
    let items = items.unwrap_or_default();
    let last = items.len().saturating_sub(1);
    let read = items.iter().enumerate().map(|(index, item)| class(item, index == last, reading));
    let classes = Table::listed("class", was_read, read.collect());
    classes.distinct();
    // It serves whatever the others leave, named or not.
    classes.mark_used(last);
    classes
}

fn class<'n>(spot: &Spot<'n>, is_last: bool, reading: &Reading<'_>) -> Item<'n, Class> {
    let mut item = Item { name: None, spot: spot.clone(), value: None };
    let Some(mut fields) = spot.object(&CLASS) else { return item };
    let name = fields.read(&NAME);
    let when = fields.read_with(&WHEN, |spot| predicate::read(spot, reading));
    fields.finish();
    item.name.clone_from(&name);
    match (&when, is_last) {
        (Some(None), false) => spot.problem(
            "never passed: without a `when` this class takes every request; put it last, or say \
             when it is meant",
        ),
        (Some(Some(_)), true) => spot.problem(
            "the last class takes what no other does: leave out its `when`, or add a class after \
             it",
        ),
        _ => {}
    }
    item.value = name.zip(when).map(|(name, when)| Class { name: name.into(), when });
    item
}
