//! The host as the callbacks of one stream see it.
use super::effect::HeaderMap;
pub use crate::port::{Clock, Host, Random, Shared};

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

/// All that a callback may ask of its host.
pub trait Envoy: Read + Host {}

impl<Own: Read + Host> Envoy for Own {}
