//! Names with values: tags of models, what a caller requires of them, labels of keys.
use std::rc::Rc;

use super::document::Content;
use super::field::{
    Boolean, Entries, Kind, Label, List, Name, Read as _, Shape, Spot, listed, shown,
};
use crate::order;

/// Names with values, in the order of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(Rc<[(String, String)]>);

impl Tags {
    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first of these that others lack.
    #[must_use]
    pub fn missing_in(&self, others: &Self) -> Option<(&str, &str)> {
        self.iter().find(|(name, value)| others.get(name) != Some(value))
    }
}

impl From<Vec<(String, String)>> for Tags {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs.into())
    }
}

/// A tag as people write it: the name alone where it holds or not.
#[must_use]
pub fn tag(name: &str, value: &str) -> String {
    if value == HOLDS { name.to_owned() } else { format!("{name}: {value}") }
}

/// The value of a name that is given alone.
const HOLDS: &str = "true";

const VALUE: Label = Label("a tag's value");

/// A word, or whether something holds.
#[derive(Debug, Clone, Copy)]
struct Value;

impl Kind for Value {
    fn shape(&self) -> Shape {
        Shape::Either(vec![VALUE.shape(), Boolean.shape()])
    }
}

const BY_NAME: Entries = Entries::of("tag", &Value);
const ALONE: List = List::of("tags", &NAME).unique();
const NAME: Name = Name("the name of a tag");

/// Tags: values by their names, or a list of names that hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct TagsKind;

impl Kind for TagsKind {
    fn shape(&self) -> Shape {
        Shape::Either(vec![BY_NAME.shape(), ALONE.shape()])
    }
}

/// Reads tags, each with its place; `None`, and a report, when something is wrong.
pub(super) fn read<'n>(spot: &Spot<'n>) -> Option<(Tags, Vec<Spot<'n>>)> {
    let (pairs, spots): (Vec<_>, Vec<_>) = match &spot.node.content {
        Content::List(_) => {
            let mut seen = Vec::new();
            let items = ALONE.items(spot)?.into_iter().map(|item| {
                let name = NAME.read(&item);
                if name.as_ref().is_some_and(|name| seen.contains(name)) {
                    item.problem("this tag stands in this list before");
                }
                seen.extend(name.clone());
                (name.map(|name| (name, HOLDS.to_owned())), item)
            });
            items.unzip()
        }
        Content::Object(_) => {
            let entries = spot.entries("tags by name")?.into_iter().map(|(name, item)| {
                let safe = item.safe(name);
                let value = value(&item).filter(|_| safe);
                (value.map(|value| (name.to_owned(), value)), item)
            });
            entries.unzip()
        }
        _ => {
            spot.expected("an object of tags by name, or a list of tags");
            return None;
        }
    };
    let pairs: Option<Vec<(String, String)>> = pairs.into_iter().collect();
    pairs.map(|pairs| (Tags(pairs.into()), spots))
}

fn value(spot: &Spot<'_>) -> Option<String> {
    match &spot.node.content {
        Content::Boolean(holds) => Some(holds.to_string()),
        _ => VALUE.read(spot),
    }
}

/// The tags that models have; what nobody has cannot be required.
#[derive(Debug, Default)]
pub(super) struct KnownTags(Option<Vec<Tags>>);

impl KnownTags {
    /// The tags of all models; `None` where one of them could not be read.
    pub(super) const fn of(tags: Option<Vec<Tags>>) -> Self {
        Self(tags)
    }

    /// Reads what somebody requires: each tag is one of a model's.
    pub(super) fn read_required(&self, spot: &Spot<'_>) -> Option<Tags> {
        let (required, spots) = read(spot)?;
        let Some(known) = &self.0 else { return Some(required) };
        for ((name, value), spot) in required.iter().zip(&spots) {
            if known.iter().any(|tags| tags.get(name) == Some(value)) {
                continue;
            }
            let values = known.iter().filter_map(|tags| tags.get(name));
            let mut values: Vec<String> = values.map(|value| tag(name, value)).collect();
            order::sort(&mut values);
            values.dedup();
            let there = match values.as_slice() {
                [] => "give it to one in `models.<name>.tags`".to_owned(),
                values => format!("there is {}", listed(values.iter().map(String::as_str))),
            };
            spot.problem(format!("no model has the tag `{}`: {there}", shown(&tag(name, value))));
        }
        Some(required)
    }
}
