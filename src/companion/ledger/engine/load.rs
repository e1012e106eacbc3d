//! How much the writer has to do, counted for whoever watches.
use core::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the buckets of transactions by their commands.
pub const SIZES: [u64; 7] = [1, 5, 20, 50, 100, 200, 500];

/// What the writer has done since the start, and what waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Commands that wait, or are being done.
    pub waiting: u64,
    /// Commands that were part of a transaction.
    pub commands: u64,
    /// Transactions, done or not.
    pub transactions: u64,
    /// Those of them that found the database away.
    pub failed: u64,
    /// Transactions of at most so many commands as [`SIZES`] says, each in its own bucket only.
    pub sizes: [u64; SIZES.len()],
}

/// Counts it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    commands: AtomicU64,
    failed: AtomicU64,
    transactions: AtomicU64,
    sizes: [AtomicU64; SIZES.len()],
}

impl Tally {
    /// Counts a transaction.
    pub(super) fn transaction(&self, commands: usize, done: bool) {
        let commands = u64::try_from(commands).unwrap_or(u64::MAX);
        self.transactions.fetch_add(1, Ordering::Relaxed);
        self.commands.fetch_add(commands, Ordering::Relaxed);
        self.failed.fetch_add(u64::from(!done), Ordering::Relaxed);
        let bucket = SIZES.iter().position(|most| commands <= *most);
        if let Some(bucket) = bucket.and_then(|at| self.sizes.get(at)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was counted.
    pub(super) fn load(&self, waiting: u64) -> Load {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Load {
            waiting,
            commands: count(&self.commands),
            transactions: count(&self.transactions),
            failed: count(&self.failed),
            sizes: self.sizes.each_ref().map(count),
        }
    }
}
