//! Shared records as they stood when they were first asked for.
use core::cell::Cell;
use core::fmt;

use super::cell::{Record, find, key};
use crate::port::Shared;

/// Shared records, each bucket of them read when it is first needed and never again: whoever asks
/// twice sees the same record, whatever other workers have written since.
pub struct Snapshot<'s> {
    shared: &'s dyn Shared,
    /// The buckets that have been read, by their keys.
    buckets: Cell<Vec<(String, Vec<u8>)>>,
}

impl<'s> Snapshot<'s> {
    /// Nothing is read yet.
    #[must_use]
    pub const fn of(shared: &'s dyn Shared) -> Self {
        Self { shared, buckets: Cell::new(Vec::new()) }
    }

    /// Whether any has been read.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        let buckets = self.buckets.take();
        let any = !buckets.is_empty();
        self.buckets.set(buckets);
        any
    }

    /// The record of a name; `None` where nobody has written one.
    #[must_use]
    pub fn read<R: Record>(&self, name: &str) -> Option<R> {
        let key = key::<R>(name);
        let mut buckets = self.buckets.take();
        let found = match buckets.iter().find(|(own, _)| *own == key) {
            Some((_, bucket)) => find(bucket, name),
            None => {
                let (bucket, _) = self.shared.shared_data(&key);
                let found = find(&bucket, name);
                buckets.push((key, bucket));
                found
            }
        };
        self.buckets.set(buckets);
        found
    }
}

impl fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
