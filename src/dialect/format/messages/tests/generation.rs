//! Names of models and what their generation takes.
use crate::dialect::format::messages::generation::Generation;

#[test]
fn tells_a_generation_from_a_name() {
    // Name, takes sampling, both samplers, a budget, adaptive thinking, thinks unasked.
    let table = [
        ("claude-3-opus-20240229", true, true, false, false, false),
        ("claude-3-5-sonnet-20241022", true, true, false, false, false),
        ("claude-3-7-sonnet-20250219", true, true, true, false, false),
        ("claude-sonnet-4-20250514", true, true, true, false, false),
        ("claude-opus-4-1-20250805", true, false, true, false, false),
        ("claude-sonnet-4-5", true, false, true, false, false),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", true, false, true, false, false),
        ("claude-opus-4-6", true, false, true, true, false),
        ("claude-opus-4-7", false, false, false, true, false),
        ("claude-sonnet-5", false, false, false, true, true),
        ("claude-haiku-5-5", false, false, false, true, true),
        ("claude-fable-5-1", false, false, false, true, true),
        ("claude-mythos-preview", false, false, false, true, true),
        ("some-other-model-9", true, true, true, false, false),
        ("my-mythos-tune", true, true, true, false, false),
        ("notclaude-5", true, true, true, false, false),
    ];
    for (model, sampling, both, budget, adaptive, thinks) in table {
        let g = Generation::of(model);
        assert_eq!(
            (g.sampling, g.both_samplers, g.budget, g.adaptive, g.thinks),
            (sampling, both, budget, adaptive, thinks),
            "{model}"
        );
    }
}

#[test]
fn tells_what_came_with_a_version() {
    // Name, a known name, thinking can be turned off, a call can be forced, instructions among the
    // messages.
    let table = [
        ("claude-sonnet-4-5", true, true, true, false),
        ("claude-opus-4-7", true, true, true, false),
        ("claude-opus-4-8-20260101", true, true, true, true),
        ("anthropic/claude-opus-4.8", true, true, true, true),
        ("claude-sonnet-5", true, true, true, true),
        ("claude-sonnet-5-5", true, false, false, true),
        ("us.anthropic.claude-opus-5-5-20261001-v1:0", true, false, false, true),
        ("claude-haiku-5-5", true, true, true, true),
        ("claude-fable-5", true, false, true, true),
        ("claude-fable-5-1", true, false, false, true),
        ("claude-mythos-preview", true, false, true, true),
        ("my-finetune", false, true, true, false),
        ("my-claude-tune", false, true, true, false),
    ];
    for (model, known, off, forced, instructions) in table {
        let g = Generation::of(model);
        let found = (g.known, g.off, g.forced, g.instructions);
        assert_eq!(found, (known, off, forced, instructions), "{model}");
    }
}
