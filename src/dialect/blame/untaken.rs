//! Words that speak of one model: it does not take what another one may.

/// What providers say of a parameter that one of their models does not take, in lower case.
///
/// As they have been seen in 2025 and 2026 from Anthropic, OpenAI and Google under 400.
const PHRASES: &[&str] = &[
    "with this model",
    "for this model",
    "on this model",
    "by this model",
    "this model does not",
    "this model doesn't",
    "this model only",
    "this model supports",
    "model does not support",
    "does not support thinking",
    "strategy requires  to be enabled",
    "not supported for gpt-",
    "not supported with gpt-",
    "not supported by claude-",
    "not supported for claude-",
    "maximum allowed number of output tokens",
    // Gemini's.
    "is not enabled for",
    "thinking budget",
    "thinking level",
    "with a response mime type",
];

/// Whether a message says that the model does not take something. What it quotes does not count:
/// that may be the app's own words.
pub(super) fn is_untaken(message: &str) -> bool {
    let said = super::account::unquoted(message).to_ascii_lowercase();
    PHRASES.iter().any(|phrase| said.contains(phrase))
}
