//! What a pure part may ask of its host, by kind: a part that needs the clock alone says so.
use super::effect::HeaderMap;
pub use crate::resilience::Shared;

/// What can be read while a callback runs. Everything is read when it is needed: each answer is
/// a copy out of Envoy's memory.
pub trait Read {
    /// A whole header map.
    fn headers(&self, map: HeaderMap) -> Vec<(String, Vec<u8>)>;
    /// One header.
    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>>;
    /// Bytes of the request's body.
    fn request_body(&self, start: usize, size: usize) -> Vec<u8>;
    /// Bytes of the response's body.
    fn response_body(&self, start: usize, size: usize) -> Vec<u8>;
    /// A property by its path; filter state by its key.
    fn property(&self, path: &[&str]) -> Option<Vec<u8>>;
    /// The body of the answer to a call.
    fn call_body(&self, size: usize) -> Vec<u8>;
}

/// The time.
pub trait Clock {
    /// Milliseconds since a moment long ago that all VMs of a proxy share. It only goes on,
    /// whatever happens to the clock on the wall, so a moment that was reckoned from it comes, and
    /// comes at once for all.
    fn now_ms(&self) -> u64;
    /// Seconds since 1970, by the clock on the wall, which may be set: to be shown, not reckoned
    /// with.
    fn unix_seconds(&self) -> u64;
}

/// Chance.
pub trait Random {
    /// A number that nobody else is given, and nobody can guess.
    fn unique(&self) -> u64;
}

/// All of it: the host, as a stream's callbacks see it.
pub trait Envoy: Read + Clock + Random + Shared {}

impl<Host: Read + Clock + Random + Shared> Envoy for Host {}
