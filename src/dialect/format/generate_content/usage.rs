//! Reads `usageMetadata`.
use crate::dialect::count::Counts;
use crate::json::Value;
use crate::usage::Usage;

/// The prompt's count has the cached tokens in it but not what tools brought; the candidates'
/// count is without thought.
pub(super) fn read(metadata: Value<'_>) -> Usage {
    let mut counts = Counts::default();
    let mut count = |key| counts.of(Some(metadata), key).unwrap_or(0);
    let prompt = count("promptTokenCount");
    let cached = count("cachedContentTokenCount").min(prompt);
    let tools = count("toolUsePromptTokenCount");
    let candidates = count("candidatesTokenCount");
    let thoughts = count("thoughtsTokenCount");
    let total = count("totalTokenCount");
    // Some endpoints count thought among the candidates; their total tells.
    let said = prompt.saturating_add(tools).saturating_add(candidates);
    let output =
        if total == said { candidates.max(thoughts) } else { candidates.saturating_add(thoughts) };
    Usage {
        input: prompt.saturating_sub(cached).saturating_add(tools),
        cached_input: cached,
        output,
        reasoning: thoughts,
        garbled: counts.garbled,
        ..Usage::default()
    }
}
