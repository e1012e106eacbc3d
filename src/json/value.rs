//! A value in a [`Document`]: a place, cheap to copy, that answers what stands there.
use core::ops::Range;
use std::borrow::Cow;

use super::document::{Document, Kind, Node};
use super::text::{unescape, unescapes_to};

/// One value, by its place.
#[derive(Debug, Clone, Copy)]
pub struct Value<'d> {
    document: &'d Document<'d>,
    index: u32,
}

impl Document<'_> {
    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value::new(self, 0)
    }
}

impl<'d> Value<'d> {
    const fn new(document: &'d Document<'d>, index: u32) -> Self {
        Self { document, index }
    }

    fn node(self) -> Option<&'d Node> {
        self.document.nodes.get(index(self.index))
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.node().map_or(Kind::Null, |node| node.kind)
    }

    /// Where it stands in the text, in bytes; a string with its quotes.
    #[must_use]
    pub fn span(self) -> Range<usize> {
        self.node().map_or(0..0, |node| index(node.start)..index(node.end))
    }

    /// Its own text, as written.
    #[must_use]
    pub fn raw(self) -> &'d str {
        self.document.text.get(self.span()).unwrap_or_default()
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// A string's value; borrowed unless it holds escapes.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'d, str>> {
        let (inside, escaped) = self.string()?;
        Some(if escaped { Cow::Owned(unescape(inside)) } else { Cow::Borrowed(inside) })
    }

    /// Whether it is this string.
    #[must_use]
    pub fn is(self, text: &str) -> bool {
        self.string().is_some_and(
            |(inside, escaped)| {
                if escaped { unescapes_to(inside, text) } else { inside == text }
            },
        )
    }

    /// A string as it stands between its quotes, and whether it holds escapes.
    fn string(self) -> Option<(&'d str, bool)> {
        let node = self.node().filter(|node| node.kind == Kind::String)?;
        let (start, end) = (index(node.start), index(node.end));
        let inside = start.saturating_add(1)..end.saturating_sub(1);
        Some((self.document.text.get(inside)?, node.escaped))
    }

    /// A boolean's value.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// A number that is a whole number from 0 to 2^64 - 1, written without fraction or exponent.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        if self.kind() == Kind::Number { self.raw().parse().ok() } else { None }
    }

    /// A number, to the nearest double; `None` for one beyond the range of doubles.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        let number = if self.kind() == Kind::Number { self.raw().parse().ok() } else { None };
        number.filter(|n: &f64| n.is_finite())
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.kind() == Kind::Array
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.kind() == Kind::Object
    }

    /// An array's items in order; nothing for any other value.
    pub fn items(self) -> impl Iterator<Item = Self> + Clone {
        Children { document: self.document, at: self.inside(Kind::Array) }
    }

    /// An object's members in order, equal keys included; nothing for any other value.
    pub fn members(self) -> impl Iterator<Item = (Cow<'d, str>, Self)> + Clone {
        self.pairs().filter_map(|(key, value)| Some((key.as_str()?, value)))
    }

    /// An object's member of that name: the last of equal keys, as JSON readers do.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        self.pairs().filter(|(own, _)| own.is(key)).last().map(|(_, value)| value)
    }

    /// Like [`Value::get`], with `null` read as absent.
    #[must_use]
    pub fn given(self, key: &str) -> Option<Self> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// A member's string.
    #[must_use]
    pub fn str_of(self, key: &str) -> Option<Cow<'d, str>> {
        self.get(key)?.as_str()
    }

    /// An object's members like [`Value::members`], each key by its place.
    pub fn pairs(self) -> impl Iterator<Item = (Self, Self)> + Clone {
        let mut children = Children { document: self.document, at: self.inside(Kind::Object) };
        core::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    fn inside(self, kind: Kind) -> Range<u32> {
        match self.node() {
            Some(node) if node.kind == kind => self.index.saturating_add(1)..node.next,
            _ => 0..0,
        }
    }
}

/// An offset or an index: no machine this runs on has less than 32 bits.
fn index(narrow: u32) -> usize {
    usize::try_from(narrow).unwrap_or(usize::MAX)
}

#[derive(Clone)]
struct Children<'d> {
    document: &'d Document<'d>,
    at: Range<u32>,
}

impl<'d> Iterator for Children<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        if self.at.start >= self.at.end {
            return None;
        }
        let child = Value::new(self.document, self.at.start);
        self.at.start = child.node()?.next;
        Some(child)
    }
}
