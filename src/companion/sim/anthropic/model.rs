//! What a model's name says of it.

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
