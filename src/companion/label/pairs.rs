//! Requests and their copies, brought together.
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::record::Record;

/// A request and its copy.
#[derive(Debug)]
pub struct Pair {
    /// Its name: the id of the request, with the experiment where another has copied it as well.
    pub id: String,
    pub main: Record,
    pub copy: Record,
}

/// What records come to.
#[derive(Debug, Default)]
pub struct Pairs {
    /// In the order of the apps' requests.
    pub pairs: Vec<Pair>,
    /// Apps' requests without a copy: it failed, was refused, or is not here yet.
    pub without_copy: usize,
    /// Copies whose request is not here.
    pub without_request: usize,
    /// Records of a request that has one already.
    pub again: usize,
}

/// An experiment, and the id of an app's request.
type Key = (String, String);

impl Pairs {
    /// Brings records together.
    #[must_use]
    pub fn of(records: Vec<Record>) -> Self {
        let mut found = Self::default();
        let (mut mains, mut copies) = (Vec::new(), BTreeMap::<Key, Record>::new());
        let mut known = BTreeSet::<Key>::new();
        for record in records {
            let experiment = record.experiment.clone();
            match &record.copy_of {
                Some(of) => match copies.entry((experiment, of.clone())) {
                    Entry::Vacant(place) => _ = place.insert(record),
                    Entry::Occupied(_) => found.again = found.again.saturating_add(1),
                },
                None if known.insert((experiment, record.request_id.clone())) => mains.push(record),
                None => found.again = found.again.saturating_add(1),
            }
        }
        let mut names = BTreeSet::new();
        for main in mains {
            let key = (main.experiment.clone(), main.request_id.clone());
            let Some(copy) = copies.remove(&key) else {
                found.without_copy = found.without_copy.saturating_add(1);
                continue;
            };
            let (experiment, id) = key;
            let id = if names.insert(id.clone()) { id } else { format!("{id}/{experiment}") };
            found.pairs.push(Pair { id, main, copy });
        }
        found.without_request = copies.len();
        found
    }
}
