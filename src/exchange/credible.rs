//! Whether what a provider says of its usage can be: one rule for whoever charges by it and for
//! whoever counts it.
use crate::decide::Bounds;
use crate::usage::Usage;

/// Usage above this multiple of what was allowed is not believed. Providers count a little
/// beside what a request asks for, none of them several times as much.
const FACTOR: u64 = 2;

/// Input tokens that are believed beside that: templates and prompts of a server's own, which a
/// request of a few words shows as hundreds of tokens.
const AROUND_INPUT: u64 = 4096;

/// Output tokens that are believed beside that, for the marks that end an answer.
const AROUND_OUTPUT: u64 = 64;

/// Most output tokens that are believed of an answer with that bound.
pub(super) const fn believed(bound: u64) -> u64 {
    bound.saturating_mul(FACTOR).saturating_add(AROUND_OUTPUT)
}

/// Whether a report of usage can be true of an attempt with these bounds.
pub(super) fn is_credible(bounds: Bounds, usage: &Usage) -> bool {
    let input = bounds.input.saturating_mul(FACTOR).saturating_add(AROUND_INPUT);
    !usage.garbled
        && usage.input_total() <= input
        && usage.output.max(usage.reasoning) <= believed(bounds.output)
}
