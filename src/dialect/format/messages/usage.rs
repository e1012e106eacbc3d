//! Usage as Anthropic counts it: input tokens without those of the cache.
use crate::dialect::count::Counts;
use crate::json::{Value, Writer};
use crate::usage::Usage;

/// Reads a `usage` object. `hour` is how many tokens an earlier report of the same answer said
/// were written to the one-hour cache.
///
/// `message_start` splits the tokens written to the cache by their lifetime; `message_delta` only
/// repeats the sum. Without what was known before, the same tokens would count twice.
pub(super) fn read(usage: Value<'_>, hour: &mut u64) -> Usage {
    let mut counts = Counts::default();
    let mut passes = [0_u64; COUNTS];
    for pass in usage.given("iterations").into_iter().flat_map(|passes| passes.items()) {
        let one = report(pass, &mut counts);
        passes.iter_mut().zip(one).for_each(|(sum, one)| *sum = sum.saturating_add(one));
    }
    // What was read and written on the way, such as to shorten the conversation, stands among the
    // passes alone.
    let mut most = report(usage, &mut counts);
    most.iter_mut().zip(passes).for_each(|(own, sum)| *own = sum.max(*own));
    let [input, cached_input, written, short, of_an_hour, output, reasoning] = most;
    *hour = of_an_hour.max(*hour);
    Usage {
        input,
        cached_input,
        cache_write: written.saturating_sub(*hour).max(short),
        cache_write_hour: *hour,
        output,
        reasoning,
        garbled: counts.garbled,
    }
}

/// How many counts there are in one report.
const COUNTS: usize = 7;

/// The counts of an answer, or of one pass of its model.
fn report(usage: Value<'_>, counts: &mut Counts) -> [u64; COUNTS] {
    let mut count = |of: Option<Value<'_>>, key: &str| counts.of(of, key).unwrap_or(0);
    let split = usage.given("cache_creation");
    [
        count(Some(usage), "input_tokens"),
        count(Some(usage), "cache_read_input_tokens"),
        count(Some(usage), "cache_creation_input_tokens"),
        count(split, "ephemeral_5m_input_tokens"),
        count(split, "ephemeral_1h_input_tokens"),
        count(Some(usage), "output_tokens"),
        count(usage.given("output_tokens_details"), "thinking_tokens"),
    ]
}

/// Writes a `usage` object as the value of a key.
pub(super) fn write(usage: &Usage, w: &mut Writer) {
    let written = usage.cache_write.saturating_add(usage.cache_write_hour);
    w.object(|w| {
        w.key("input_tokens").number(usage.input);
        w.key("cache_creation_input_tokens").number(written);
        w.key("cache_read_input_tokens").number(usage.cached_input);
        if usage.cache_write_hour > 0 {
            w.key("cache_creation").object(|w| {
                w.key("ephemeral_5m_input_tokens").number(usage.cache_write);
                w.key("ephemeral_1h_input_tokens").number(usage.cache_write_hour);
            });
        }
        w.key("output_tokens").number(usage.output);
        if usage.reasoning > 0 {
            w.key("output_tokens_details").object(|w| {
                w.key("thinking_tokens").number(usage.reasoning);
            });
        }
    });
}
