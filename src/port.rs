//! What the core may ask of its host, by kind: a part that needs the clock alone says so.

/// The time.
pub trait Clock {
    /// Milliseconds since a moment long ago that all VMs of a proxy share. They only go on,
    /// whatever happens to the clock on the wall, so a moment that was reckoned from them comes,
    /// and comes at once for all.
    fn now_ms(&self) -> u64;
    /// Seconds since 1970, by the clock on the wall, which may be set: to be shown, not reckoned
    /// with.
    fn unix_seconds(&self) -> u64;
}

/// Chance.
pub trait Random {
    /// A number that nobody else is given and nobody can guess: each of the 2^64 is as likely.
    fn unique(&self) -> u64;
}

/// Data that all workers of a proxy share: values by their keys, which cannot be deleted.
pub trait Shared {
    /// The value of a key, empty where there is none, and its version (Envoy's `cas`), which a
    /// change has to name.
    fn shared_data(&self, key: &str) -> (Vec<u8>, Option<u32>);

    /// Writes a value; `false` when another worker has changed it meanwhile. `version` is what
    /// [`Shared::shared_data`] gave: `None` for a key that was not there.
    fn set_shared_data(&self, key: &str, value: &[u8], version: Option<u32>) -> bool;

    /// Writes a value, whatever stands there; `false` where it could not be written.
    fn put_shared_data(&self, key: &str, value: &[u8]) -> bool {
        self.set_shared_data(key, value, self.shared_data(key).1)
    }
}

/// A host, but for what only a callback can read.
pub trait Host: Clock + Random + Shared {}

impl<Own: Clock + Random + Shared> Host for Own {}
