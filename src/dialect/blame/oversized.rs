//! Words that speak of one request's size: it is more than the account may ask of the model at
//! once, whenever it comes. Others that are smaller are served, so it says nothing of the model's
//! weather, though it comes as a rate limit.
use crate::dialect::FaultKind::{self, ContextLength, TooLarge};

/// What providers say of such a request, in lower case, and what it means.
///
/// As they have been seen from 2024 to 2026: OpenAI's under 429, which OpenRouter passes on under
/// 502, Groq's under 413 and 429, Anthropic's under 429. Other providers have the same words for
/// what one request asks and for what all have asked: there it is a rate limit.
const PHRASES: &[(&str, FaultKind)] = &[
    ("request too large for", TooLarge),
    ("input or output tokens must be reduced", TooLarge),
    ("extra usage is required for long context requests", ContextLength),
];

/// What a message says of the size of a request, if it says that this one can never be served. What
/// it quotes does not count: that may be the app's own words.
pub(super) fn oversized(message: &str) -> Option<FaultKind> {
    let said = super::account::unquoted(message).to_ascii_lowercase();
    PHRASES.iter().find(|(phrase, _)| said.contains(phrase)).map(|(_, kind)| *kind)
}

/// What a provider says whose account has too little left for this request, and enough for smaller
/// ones: OpenRouter's words under 402 in 2025 and 2026, in lower case.
const UNAFFORDABLE: &[&str] = &["can only afford", "prompt tokens limit exceeded"];

/// Whether a message says that an account could pay for a smaller request.
#[must_use]
pub fn is_unaffordable(message: &str) -> bool {
    let said = super::account::unquoted(message).to_ascii_lowercase();
    UNAFFORDABLE.iter().any(|phrase| said.contains(phrase))
}
