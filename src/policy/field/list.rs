//! Lists, objects whose names are the operator's own, and names of their entries.
use super::super::document::Content;
use super::doc_only::DocOnly;
use super::section::shape::{Kind, Shape};
use super::spot::Spot;
use super::text::Name;

/// A list of values of one kind.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct List {
    /// What the items are called.
    what: &'static str,
    /// Whether the list may be empty.
    may_be_empty: bool,
    /// Whether an item may stand in the list only once.
    unique: bool,
    /// What each of them is.
    of: DocOnly<&'static (dyn Kind + Sync)>,
}

impl List {
    /// A list with at least one item.
    pub(in super::super) const fn of(what: &'static str, of: &'static (dyn Kind + Sync)) -> Self {
        Self { what, may_be_empty: false, unique: false, of: DocOnly::new(of) }
    }

    /// It may be empty.
    pub(in super::super) const fn or_empty(self) -> Self {
        Self { may_be_empty: true, ..self }
    }

    /// The same with items that are all different, which the section checks itself.
    pub(in super::super) const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    /// The items of a list.
    pub(in super::super) fn items<'n>(&self, spot: &Spot<'n>) -> Option<Vec<Spot<'n>>> {
        let what = self.what;
        let Content::List(items) = &spot.node.content else {
            spot.expected(&format!("a list of {what}"));
            return None;
        };
        if items.is_empty() && !self.may_be_empty {
            spot.problem(format!("expected a list of {what}, found an empty one"));
        }
        Some(items.iter().enumerate().map(|(index, item)| spot.item(index, item)).collect())
    }
}

impl Kind for List {
    fn shape(&self) -> Shape {
        let of = self.of.get().map_or(Shape::Boolean, |of| of.shape());
        let least = u64::from(!self.may_be_empty);
        Shape::List { what: self.what, of: Box::new(of), least, unique: self.unique }
    }
}

/// Values by names that the operator chooses; at least one.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Entries {
    /// What one of them is called.
    pub(in super::super) one: &'static str,
    /// What each of them is.
    of: DocOnly<&'static (dyn Kind + Sync)>,
}

impl Entries {
    pub(in super::super) const fn of(one: &'static str, of: &'static (dyn Kind + Sync)) -> Self {
        Self { one, of: DocOnly::new(of) }
    }
}

impl Kind for Entries {
    fn shape(&self) -> Shape {
        let of = self.of.get().map_or(Shape::Boolean, |of| of.shape());
        Shape::Entries { one: self.one, names: Name::looks(), of: Box::new(of) }
    }
}

/// The name of an entry of another section: of a `model`.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct NameOf(pub(in super::super) &'static str);

impl Kind for NameOf {
    fn shape(&self) -> Shape {
        Shape::NameOf(self.0)
    }
}
