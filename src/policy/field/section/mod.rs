//! Rows: one per field, listed by section.
pub(super) mod shape;

use core::fmt;

use self::shape::{Defaults, Kind, Shape};
use super::doc_only::DocOnly;

/// An object of known fields.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// How a message names it, as in `an object of limits`.
    pub what: &'static str,
    /// What the schema and the reference page say of it.
    pub doc: DocOnly<SectionDoc>,
}

/// What the schema and the reference page say of a section.
#[derive(Debug, Clone, Copy)]
pub struct SectionDoc {
    /// What it is for, in a sentence or a few.
    pub about: &'static str,
    /// One that is right, in YAML.
    pub example: &'static str,
    /// Its fields.
    pub fields: &'static [&'static dyn Row],
}

impl Section {
    pub(in super::super) const fn new(
        what: &'static str,
        about: &'static str,
        example: &'static str,
        fields: &'static [&'static dyn Row],
    ) -> Self {
        Self { what, doc: DocOnly::new(SectionDoc { about, example, fields }) }
    }
}

/// What is asked of every row, whatever the kind of its field.
pub trait Row: fmt::Debug + Sync {
    /// The name of the field.
    fn key(&self) -> &'static str;
    /// What a value must be.
    fn shape(&self) -> Shape;
    /// What holds where the field is left out.
    fn absent(&self) -> Absent;
    /// What the field means.
    fn about(&self) -> &'static str;
}

/// What holds where a field is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absent {
    /// Nothing: it must not be left out.
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
    pub(super) need: N,
    about: DocOnly<&'static str>,
}

/// A field that must be there.
pub(in super::super) type Required<K> = Field<K, Must>;

/// A field that may be left out.
pub(in super::super) type Optional<K> = Field<K, May>;

/// A field whose default stands in its row.
pub(in super::super) type Defaulted<K> = Field<K, Else<<K as Defaults>::Literal>>;

#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Must;

#[derive(Debug, Clone, Copy)]
pub(in super::super) struct May {
    /// What holds where the field is left out.
    absent: DocOnly<&'static str>,
}

#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Else<L>(L);

impl<K: Copy> Required<K> {
    pub(in super::super) const fn required(
        key: &'static str,
        kind: K,
        about: &'static str,
    ) -> Self {
        Self { key, kind, need: Must, about: DocOnly::new(about) }
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
        let need = May { absent: DocOnly::new(absent) };
        Self { key, kind, need, about: DocOnly::new(about) }
    }
}

impl<K: Copy, L: Copy> Field<K, Else<L>> {
    pub(in super::super) const fn defaulted(
        key: &'static str,
        kind: K,
        default: L,
        about: &'static str,
    ) -> Self {
        Self { key, kind, need: Else(default), about: DocOnly::new(about) }
    }

    /// The default.
    pub(in super::super) const fn default(&self) -> L {
        self.need.0
    }
}

/// Whether a field must be there.
pub(in super::super) trait Need {
    const REQUIRED: bool;
}

/// What a section is given of a field whose values are read as `V`.
pub(in super::super) trait Gives<V>: Need {
    type Out;

    fn given(value: V) -> Self::Out;

    /// What holds where the field is left out; `None` where it must not be.
    fn absent(&self) -> Option<Self::Out>;
}

impl Need for Must {
    const REQUIRED: bool = true;
}

impl<V> Gives<V> for Must {
    type Out = V;

    fn given(value: V) -> V {
        value
    }

    fn absent(&self) -> Option<V> {
        None
    }
}

impl Need for May {
    const REQUIRED: bool = false;
}

impl<V> Gives<V> for May {
    type Out = Option<V>;

    fn given(value: V) -> Option<V> {
        Some(value)
    }

    fn absent(&self) -> Option<Option<V>> {
        Some(None)
    }
}

impl<L> Need for Else<L> {
    const REQUIRED: bool = false;
}

impl<L: Copy, V: From<L>> Gives<V> for Else<L> {
    type Out = V;

    fn given(value: V) -> V {
        value
    }

    fn absent(&self) -> Option<V> {
        Some(V::from(self.0))
    }
}

/// What the schema says of a field that is left out.
pub(in super::super) trait SaysAbsent<K>: fmt::Debug + Sync {
    fn says(&self, kind: &K) -> Absent;
}

impl<K> SaysAbsent<K> for Must {
    fn says(&self, _: &K) -> Absent {
        Absent::Required
    }
}

impl<K> SaysAbsent<K> for May {
    fn says(&self, _: &K) -> Absent {
        Absent::Said(self.absent.get().unwrap_or_default())
    }
}

impl<L: Copy + fmt::Debug + Sync, K: Defaults<Literal = L>> SaysAbsent<K> for Else<L> {
    fn says(&self, kind: &K) -> Absent {
        Absent::Default(kind.json(self.0))
    }
}

impl<K: Kind + Sync, N: SaysAbsent<K>> Row for Field<K, N> {
    fn key(&self) -> &'static str {
        self.key
    }

    fn shape(&self) -> Shape {
        self.kind.shape()
    }

    fn absent(&self) -> Absent {
        self.need.says(&self.kind)
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
