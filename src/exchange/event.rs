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
    /// The answer to the stream's [`super::Effect::Call`] is here.
    Called {
        /// Its status; 0 when there could be no call.
        status: u16,
        /// How many bytes of its body are readable.
        size: usize,
    },
    /// The stream is over, however it ended. Only [`super::Effect::Keep`] and counting are left.
    Over,
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
    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64;
    /// Seconds since 1970.
    fn now(&self) -> u64 {
        self.now_ms() / 1000
    }
    /// The body of the answer to a call.
    fn call_body(&self, size: usize) -> Vec<u8>;
    /// A number that nobody else is given, and nobody can guess.
    fn unique(&self) -> u64;
    /// A record that every worker of the proxy shares, empty where there is none, and what to show
    /// to change it.
    fn shared(&self, key: &str) -> (Vec<u8>, Option<u32>);
    /// Writes such a record; not when somebody else has since it was read. `unchanged` is what
    /// [`Envoy::shared`] gave, nothing for a record that was not there.
    fn share(&self, key: &str, value: &[u8], unchanged: Option<u32>) -> bool;
}
