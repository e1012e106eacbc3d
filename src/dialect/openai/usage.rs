//! `usage`: tokens, of which the cached ones are a part of the prompt's.
use crate::json::{Value, Writer};
use crate::usage::Usage;

/// Reads a `usage` object; none for anything else.
pub(super) fn read(value: Value<'_>) -> Option<Usage> {
    if !value.is_object() {
        return None;
    }
    let count = |object: Option<Value<'_>>, key: &str| object?.get(key)?.as_u64();
    let prompt = count(Some(value), "prompt_tokens").unwrap_or(0);
    let completion = count(Some(value), "completion_tokens").unwrap_or(0);
    let details = value.get("prompt_tokens_details");
    let cached = count(details, "cached_tokens")
        .or_else(|| count(Some(value), "prompt_cache_hit_tokens")) // DeepSeek's name
        .unwrap_or(0);
    let cache_write = count(details, "cache_write_tokens").unwrap_or(0);
    let reasoning = count(value.get("completion_tokens_details"), "reasoning_tokens").unwrap_or(0);
    let total = count(Some(value), "total_tokens").unwrap_or(0);
    let beside = total.saturating_sub(prompt).saturating_sub(completion);
    let cache = cached.saturating_add(cache_write);
    // Servers that translate from Anthropic count the cached tokens beside the prompt, not in it.
    let apart = cache > prompt || (cache > 0 && beside == cache);
    // xAI and Google count reasoning beside the completion, Google without a name for it.
    let thought = if apart { beside.saturating_sub(cache) } else { beside };
    Some(Usage {
        input: if apart { prompt } else { prompt.saturating_sub(cache) },
        cached_input: cached,
        cache_write,
        cache_write_hour: 0,
        output: completion.saturating_add(thought),
        reasoning: reasoning.max(thought),
    })
}

/// Writes a `usage` object.
pub(super) fn write(usage: &Usage, out: &mut Writer) {
    let prompt = usage.input_total();
    let cache_write = usage.cache_write.saturating_add(usage.cache_write_hour);
    out.object(|object| {
        object.key("prompt_tokens").number(prompt);
        object.key("completion_tokens").number(usage.output);
        object.key("total_tokens").number(prompt.saturating_add(usage.output));
        object.key("prompt_tokens_details").object(|details| {
            details.key("cached_tokens").number(usage.cached_input);
            if cache_write > 0 {
                details.key("cache_write_tokens").number(cache_write);
            }
        });
        object.key("completion_tokens_details").object(|details| {
            details.key("reasoning_tokens").number(usage.reasoning);
        });
    });
}
