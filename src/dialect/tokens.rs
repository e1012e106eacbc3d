//! How many tokens a text will be, guessed from its bytes.

/// An estimate of the tokens of a text.
#[must_use]
pub fn estimate(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX).div_ceil(4)
}
