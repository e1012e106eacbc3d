//! What a model's name says of it, as Anthropic's pages on its models have it.

/// Families whose fifth generation, like Opus from 4.7 on, is steered by words alone.
const FAMILIES: &[&str] = &["opus", "sonnet", "haiku", "fable", "mythos"];

/// Whether a model takes no sampling parameters and sizes its own thinking.
/// platform.claude.com/docs/en/about-claude/models/whats-new-claude-4-7
pub(super) fn steered(model: &str) -> bool {
    ["opus-4-7", "opus-4-8"].iter().any(|name| model.contains(name))
        || FAMILIES.iter().any(|family| model.contains(&format!("{family}-5")))
}

/// Whether a model takes an assistant message at the end and goes on from there.
pub(super) fn goes_on(model: &str) -> bool {
    !steered(model) && !model.contains("-4-6")
}

/// Whether a model cannot be kept from thinking.
/// platform.claude.com/docs/en/build-with-claude/adaptive-thinking
pub(super) fn always_thinks(model: &str) -> bool {
    ["opus-5-5", "sonnet-5-5", "fable", "mythos"].iter().any(|name| model.contains(name))
}

/// Whether a model cannot be made to call a tool: one that always thinks, from 5.1 on.
/// platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
pub(super) fn calls_freely(model: &str) -> bool {
    always_thinks(model) && ["-5-1", "-5-5"].iter().any(|version| model.contains(version))
}

/// Whether a model takes that effort.
/// platform.claude.com/docs/en/build-with-claude/effort
pub(super) fn takes_effort(model: &str, effort: &str) -> bool {
    let (high, most) = (model.contains("opus-4-5"), model.contains("-4-6"));
    match effort {
        "xhigh" => steered(model),
        "max" => steered(model) || most,
        _ => steered(model) || most || high,
    }
}

/// The most tokens of an answer.
/// platform.claude.com/docs/en/about-claude/models/overview
pub(super) fn most_output(model: &str) -> Option<i64> {
    let rows = [("-3-haiku", 4096), ("-3-5-", 8192), ("opus-4-1", 32_000), ("-4-5", 64_000)];
    rows.iter().find(|(name, _)| model.contains(name)).map(|(_, most)| *most)
}
