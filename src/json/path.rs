//! The place of a value, said as a path: `messages[2].content[0].text`.
use core::fmt;

/// A place, linked to the one around it: costs nothing until it is printed.
#[derive(Debug, Clone, Copy)]
pub enum At<'p> {
    /// The whole document.
    Root,
    /// A member of the object at that place.
    Key(&'p At<'p>, &'p str),
    /// An item of the array at that place.
    Item(&'p At<'p>, usize),
}

impl<'p> At<'p> {
    /// The place of a member.
    #[must_use]
    pub const fn key(&'p self, key: &'p str) -> Self {
        Self::Key(self, key)
    }

    /// The place of an item.
    #[must_use]
    pub const fn item(&'p self, index: usize) -> Self {
        Self::Item(self, index)
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
