//! Rows: one for each field, listed by section.
pub(super) mod shape;

use core::fmt;

use self::shape::{Defaults, Kind, Shape};
use super::doc_only::DocOnly;

/// An object of known fields.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// What a message calls the section's value: `an object of limits`.
    pub what: &'static str,
    /// What the schema and the reference page say of it.
    pub doc: DocOnly<SectionDoc>,
}

/// What the schema and the reference page say of a section.
#[derive(Debug, Clone, Copy)]
pub struct SectionDoc {
    /// What the section is for, in a few sentences.
    pub about: &'static str,
    /// A valid example, in YAML.
    pub example: &'static str,
    /// The section's fields, in the order of the reference page.
    pub fields: &'static [&'static dyn Row],
    /// What its fields have to do with one another.
    pub rules: &'static [Rule],
}

/// Where one thing holds of a section's fields, the other must.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The condition.
    pub when: Holds,
    /// What must hold then.
    pub then: Holds,
}

/// Something that may hold of a field.
#[derive(Debug, Clone, Copy)]
pub struct Holds {
    /// The name of the field.
    pub key: &'static str,
    /// What holds of it.
    pub is: Is,
}

/// What may hold of a field.
#[derive(Debug, Clone, Copy)]
pub enum Is {
    /// It is given.
    Given,
    /// It is left out.
    Absent,
    /// It is given as this word.
    Word(&'static str),
    /// It is left out, or given as this word.
    AbsentOr(&'static str),
    /// It is given as a text that begins like this.
    Begins(&'static str),
    /// Each of its entries has this field.
    Each(&'static str),
}

impl Section {
    pub(in super::super) const fn new(
        what: &'static str,
        about: &'static str,
        example: &'static str,
        fields: &'static [&'static dyn Row],
    ) -> Self {
        Self { what, doc: DocOnly::new(SectionDoc { about, example, fields, rules: &[] }) }
    }

    /// The same section with rules.
    pub(in super::super) const fn with(self, rules: &'static [Rule]) -> Self {
        match self.doc.get() {
            Some(doc) => Self { doc: DocOnly::new(SectionDoc { rules, ..doc }), ..self },
            None => self,
        }
    }
}

/// A row without the type of its kind, for the schema and the reference page.
pub trait Row: fmt::Debug + Sync {
    /// The name of the field.
    fn key(&self) -> &'static str;
    /// What the field's value must be.
    fn shape(&self) -> Shape;
    /// What holds where the field is left out.
    fn absent(&self) -> Absent;
    /// What the field means.
    fn about(&self) -> &'static str;
}

/// What holds where a field is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absent {
    /// The field must not be left out.
    Required,
    /// What these words say.
    Said(&'static str),
    /// This value, in JSON.
    Default(String),
}

/// A field: its row, and the handle by which its section reads it.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Field<K, N> {
    pub(super) key: &'static str,
    pub(in super::super) kind: K,
    pub(super) presence: N,
    about: DocOnly<&'static str>,
}

/// A field that must be there.
pub(in super::super) type Required<K> = Field<K, IsRequired>;

/// A field that may be left out.
pub(in super::super) type Optional<K> = Field<K, IsOptional>;

/// A field whose default stands in its row.
pub(in super::super) type Defaulted<K> = Field<K, HasDefault<<K as Defaults>::Literal>>;

#[derive(Debug, Clone, Copy)]
pub(in super::super) struct IsRequired;

#[derive(Debug, Clone, Copy)]
pub(in super::super) struct IsOptional {
    /// What holds where the field is left out.
    absent: DocOnly<&'static str>,
}

#[derive(Debug, Clone, Copy)]
pub(in super::super) struct HasDefault<L>(L);

impl<K: Copy> Required<K> {
    pub(in super::super) const fn required(
        key: &'static str,
        kind: K,
        about: &'static str,
    ) -> Self {
        Self { key, kind, presence: IsRequired, about: DocOnly::new(about) }
    }
}

impl<K: Copy> Optional<K> {
    /// `absent` says what holds where the field is left out.
    pub(in super::super) const fn optional(
        key: &'static str,
        kind: K,
        absent: &'static str,
        about: &'static str,
    ) -> Self {
        let presence = IsOptional { absent: DocOnly::new(absent) };
        Self { key, kind, presence, about: DocOnly::new(about) }
    }
}

impl<K: Copy, L: Copy> Field<K, HasDefault<L>> {
    pub(in super::super) const fn defaulted(
        key: &'static str,
        kind: K,
        default: L,
        about: &'static str,
    ) -> Self {
        Self { key, kind, presence: HasDefault(default), about: DocOnly::new(about) }
    }

    /// The value where the field is left out.
    pub(in super::super) const fn default(&self) -> L {
        self.presence.0
    }
}

impl<K: Copy, N: Copy> Field<K, N> {
    /// The name of the field.
    pub(in super::super) const fn key(&self) -> &'static str {
        self.key
    }
}

/// Whether a field has to be there.
pub(in super::super) trait Presence {
    const REQUIRED: bool;
}

/// What a section gets from a field whose values are read as `V`.
pub(in super::super) trait ReadAs<V>: Presence {
    type Out;

    fn given(value: V) -> Self::Out;

    /// What holds where the field is left out; `None` where it must not be.
    fn absent(&self) -> Option<Self::Out>;
}

impl Presence for IsRequired {
    const REQUIRED: bool = true;
}

impl<V> ReadAs<V> for IsRequired {
    type Out = V;

    fn given(value: V) -> V {
        value
    }

    fn absent(&self) -> Option<V> {
        None
    }
}

impl Presence for IsOptional {
    const REQUIRED: bool = false;
}

impl<V> ReadAs<V> for IsOptional {
    type Out = Option<V>;

    fn given(value: V) -> Option<V> {
        Some(value)
    }

    fn absent(&self) -> Option<Option<V>> {
        Some(None)
    }
}

impl<L> Presence for HasDefault<L> {
    const REQUIRED: bool = false;
}

impl<L: Copy, V: From<L>> ReadAs<V> for HasDefault<L> {
    type Out = V;

    fn given(value: V) -> V {
        value
    }

    fn absent(&self) -> Option<V> {
        Some(V::from(self.0))
    }
}

/// What the schema says about a field that is left out.
pub(in super::super) trait DescribesAbsence<K>: fmt::Debug + Sync {
    fn describe(&self, kind: &K) -> Absent;
}

impl<K> DescribesAbsence<K> for IsRequired {
    fn describe(&self, _: &K) -> Absent {
        Absent::Required
    }
}

impl<K> DescribesAbsence<K> for IsOptional {
    fn describe(&self, _: &K) -> Absent {
        Absent::Said(self.absent.get().unwrap_or_default())
    }
}

impl<L: Copy + fmt::Debug + Sync, K: Defaults<Literal = L>> DescribesAbsence<K> for HasDefault<L> {
    fn describe(&self, kind: &K) -> Absent {
        Absent::Default(kind.json(self.0))
    }
}

impl<K: Kind + Sync, N: DescribesAbsence<K>> Row for Field<K, N> {
    fn key(&self) -> &'static str {
        self.key
    }

    fn shape(&self) -> Shape {
        self.kind.shape()
    }

    fn absent(&self) -> Absent {
        self.presence.describe(&self.kind)
    }

    fn about(&self) -> &'static str {
        self.about.get().unwrap_or_default()
    }
}

/// A section within another.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Nested(pub(in super::super) &'static Section);

impl Kind for Nested {
    fn shape(&self) -> Shape {
        Shape::Section(self.0)
    }
}
