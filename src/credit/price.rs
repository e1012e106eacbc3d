//! What tokens cost: the one place where usage becomes credits.
use super::amount::Credits;
use crate::usage::Usage;

/// Prices of tokens are for so many of them.
const TOKENS: u128 = 1_000_000;

/// What a model costs. Prices of tokens are in credits for a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Input tokens.
    pub input: Credits,
    /// Input tokens that the provider read from its cache.
    pub cached_input: Credits,
    /// Input tokens that the provider wrote to its cache, kept for five minutes or as long as it
    /// likes.
    pub cache_write: Credits,
    /// Input tokens that the provider wrote to its cache, kept for an hour.
    pub cache_write_1h: Credits,
    /// Output tokens.
    pub output: Credits,
    /// Output tokens that were thought and not said.
    pub reasoning: Credits,
    /// One image of the input, beside its tokens.
    pub per_image: Credits,
    /// One request, beside its tokens.
    pub per_request: Credits,
}

/// A kind of tokens that has a price of its own. Every token of a usage is of exactly one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Read afresh.
    Input,
    /// Read from the provider's cache.
    CachedInput,
    /// Written to a cache that lives five minutes.
    CacheWrite,
    /// Written to a cache that lives an hour.
    CacheWriteHour,
    /// Said.
    Output,
    /// Thought.
    Reasoning,
}

impl Part {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Input,
        Self::CachedInput,
        Self::CacheWrite,
        Self::CacheWriteHour,
        Self::Output,
        Self::Reasoning,
    ];

    /// The tokens of this kind.
    #[must_use]
    pub const fn tokens(self, usage: &Usage) -> u64 {
        match self {
            Self::Input => usage.input,
            Self::CachedInput => usage.cached_input,
            Self::CacheWrite => usage.cache_write,
            Self::CacheWriteHour => usage.cache_write_hour,
            Self::Output => usage.output.saturating_sub(usage.reasoning),
            // A provider that counts thoughts beside its output would otherwise be paid too little.
            Self::Reasoning => usage.reasoning,
        }
    }

    const fn price(self, price: &Price) -> Credits {
        match self {
            Self::Input => price.input,
            Self::CachedInput => price.cached_input,
            Self::CacheWrite => price.cache_write,
            Self::CacheWriteHour => price.cache_write_1h,
            Self::Output => price.output,
            Self::Reasoning => price.reasoning,
        }
    }
}

impl Price {
    /// What a request cost: its tokens at their prices, rounded up once to a millionth, and what
    /// is charged beside them.
    #[must_use]
    pub fn cost(&self, usage: &Usage, images: u64) -> Credits {
        let part = |part: Part| times(part.price(self), part.tokens(usage));
        let exact = Part::ALL.into_iter().map(part).fold(0, u128::saturating_add);
        self.beside(exact, images)
    }

    /// The most that a request may cost: every input token at the dearest price of input, every
    /// output token at the dearest of output.
    #[must_use]
    pub fn worst(&self, input_tokens: u64, output_tokens: u64, images: u64) -> Credits {
        let inputs = [self.input, self.cached_input, self.cache_write, self.cache_write_1h];
        let input = inputs.into_iter().max().unwrap_or_default();
        let output = self.output.max(self.reasoning);
        let exact = times(input, input_tokens).saturating_add(times(output, output_tokens));
        self.beside(exact, images)
    }

    fn beside(&self, exact: u128, images: u64) -> Credits {
        let micros = exact
            .div_ceil(TOKENS)
            .saturating_add(times(self.per_image, images))
            .saturating_add(self.per_request.micros().into());
        Credits::clamped(micros)
    }
}

/// Cannot overflow: both are below 2^64.
fn times(price: Credits, count: u64) -> u128 {
    u128::from(price.micros()).saturating_mul(u128::from(count))
}
