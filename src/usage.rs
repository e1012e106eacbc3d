//! Tokens, counted one way: the one noun that dialects read and credits price.

/// What a request used, as its provider reported it.
///
/// Providers count differently (some include cached tokens in their input, some do not); a
/// dialect turns its own habit into this one, in which the input parts do not overlap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input tokens read afresh: neither from a cache nor written to one.
    pub input: u64,
    /// Input tokens read from the provider's cache.
    pub cached_input: u64,
    /// Input tokens written to a cache that lives five minutes (or as the provider pleases).
    pub cache_write: u64,
    /// Input tokens written to a cache that lives an hour.
    pub cache_write_hour: u64,
    /// Output tokens, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning.
    pub reasoning: u64,
}

impl Usage {
    /// Every input token, however it was read.
    #[must_use]
    pub const fn input_total(&self) -> u64 {
        self.input
            .saturating_add(self.cached_input)
            .saturating_add(self.cache_write)
            .saturating_add(self.cache_write_hour)
    }

    /// The larger of each count: a stream reports a running total more than once, and the reports
    /// overlap, so neither their sum nor the last of them is right.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            input: self.input.max(other.input),
            cached_input: self.cached_input.max(other.cached_input),
            cache_write: self.cache_write.max(other.cache_write),
            cache_write_hour: self.cache_write_hour.max(other.cache_write_hour),
            output: self.output.max(other.output),
            reasoning: self.reasoning.max(other.reasoning),
        }
    }
}
