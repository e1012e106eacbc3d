//! How many tokens a text will be, guessed from its bytes.

/// An estimate of the tokens of a text.
#[must_use]
pub fn estimate(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX).div_ceil(4)
}

impl super::Ask<'_> {
    /// An estimate of the input tokens of a whole request.
    #[must_use]
    pub fn estimate(&self) -> u64 {
        let text = |total: u64, text: &str| total.saturating_add(estimate(text));
        self.system.iter().fold(0, |total, part| text(total, part))
    }
}
