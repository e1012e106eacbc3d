//! The named things of one section: looked up by those who refer to them, and missed by nobody.
use core::cell::Cell;
use std::collections::BTreeMap;

use super::field::{Entries, Spot, metric_label, shown, unsafe_name};
use super::nearest::nearest;

/// One section of named things.
#[derive(Debug)]
pub(super) struct Table<'n, T> {
    /// What a message calls one of them.
    what: &'static str,
    entries: Vec<Entry<'n, T>>,
    /// Whether the section could be read; if not, nothing is said of names that it lacks.
    pub(super) known: bool,
    /// Whether every reference could be read; if not, nothing is said of names that none means.
    sure: Cell<bool>,
}

#[derive(Debug)]
struct Entry<'n, T> {
    name: &'n str,
    spot: Spot<'n>,
    used: Cell<bool>,
    /// `None` when something is wrong with it, which has been reported.
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
        let known = entries.is_some();
        let entries = entries.unwrap_or_default().into_iter().map(|(name, spot)| {
            spot.safe(name);
            Entry { name, value: value(name, &spot), spot, used: Cell::new(false) }
        });
        Self { what, entries: entries.collect(), known, sure: Cell::new(true) }
    }

    /// Reports those that metrics could not tell from one before them.
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

    /// What a reference means: its index.
    pub(super) fn find(&self, reference: Option<&Spot<'_>>) -> Option<usize> {
        let name = reference.and_then(|spot| spot.text(&format!("the name of a {}", self.what)));
        let (Some(spot), Some(name)) = (reference, name) else {
            self.unsure();
            return None;
        };
        let index = self.entries.iter().position(|entry| entry.name == name);
        if index.is_none() && self.known {
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

    /// Reports those of which something is to be said.
    pub(super) fn report(&self, wrong: impl Fn(&T) -> Option<String>) {
        for entry in &self.entries {
            if let Some(message) = entry.value.as_ref().and_then(&wrong) {
                entry.spot.problem(message);
            }
        }
    }

    /// The one that metrics would not tell from that name.
    pub(super) fn like(&self, name: &str) -> Option<&'n str> {
        let label = metric_label(name);
        self.entries.iter().map(|entry| entry.name).find(|own| metric_label(own) == label)
    }

    /// A reference to one of them could not be read.
    pub(super) fn unsure(&self) {
        self.sure.set(false);
    }

    /// Reports those that nobody referred to.
    pub(super) fn finish(self, message: &str) -> Vec<T> {
        if self.sure.get() {
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
