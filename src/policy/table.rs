//! The named entries of a section: looked up by references, and reported where none refers to them.
use core::cell::Cell;
use std::collections::BTreeMap;

use super::field::{Entries, Spot, metric_label, shown, unsafe_name};
use super::nearest::nearest;

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
    name: &'n str,
    spot: Spot<'n>,
    used: Cell<bool>,
    /// `None` when the entry is wrong, which has been reported.
    value: Option<T>,
}

impl<'n, T> Table<'n, T> {
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
            Entry { name, value: value(name, &spot), spot, used: Cell::new(false) }
        });
        Self { what, entries: entries.collect(), was_read, check_unused: Cell::new(true) }
    }

    /// Reports entries whose label in metrics is that of an earlier one.
    pub(super) fn distinct(&self) {
        let mut seen = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| unsafe_name(entry.name).is_none()) {
            let (own, label) = (entry.name, metric_label(entry.name));
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
        let index = self.entries.iter().position(|entry| entry.name == name);
        if index.is_none() && self.was_read {
            self.dangling(spot, name);
        }
        let entry = self.entries.get(index?)?;
        entry.used.set(true);
        index
    }

    fn dangling(&self, spot: &Spot<'_>, name: &str) {
        let near = nearest(name, self.entries.iter().map(|entry| entry.name));
        let Some(meant) = near.first() else {
            spot.problem(format!("there is no {} `{}`", self.what, shown(name)));
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
    pub(super) fn same_label(&self, name: &str) -> Option<&'n str> {
        let label = metric_label(name);
        self.entries.iter().map(|entry| entry.name).find(|own| metric_label(own) == label)
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

    pub(super) fn name(&self, index: usize) -> Option<&'n str> {
        self.entries.get(index).map(|entry| entry.name)
    }
}
