//! Reads `usageMetadata`.
use crate::json::Value;
use crate::usage::Usage;

/// The prompt's count has the cached tokens in it but not what tools brought; the candidates'
/// count is without thought.
pub(super) fn read(metadata: Value<'_>) -> Usage {
    let count = |key| metadata.get(key).and_then(Value::as_u64).unwrap_or(0);
    let prompt = count("promptTokenCount");
    let cached = count("cachedContentTokenCount").min(prompt);
    let tools = count("toolUsePromptTokenCount");
    let candidates = count("candidatesTokenCount");
    let thoughts = count("thoughtsTokenCount");
    // Some endpoints count thought among the candidates; their total tells.
    let said = prompt.saturating_add(tools).saturating_add(candidates);
    let output = if count("totalTokenCount") == said {
        candidates.max(thoughts)
    } else {
        candidates.saturating_add(thoughts)
    };
    Usage {
        input: prompt.saturating_sub(cached).saturating_add(tools),
        cached_input: cached,
        output,
        reasoning: thoughts,
        ..Usage::default()
    }
}
