//! Who pays, and for whom.
use super::super::field::{Field, Label, Name, Object, Optional, Required};

/// Who pays, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The organisation's name.
    pub tenant: String,
    /// A person or a program of it.
    pub user: Option<String>,
    /// What the key is called, where several speak for the same.
    pub key: Option<String>,
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

impl Tenant {
    /// Reads a tenant that is nobody in particular.
    pub(super) fn read(fields: &mut Object<'_>) -> Option<Self> {
        let tenant = fields.read(&TENANT);
        Some(Self { tenant: tenant?, user: None, key: None })
    }

    /// Reads a tenant, and where they are given the user and the key.
    pub(super) fn read_with_labels(fields: &mut Object<'_>) -> Option<Self> {
        let tenant = fields.read(&TENANT);
        let user = fields.read(&USER);
        let key = fields.read(&KEY);
        Some(Self { tenant: tenant?, user: user?, key: key? })
    }
}
