//! What a step may know beside the request: the time, chance, what a proxy's workers share.
use core::cell::OnceCell;
use core::fmt;

use crate::port::Host;
use crate::resilience::{Record, Snapshot};

/// The world as one decision sees it. Each thing is asked of the host when a step first needs it,
/// and once: all steps see the same, and a request of which no step asks costs no call.
pub struct World<'w> {
    host: &'w dyn Host,
    now_ms: OnceCell<u64>,
    unix_seconds: OnceCell<u64>,
    chance: OnceCell<u64>,
    records: Snapshot<'w>,
}

impl<'w> World<'w> {
    /// Of which nothing has been asked yet.
    #[must_use]
    pub const fn of(host: &'w dyn Host) -> Self {
        Self {
            host,
            now_ms: OnceCell::new(),
            unix_seconds: OnceCell::new(),
            chance: OnceCell::new(),
            records: Snapshot::of(host),
        }
    }

    /// The time by the proxy's clock, in milliseconds: [`crate::port::Clock::now_ms`].
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        *self.now_ms.get_or_init(|| self.host.now_ms())
    }

    /// The time by the clock on the wall, in seconds since 1970.
    #[must_use]
    pub fn unix_seconds(&self) -> u64 {
        *self.unix_seconds.get_or_init(|| self.host.unix_seconds())
    }

    /// This request's own random number: each of the 2^64 is as likely.
    #[must_use]
    pub fn chance(&self) -> u64 {
        *self.chance.get_or_init(|| self.host.unique())
    }

    /// What the proxy's workers know together under a name; `None` where they know nothing.
    #[must_use]
    pub fn record<R: Record>(&self, name: &str) -> Option<R> {
        self.records.read(name)
    }
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}
