//! What both roles and the rendered configuration agree on.
use crate::json::{At, Value, Writer};
use crate::policy::{Problem, RequestLimits};

/// Where a plugin's configuration says how much Envoy buffers of one stream:
/// `"limits": {"stream_buffer_bytes": …}`.
const KEY: &str = "stream_buffer_bytes";

/// An answer that is judged or rewritten whole must fit into a stream's buffer: the longest that
/// providers give, with images in it, is a few MiB.
const WHOLE_ANSWER: u64 = 16 << 20;

/// What a request brings beyond its body's bound before it can be refused: what one read of the
/// connection may add.
const OVERSHOOT: u64 = 1 << 20;

/// What Envoy buffers of a stream where nobody says how much: 1 MiB.
const DEFAULT: u64 = 1 << 20;

/// The version of what the roles leave for each other, plans and reports: one number, so that two
/// modules which read each other's plans read each other's reports as well. What a report says is
/// charged for.
pub(super) const VERSION: u64 = 25;

/// How often a model may be tried for one request: again where its connection turns out to be
/// stale, and once more where the next one does. What stands before a provider and has forgotten
/// one may have forgotten several.
pub(super) const TRIES_MAX: u8 = 3;

/// How often Envoy may try again with a chain of so many models. The last time is for where the
/// chain is over: it leads nowhere, and has what became of the last model told in our words.
#[must_use]
pub const fn retries(models: usize) -> usize {
    models.saturating_mul(TRIES_MAX as usize)
}

/// What is wrong with a plugin's configuration, and where.
pub(super) fn problem(at: &At<'_>, line: usize, message: String) -> Problem {
    Problem { path: at.to_string(), line, message }
}

/// The statuses below 500 that the rendered retry policy retries.
pub const RETRIED_4XX: [u16; 3] = [408, 425, 429];

/// Whether the rendered retry policy retries an answer with that status.
#[must_use]
pub const fn is_retried(status: u16) -> bool {
    let [timeout, early, limit] = RETRIED_4XX;
    matches!(status, 500..=599) || status == timeout || status == early || status == limit
}

/// The most bytes that Envoy buffers of one stream, either way.
///
/// A body that is written beyond it, while Envoy buffers that stream for us, ends the whole
/// process: Envoy fails the stream within the call and enters the module a second time. So a body
/// goes to Envoy as a [`Body`], and only [`StreamBuffer::hold`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamBuffer(u64);

/// A body that fits into the buffer of its stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body(Vec<u8>);

/// A body that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl StreamBuffer {
    /// One of so many bytes.
    #[must_use]
    pub const fn of(bytes: u64) -> Self {
        Self(bytes)
    }

    /// What `tradewind render` sets for requests with these limits.
    #[must_use]
    pub fn rendered(limits: &RequestLimits) -> Self {
        let body = limits.max_body_bytes.saturating_add(OVERSHOOT);
        Self(body.max(WHOLE_ANSWER).min(u64::from(u32::MAX)))
    }

    /// Reads it from a plugin's configuration; Envoy's own default where that says nothing.
    #[must_use]
    pub fn read(root: Value<'_>) -> Self {
        let given = root.get("limits").and_then(|limits| limits.get(KEY)?.as_u64());
        Self(given.unwrap_or(DEFAULT))
    }

    /// Writes it as a member of a plugin's `limits`.
    pub fn write(self, limits: &mut Writer) {
        limits.key(KEY).number(self.0);
    }

    /// How many bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Whether so many bytes fit.
    #[must_use]
    pub fn fits(self, bytes: usize) -> bool {
        u64::try_from(bytes).is_ok_and(|bytes| bytes <= self.0)
    }

    /// So many bytes, or what fits where that is less.
    #[must_use]
    pub fn at_most(self, bytes: usize) -> usize {
        usize::try_from(self.0).map_or(bytes, |most| bytes.min(most))
    }

    /// Makes a body of these bytes.
    ///
    /// # Errors
    /// When they do not fit.
    pub fn hold(self, bytes: Vec<u8>) -> Result<Body, TooLarge> {
        if self.fits(bytes.len()) { Ok(Body(bytes)) } else { Err(TooLarge) }
    }
}

impl Body {
    /// Nothing: what is here goes no further.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its bytes, taken out.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{OVERSHOOT, StreamBuffer, WHOLE_ANSWER, retries};
    use crate::policy::RequestLimits;

    #[test]
    fn a_buffer_holds_the_largest_request_and_a_whole_answer_and_is_one_that_envoy_can_have() {
        let rendered = |max_body_bytes: u64| {
            let limits = RequestLimits { max_body_bytes, ..RequestLimits::default() };
            StreamBuffer::rendered(&limits).bytes()
        };
        let most = WHOLE_ANSWER - OVERSHOOT;
        assert_eq!((rendered(0), rendered(most)), (16 << 20, 16 << 20));
        assert_eq!(rendered(most + 1), WHOLE_ANSWER + 1);
        let envoys = u64::from(u32::MAX);
        assert_eq!(rendered(envoys - OVERSHOOT), envoys);
        assert_eq!((rendered(envoys), rendered(u64::MAX)), (envoys, envoys));
    }

    #[test]
    fn each_model_may_be_tried_thrice() {
        assert_eq!((retries(1), retries(3), retries(usize::MAX)), (3, 9, usize::MAX));
    }
}
