//! What the writer has done since it started, in numbers.
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The upper bounds of the buckets in [`Stats::batches`], in commands.
pub const BATCH_BOUNDS: [u64; 9] = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/// What a ledger's writer has done since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Commands that wait or are being carried out.
    pub waiting: u64,
    /// Commands that were carried out, whatever their outcome.
    pub commands: u64,
    /// Transactions that were committed.
    pub transactions: u64,
    /// Tries of transactions that failed because of another writer.
    pub conflicts: u64,
    /// Transactions that failed for good: none of their commands was carried out.
    pub failures: u64,
    /// Calls that were refused because too many commands waited.
    pub refused: u64,
    /// Transactions by how many commands they had: a bucket for each bound, and one for more.
    pub batches: [u64; BATCH_BOUNDS.len() + 1],
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) commands: AtomicU64,
    pub(super) transactions: AtomicU64,
    pub(super) conflicts: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) refused: AtomicU64,
    batches: [AtomicU64; BATCH_BOUNDS.len() + 1],
}

impl Counters {
    pub(super) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }

    /// A transaction of that many commands was committed.
    pub(super) fn made(&self, commands: usize) {
        let commands = u64::try_from(commands).unwrap_or(u64::MAX);
        Self::count(&self.transactions);
        self.commands.fetch_add(commands, Relaxed);
        let bucket = BATCH_BOUNDS.partition_point(|bound| *bound < commands);
        if let Some(counter) = self.batches.get(bucket) {
            Self::count(counter);
        }
    }

    pub(super) fn stats(&self, waiting: u64) -> Stats {
        let mut batches = [0; BATCH_BOUNDS.len() + 1];
        for (count, counter) in batches.iter_mut().zip(&self.batches) {
            *count = counter.load(Relaxed);
        }
        Stats {
            waiting,
            commands: self.commands.load(Relaxed),
            transactions: self.transactions.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            failures: self.failures.load(Relaxed),
            refused: self.refused.load(Relaxed),
            batches,
        }
    }
}
