//! How many tokens a request used: dialects read it, credits price it.

/// What a request used, as its provider reported it.
///
/// Providers count differently: some include cached tokens in their input, some do not. Every
/// dialect translates into this form, in which the counts of input do not overlap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input tokens that were neither read from a cache nor written to one.
    pub input: u64,
    /// Input tokens read from the provider's cache.
    pub cached_input: u64,
    /// Input tokens written to the provider's cache, for five minutes or as is usual there.
    pub cache_write: u64,
    /// Input tokens written to the provider's cache for an hour.
    pub cache_write_hour: u64,
    /// Output tokens, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning.
    pub reasoning: u64,
    /// A part of the report could not be read as a count, so that no count is to be believed.
    pub garbled: bool,
}

impl Usage {
    /// The sum of all input tokens.
    #[must_use]
    pub const fn input_total(&self) -> u64 {
        self.input
            .saturating_add(self.cached_input)
            .saturating_add(self.cache_write)
            .saturating_add(self.cache_write_hour)
    }

    /// The usage of two answers.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached_input: self.cached_input.saturating_add(other.cached_input),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            cache_write_hour: self.cache_write_hour.saturating_add(other.cache_write_hour),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            garbled: self.garbled || other.garbled,
        }
    }

    /// The usage after a later report of the same answer.
    ///
    /// A stream reports its running total more than once. Output only grows, so the larger count
    /// holds. Of input some servers report a guess at the start, and the exact counts at the end:
    /// the later report replaces the earlier one where its input is no less, or where it is the
    /// first to tell of cached input; otherwise only those of its counts hold that are not zero.
    #[must_use]
    pub fn updated_by(self, later: Self) -> Self {
        let first_cached = later.cached_input > 0 && self.cached_input == 0;
        let replaces = first_cached || later.input_total() >= self.input_total();
        let known = |before: u64, after: u64| if after > 0 || replaces { after } else { before };
        Self {
            input: known(self.input, later.input),
            cached_input: known(self.cached_input, later.cached_input),
            cache_write: known(self.cache_write, later.cache_write),
            cache_write_hour: known(self.cache_write_hour, later.cache_write_hour),
            output: self.output.max(later.output),
            reasoning: self.reasoning.max(later.reasoning),
            garbled: self.garbled | later.garbled,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::usage::Usage;

    /// Counts of two reports, and what is known after both: `input`, `cached_input`, `cache_write`.
    #[test]
    fn of_two_reports_the_later_counts_where_it_says_something() {
        for (before, later, known) in [
            // Put right at the end, when the part that was cached is known.
            ([1000, 0, 0], [0, 1000, 0], [0, 1000, 0]),
            ([1200, 0, 0], [0, 1000, 0], [0, 1000, 0]),
            ([1000, 0, 0], [200, 800, 0], [200, 800, 0]),
            // The end repeats the input alone, or nothing of it.
            ([10, 5000, 200], [10, 0, 0], [10, 5000, 200]),
            ([10, 5000, 200], [0, 0, 0], [10, 5000, 200]),
            ([0, 0, 0], [7, 0, 0], [7, 0, 0]),
        ] {
            let usage = |[input, cached_input, cache_write]: [u64; 3]| Usage {
                input,
                cached_input,
                cache_write,
                ..Usage::default()
            };
            assert_eq!(
                usage(before).updated_by(usage(later)),
                usage(known),
                "{before:?} {later:?}"
            );
        }
    }
}
