//! The named entries of a section: looked up by references, and reported where none refers to them.
use core::cell::Cell;
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::field::{Entries, Spot, listed, metric_label, shown, unsafe_name};
use super::nearest::nearest;

/// Up to so many names are listed where one is not there and none is like it.
const LISTED_MAX: usize = 8;

/// The entries of one section, by name.
#[derive(Debug)]
pub(super) struct Table<'n, T> {
    /// What a message calls an entry: `model`.
    what: &'static str,
    entries: Vec<Entry<'n, T>>,
    /// Whether the section could be read. If not, references to it are not reported as dangling.
    pub(super) was_read: bool,
    /// Whether every reference could be read. If not, entries are not reported as unused.
    check_unused: Cell<bool>,
}

#[derive(Debug)]
struct Entry<'n, T> {
    name: Cow<'n, str>,
    spot: Spot<'n>,
    used: Cell<bool>,
    /// `None` when the entry is wrong, which has been reported.
    value: Option<T>,
}

/// An entry of a section that is a list, whose name stands in it.
#[derive(Debug)]
pub(super) struct Item<'n, T> {
    /// `None` when the name is wrong, which has been reported.
    pub(super) name: Option<String>,
    pub(super) spot: Spot<'n>,
    /// `None` when the entry is wrong, which has been reported.
    pub(super) value: Option<T>,
}

impl<'n, T> Table<'n, T> {
    /// The entries of a section that is a list; a name that stands twice is reported.
    pub(super) fn listed(what: &'static str, was_read: bool, items: Vec<Item<'n, T>>) -> Self {
        let mut entries: Vec<Entry<'n, T>> = Vec::with_capacity(items.len());
        let mut complete = was_read;
        for Item { name, spot, value } in items {
            let Some(name) = name else {
                complete = false;
                continue;
            };
            if let Some(first) = entries.iter().find(|own| own.name == name) {
                let line = first.spot.line;
                spot.problem(format!("a {what} named `{name}` stands on line {line} already"));
            }
            entries.push(Entry { name: name.into(), spot, used: Cell::new(false), value });
        }
        Self { what, entries, was_read: complete, check_unused: Cell::new(true) }
    }

    /// Reads a section; empty for one that is missing, which has been reported.
    pub(super) fn read(
        kind: Entries,
        section: Option<Spot<'n>>,
        mut value: impl FnMut(&'n str, &Spot<'n>) -> Option<T>,
    ) -> Self {
        let what = kind.one;
        let entries = section.and_then(|section| section.entries(&format!("{what}s by name")));
        let was_read = entries.is_some();
        let entries = entries.unwrap_or_default().into_iter().map(|(name, spot)| {
            spot.safe(name);
            let value = value(name, &spot);
            Entry { name: name.into(), value, spot, used: Cell::new(false) }
        });
        Self { what, entries: entries.collect(), was_read, check_unused: Cell::new(true) }
    }

    /// Reports entries whose label in metrics is that of an earlier one.
    pub(super) fn distinct(&self) {
        let mut seen = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| unsafe_name(&entry.name).is_none()) {
            let (own, label) = (&*entry.name, metric_label(&entry.name));
            let first = *seen.entry(label.clone()).or_insert(own);
            if first != own {
                entry.spot.problem(format!(
                    "`{own}` and `{first}` would be one `{label}` in metrics, where `.` becomes \
                     `_`: rename one of them"
                ));
            }
        }
    }

    /// The index of the entry that a reference names; one that is missing is reported.
    pub(super) fn find(&self, reference: Option<&Spot<'_>>) -> Option<usize> {
        let name = reference.and_then(|spot| spot.text(&format!("the name of a {}", self.what)));
        let (Some(spot), Some(name)) = (reference, name) else {
            self.skip_unused_check();
            return None;
        };
        self.named(name, spot)
    }

    /// The same of a name that is itself a key of an object.
    pub(super) fn named(&self, name: &str, spot: &Spot<'_>) -> Option<usize> {
        let index = self.entries.iter().position(|entry| entry.name == name);
        if index.is_none() && self.was_read {
            self.dangling(spot, name);
        }
        let entry = self.entries.get(index?)?;
        entry.used.set(true);
        index
    }

    fn dangling(&self, spot: &Spot<'_>, name: &str) {
        let near = nearest(name, self.entries.iter().map(|entry| &*entry.name));
        let Some(meant) = near.first() else {
            let mut names: Vec<&str> = self.entries.iter().map(|entry| &*entry.name).collect();
            names.dedup();
            let there = match names.as_slice() {
                names if names.is_empty() || names.len() > LISTED_MAX => String::new(),
                names => format!(": there is {}", listed(names.iter().copied())),
            };
            spot.problem(format!("there is no {} `{}`{there}", self.what, shown(name)));
            return;
        };
        // Taken as meant, so that one slip is not reported twice.
        self.entries.iter().filter(|own| own.name == *meant).for_each(|own| own.used.set(true));
        let name = shown(name);
        spot.problem(format!("there is no {} `{name}`; did you mean `{meant}`?", self.what));
    }

    /// Reports the entries for which `wrong` gives a message.
    pub(super) fn report(&self, wrong: impl Fn(&T) -> Option<String>) {
        for entry in &self.entries {
            if let Some(message) = entry.value.as_ref().and_then(&wrong) {
                entry.spot.problem(message);
            }
        }
    }

    /// The entry whose label in metrics is that of `name`.
    pub(super) fn same_label(&self, name: &str) -> Option<&str> {
        let label = metric_label(name);
        self.entries.iter().map(|entry| &*entry.name).find(|own| metric_label(own) == label)
    }

    /// Notes that an entry is used without a reference.
    pub(super) fn mark_used(&self, index: usize) {
        self.entries.get(index).into_iter().for_each(|entry| entry.used.set(true));
    }

    /// Notes that a reference could not be read, so that any entry may be the one it names.
    pub(super) fn skip_unused_check(&self) {
        self.check_unused.set(false);
    }

    /// Reports entries without a reference, and gives the values of all.
    pub(super) fn finish(self, message: &str) -> Vec<T> {
        if self.check_unused.get() {
            for entry in self.entries.iter().filter(|entry| !entry.used.get()) {
                entry.spot.problem(message);
            }
        }
        self.entries.into_iter().filter_map(|entry| entry.value).collect()
    }

    pub(super) fn value(&self, index: usize) -> Option<&T> {
        self.entries.get(index)?.value.as_ref()
    }

    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.entries.get(index).map(|entry| &*entry.name)
    }

    /// How many entries there are, wrong ones included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The values of all entries; `None` where one of them is wrong.
    pub(super) fn values(&self) -> Option<impl Iterator<Item = &T>> {
        let all = self.was_read && self.entries.iter().all(|entry| entry.value.is_some());
        all.then(|| self.entries.iter().filter_map(|entry| entry.value.as_ref()))
    }
}
