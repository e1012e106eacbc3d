//! Words that speak of a model: it is not there. Its name is not the app's but the policy's.
use super::account::unquoted;

/// Whether a message of what was not found speaks of a model.
///
/// What it quotes does not count, nor what it names: an app has its own ids for files and skills,
/// and one such as `model-x` may stand at the end. The word itself counts, wherever it says
/// something of what follows or ends a sentence: `model: claude-9`, `models/gemini-9 is not found`,
/// `no such model`.
pub(in super::super) fn speaks_of_a_model(message: &str) -> bool {
    let said = unquoted(message).to_ascii_lowercase();
    said.match_indices("model").any(|(at, word)| {
        let (before, after) = (said.get(..at), said.get(at.saturating_add(word.len())..));
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let after = after.strip_prefix('s').unwrap_or(after).chars().next();
        let begins = before.chars().next_back().is_none_or(|own| own.is_whitespace());
        let is_named = before.trim_end().ends_with([':', '=']);
        match after {
            Some(own) => {
                begins && (own.is_whitespace() || matches!(own, ':' | '/' | ',' | '.' | '\''))
            }
            None => begins && !is_named,
        }
    })
}
