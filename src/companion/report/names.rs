//! Names that a log says again and again, each kept once.
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::rc::Rc;

/// A name's place; the first is that of no name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(u32);

impl Name {
    /// Whether there is none.
    pub(super) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Whether both are known, and are not the same.
    pub(super) fn is_another(self, other: Self) -> bool {
        !self.is_none() && !other.is_none() && self != other
    }
}

/// All names of a log.
#[derive(Debug)]
pub(super) struct Names {
    all: Vec<Rc<str>>,
    places: HashMap<Rc<str>, Name>,
}

impl Default for Names {
    fn default() -> Self {
        let none: Rc<str> = "".into();
        Self { all: vec![none.clone()], places: [(none, Name::default())].into() }
    }
}

impl Names {
    /// The place of a name, which is a new one where nobody has said it before.
    pub(super) fn of(&mut self, text: &str) -> Name {
        if let Some(name) = self.places.get(text) {
            return *name;
        }
        // More names than that are no log's.
        let name = Name(u32::try_from(self.all.len()).unwrap_or_default());
        let text: Rc<str> = text.into();
        self.all.push(text.clone());
        self.places.insert(text, name);
        name
    }

    /// The name at a place; empty for none.
    pub(super) fn text(&self, name: Name) -> &str {
        let place = usize::try_from(name.0).unwrap_or_default();
        self.all.get(place).map_or("", |own| own)
    }
}

/// What stands for a text that is only held against others: of a million texts two have the same
/// once in thirty million logs.
pub(super) fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{Name, Names, digest};

    #[test]
    fn a_name_is_kept_once() {
        let mut names = Names::default();
        let (one, other) = (names.of("acme"), names.of("globex"));
        assert_eq!((one, names.of("acme")), (names.of("acme"), one));
        assert_eq!([names.text(one), names.text(other)], ["acme", "globex"]);
        assert!(names.of("").is_none() && names.text(Name::default()).is_empty());
        assert!(one.is_another(other) && !one.is_another(one) && !one.is_another(names.of("")));
        assert!(digest("r1") != digest("r2"));
    }
}
