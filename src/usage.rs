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
    /// A part of the report could not be read as a count: none of it is to be believed.
    pub garbled: bool,
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

    /// What is known after another report of the same answer.
    ///
    /// A stream reports its running total more than once. Output only grows. Input is guessed by
    /// some servers at the start and put right at the end, when the part that was cached is known,
    /// so of its counts the later ones are right, where there are any: all of them where they are
    /// no less than the earlier, or tell of a cache for the first time.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        let told = later.cached_input > 0 && self.cached_input == 0;
        let whole = told || later.input_total() >= self.input_total();
        let known = |before: u64, after: u64| if after > 0 || whole { after } else { before };
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

    /// What is known of the input after two reports: input and what of it came from a cache and
    /// was written to one.
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
            assert_eq!(usage(before).then(usage(later)), usage(known), "{before:?} {later:?}");
        }
    }
}
