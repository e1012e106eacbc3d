//! Who pays, and for whom.
use std::rc::Rc;

use super::super::field::{
    Entries, Field, Label, Name, Object, Optional, Read as _, Required, Spot,
};
use super::super::tags::{Tags, TagsKind};
use super::Reading;
use super::asked::{MODELS, models};

/// Who pays, and for whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tenant {
    /// The organisation's name.
    pub tenant: String,
    /// A person or a program of it.
    pub user: Option<String>,
    /// What the key is called, where several speak for the same.
    pub key: Option<String>,
    /// What an operator has written on it.
    pub labels: Tags,
    /// Tags that every model has to have that serves it.
    pub require: Tags,
    /// The names that it may ask for; `None` for all that there are.
    pub models: Option<Rc<[String]>>,
}

pub(super) const TENANT: Required<Name> =
    Field::required("tenant", Name("the name of a tenant"), "The organisation that pays.");

pub(super) const USER: Optional<Label> = Field::optional(
    "user",
    Label("the name of a user"),
    "none",
    "A person or a program of the organisation; a budget can be theirs.",
);

pub(super) const KEY: Optional<Label> = Field::optional(
    "key",
    Label("a name for the key"),
    "none",
    "What the key is called, where several speak for the same.",
);

const VALUE: Label = Label("a label's value");

pub(super) const LABELS: Optional<Entries> = Field::optional(
    "labels",
    Entries::of("label", &VALUE),
    "none",
    "Anything else that questions may ask for, by names of your own: `{team: search}`.",
);

pub(super) const REQUIRE: Optional<TagsKind> = Field::optional(
    "require",
    TagsKind,
    "none",
    "Tags that a model must have (`models.<name>.tags`) to serve this caller. One without them \
     leaves every chain, also the one for those who have little left; where none is left the \
     request is refused.",
);

impl Tenant {
    /// Reads a tenant that is nobody in particular.
    pub(super) fn read(fields: &mut Object<'_>, reading: &Reading<'_>) -> Option<Self> {
        let tenant = fields.read(&TENANT);
        let rights = Self::rights(fields, reading);
        Some(Self { tenant: tenant?, ..rights? })
    }

    /// Reads what a tenant may do whose name is not known yet.
    #[inline(never)]
    pub(super) fn rights(fields: &mut Object<'_>, reading: &Reading<'_>) -> Option<Self> {
        let require = fields.read_with(&REQUIRE, |spot| reading.tags.read_required(spot));
        let models = fields.read_with(&MODELS, |spot| models(spot, reading.routes));
        Some(Self { require: require?.unwrap_or_default(), models: models?, ..Self::default() })
    }

    /// Reads a tenant, and where they are given the user, the key and its labels.
    pub(super) fn read_with_labels(fields: &mut Object<'_>, reading: &Reading<'_>) -> Option<Self> {
        let own = Self::read(fields, reading);
        let user = fields.read(&USER);
        let key = fields.read(&KEY);
        let labels = fields.read_with(&LABELS, labels);
        Some(Self { user: user?, key: key?, labels: labels?.unwrap_or_default(), ..own? })
    }

    /// Whether it may ask for a model by that name.
    #[must_use]
    pub fn may_ask_for(&self, name: &str) -> bool {
        self.models.as_ref().is_none_or(|models| models.iter().any(|own| own == name))
    }

    /// The value of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name)
    }
}

fn labels(spot: &Spot<'_>) -> Option<Tags> {
    let read = spot.entries("labels by name")?.into_iter().map(|(name, spot)| {
        let (safe, value) = (spot.safe(name), VALUE.read(&spot));
        value.filter(|_| safe).map(|value| (name.to_owned(), value))
    });
    read.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>().map(Tags::from)
}
