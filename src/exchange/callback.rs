//! What Envoy tells.
use super::call::CallId;

/// One callback of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callback {
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
    /// The answer to one of the stream's calls is here ([`super::Effect::Call`]).
    CallAnswered {
        /// What the call was made with.
        id: CallId,
        /// The answer's status; 0 when there could be no call.
        status: u16,
        /// How many bytes of the answer's body are readable.
        size: usize,
    },
    /// The attempt is over, and Envoy has not yet chosen what follows: filter state may still be
    /// written. Headers and bodies are out of reach.
    AttemptEnded,
    /// The time that [`super::Effect::Wake`] asked for has passed. To go on lets go of what is held
    /// of the response.
    Woken,
    /// The stream is over, however it ended. Filter state may still be written, things counted,
    /// logged and handed to the outboxes; everything else is out of reach.
    StreamEnded,
}
