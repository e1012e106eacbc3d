//! What a value must look like, as data for the schema and the reference page.
use core::fmt;

use super::super::spot::Spot;
use super::Section;

/// What a value must be.
pub trait Kind: fmt::Debug {
    /// The kind as data.
    fn shape(&self) -> Shape;
}

/// A kind that is read from the value alone.
pub(in crate::policy) trait Read: Kind {
    /// What a value is read as.
    type Value;

    /// Reads a value; `None`, and a report, when it is not of this kind.
    fn read(&self, spot: &Spot<'_>) -> Option<Self::Value>;
}

/// A kind of which a row can hold a default.
pub(in crate::policy) trait Defaults: Kind {
    /// What stands in the row.
    type Literal: Copy + fmt::Debug;

    /// The default as a policy would say it, in JSON.
    fn json(&self, literal: Self::Literal) -> String;
}

/// A kind as data.
#[derive(Debug, Clone)]
pub enum Shape {
    /// This text and no other.
    Constant(&'static str),
    /// `true` or `false`, and no other word for them.
    Boolean,
    /// `off`, or `false`: older YAML takes one for the other.
    Off,
    /// A whole number within bounds.
    Whole {
        /// What is counted, as in `tokens`.
        of: &'static str,
        /// The least that it may be.
        least: u64,
        /// The most that it may be.
        most: u64,
    },
    /// A number within bounds.
    Decimal {
        /// The least that it may be.
        least: &'static str,
        /// The most that it may be.
        most: &'static str,
    },
    /// A text that matches a pattern.
    Text(Text),
    /// One of a few words, each with what it means.
    Words(Vec<(&'static str, &'static str)>),
    /// The name of a dialect, of those that there are.
    Dialect,
    /// The name of an entry of another section: of a `model`.
    NameOf(&'static str),
    /// A list of values of one kind.
    List {
        /// What the items are called.
        what: &'static str,
        /// What each of them is.
        of: Box<Self>,
        /// How many there are at least.
        least: u64,
        /// Whether none may stand there twice.
        unique: bool,
    },
    /// Values by names that the operator chooses.
    Entries {
        /// What one of them is called.
        one: &'static str,
        /// What their names look like.
        names: Text,
        /// What each of them is.
        of: Box<Self>,
    },
    /// An object of known fields.
    Section(&'static Section),
    /// An object with exactly one of these fields.
    OneOf(Vec<(&'static str, &'static Section)>),
    /// A value of any of these kinds.
    Either(Vec<Self>),
    /// An object of questions: `when`.
    Predicate,
}

/// What a text must look like.
#[derive(Debug, Clone, Default)]
pub struct Text {
    /// What it is, as in `a duration`.
    pub what: &'static str,
    /// A pattern that the whole of it matches, in the syntax that JSON Schema and Rust share.
    pub pattern: &'static str,
    /// A pattern that it must not match; empty for none.
    pub unlike: &'static str,
    /// How long it may be, in characters; `None` where the pattern says it.
    pub longest: Option<usize>,
    /// A number with a unit, within bounds; `None` for any other text.
    pub quantity: Option<Quantity>,
    /// What the pattern cannot say, as in `1ms to 1h`; empty where it says all.
    pub range: String,
    /// One that is right; empty for none.
    pub example: &'static str,
}

/// A whole number with a unit.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    /// The names of the units, and what each is worth.
    pub units: &'static [(&'static str, u64)],
    /// The least that it may be worth.
    pub least: u64,
    /// The most that it may be worth.
    pub most: u64,
}
