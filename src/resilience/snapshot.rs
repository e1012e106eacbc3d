//! Shared records as they stood when they were first asked for.
use core::cell::Cell;
use core::fmt;

use super::cell::{Record, all, find, key};
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
        self.bucket::<R, _>(name, |bucket| find(bucket, name))
    }

    /// Whether that holds of all records of a kind that has one bucket, and their names.
    #[must_use]
    pub fn all<R: Record>(&self, holds: impl Fn(&[u8], &R) -> bool) -> bool {
        const { assert!(R::BUCKETS == 1) };
        self.bucket::<R, _>("", |bucket| all(bucket, holds))
    }

    fn bucket<R: Record, T>(&self, name: &str, read: impl FnOnce(&[u8]) -> T) -> T {
        let key = key::<R>(name);
        let mut buckets = self.buckets.take();
        let known = buckets.iter().find(|(own, _)| *own == key);
        let found = if let Some((_, bucket)) = known {
            read(bucket)
        } else {
            let (bucket, _) = self.shared.shared_data(&key);
            let found = read(&bucket);
            buckets.push((key, bucket));
            found
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
