//! What tokens cost: the one place where usage becomes credits.
use super::amount::Credits;
use crate::usage::Usage;

/// The number of tokens that a price of tokens is for.
const TOKENS_PER_PRICE: u128 = 1_000_000;

/// What a model costs: prices of tokens are in credits for a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub input: Credits,
    /// Input tokens that the provider read from its cache.
    pub cached_input: Credits,
    /// Input tokens that the provider wrote to its cache, for five minutes or as is usual there.
    pub cache_write: Credits,
    /// Input tokens that the provider wrote to its cache for an hour.
    pub cache_write_1h: Credits,
    pub output: Credits,
    /// Output tokens of the model's reasoning, which are not part of its answer.
    pub reasoning: Credits,
    /// Credits for each image of the input, beside its tokens.
    pub per_image: Credits,
    /// Credits for each request, beside its tokens.
    pub per_request: Credits,
}

/// A kind of tokens with a price of its own. Every token of a usage is of exactly one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Input that was neither read from a cache nor written to one.
    Input,
    /// Input that was read from the provider's cache.
    CachedInput,
    /// Input that was written to the provider's cache for five minutes.
    CacheWrite,
    /// Input that was written to the provider's cache for an hour.
    CacheWriteHour,
    /// Output without reasoning.
    Output,
    /// The reasoning in the output.
    Reasoning,
}

impl TokenKind {
    pub const ALL: [Self; 6] = [
        Self::Input,
        Self::CachedInput,
        Self::CacheWrite,
        Self::CacheWriteHour,
        Self::Output,
        Self::Reasoning,
    ];

    /// How many tokens of this kind a usage has.
    #[must_use]
    pub const fn tokens(self, usage: &Usage) -> u64 {
        match self {
            Self::Input => usage.input,
            Self::CachedInput => usage.cached_input,
            Self::CacheWrite => usage.cache_write,
            Self::CacheWriteHour => usage.cache_write_hour,
            Self::Output => usage.output.saturating_sub(usage.reasoning),
            // Counted in full, also where a provider does not count reasoning as output.
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
    /// What a request cost: its tokens at their prices, rounded up once to a millionth, and the
    /// prices for its images and for the request itself.
    #[must_use]
    pub fn cost(&self, usage: &Usage, images: u64) -> Credits {
        let part = |kind: TokenKind| times(kind.price(self), kind.tokens(usage));
        let exact = TokenKind::ALL.into_iter().map(part).fold(0, u128::saturating_add);
        self.beside(exact, images)
    }

    /// The most that a request may cost: every input token at the highest price of input, every
    /// output token at the highest price of output.
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
            .div_ceil(TOKENS_PER_PRICE)
            .saturating_add(times(self.per_image, images))
            .saturating_add(self.per_request.micros().into());
        Credits::clamped(micros)
    }
}

/// Cannot overflow: both are below 2^64.
fn times(price: Credits, count: u64) -> u128 {
    u128::from(price.micros()).saturating_mul(u128::from(count))
}
