//! `usage`: tokens, of which the cached ones are a part of the prompt's.
use crate::dialect::count::Counts;
use crate::json::{Value, Writer};
use crate::usage::Usage;

/// Reads a `usage` object; `None` for anything else.
pub(super) fn read(value: Value<'_>) -> Option<Usage> {
    if !value.is_object() {
        return None;
    }
    let mut counts = Counts::default();
    let prompt = counts.of(Some(value), "prompt_tokens");
    let completion = counts.of(Some(value), "completion_tokens");
    let total = counts.of(Some(value), "total_tokens");
    let details = value.given("prompt_tokens_details");
    let cached = counts
        .of(details, "cached_tokens")
        .or_else(|| counts.of(Some(value), "prompt_cache_hit_tokens")) // DeepSeek's name
        .unwrap_or(0);
    let cache_write = counts.of(details, "cache_write_tokens").unwrap_or(0);
    let thoughts = value.given("completion_tokens_details");
    let reasoning = counts.of(thoughts, "reasoning_tokens").unwrap_or(0);
    // A sum without its parts tells nothing: all of it would look like thought.
    let known = prompt.zip(completion).filter(|_| !counts.garbled);
    let beside = known.zip(total).map_or(0, |((prompt, completion), total)| {
        total.saturating_sub(prompt).saturating_sub(completion)
    });
    let (prompt, completion) = (prompt.unwrap_or(0), completion.unwrap_or(0));
    let cache = cached.saturating_add(cache_write);
    // Servers that translate from Anthropic count the cached tokens beside the prompt, not in it.
    let apart = cache > prompt || (cache > 0 && beside == cache);
    // xAI and Google count reasoning beside the completion, Google without a name for it; where no
    // total tells, more reasoning than there is of the completion cannot be a part of it.
    let thought = match (apart, total) {
        (true, _) => beside.saturating_sub(cache),
        (false, Some(_)) => beside,
        (false, None) if reasoning > completion => reasoning,
        (false, None) => 0,
    };
    Some(Usage {
        input: if apart { prompt } else { prompt.saturating_sub(cache) },
        cached_input: cached,
        cache_write,
        cache_write_hour: 0,
        output: completion.saturating_add(thought),
        reasoning: reasoning.max(thought),
        garbled: counts.garbled,
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
