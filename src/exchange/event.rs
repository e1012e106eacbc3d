//! What Envoy tells, and what it can be asked meanwhile.
use super::effect::HeaderMap;

/// One callback of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The request's headers are here; `end` when there is no body.
    RequestHeaders {
        /// Nothing follows.
        end: bool,
    },
    /// `size` bytes of the request's body are readable: all that was held back, or this chunk.
    RequestBody {
        /// How many bytes are readable.
        size: usize,
        /// Nothing follows.
        end: bool,
    },
    /// The request ends with trailers.
    RequestTrailers,
    /// The response's headers are here; `end` when there is no body.
    ResponseHeaders {
        /// Nothing follows.
        end: bool,
    },
    /// `size` bytes of the response's body are readable: all that was held back, or this chunk.
    ResponseBody {
        /// How many bytes are readable.
        size: usize,
        /// Nothing follows.
        end: bool,
    },
    /// The response ends with trailers; what has been held back of its body is still there.
    ResponseTrailers,
}

/// What can be read while a callback runs. Everything is read when it is needed: each answer is
/// a copy out of Envoy's memory.
pub trait Envoy {
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
    /// Seconds since 1970.
    fn now(&self) -> u64;
}
