//! What a model's name says of it, as OpenAI's guide on reasoning models has it.
//! platform.openai.com/docs/guides/reasoning

/// Whether a model reasons.
pub(super) fn reasons(model: &str) -> bool {
    ["o1", "o3", "o4", "gpt-5", "gpt-6"].iter().any(|start| model.starts_with(start))
        && !model.contains("-chat")
}

/// Whether a model is of the o series.
pub(super) fn is_o(model: &str) -> bool {
    ["o1", "o3", "o4"].iter().any(|start| model.starts_with(start))
}

/// The version of a GPT.
fn version(model: &str) -> (u32, u32) {
    let name = model.strip_prefix("gpt-").unwrap_or_default().split('-').next().unwrap_or_default();
    let (major, minor) = name.split_once('.').unwrap_or((name, "0"));
    (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
}

/// How much a model reasons when nothing is said of it.
pub(super) fn usual_effort(model: &str) -> &'static str {
    if ((5, 1)..=(5, 4)).contains(&version(model)) { "none" } else { "medium" }
}

/// Whether a model takes that effort.
pub(super) fn takes_effort(model: &str, effort: &str) -> bool {
    let version = version(model);
    match effort {
        "none" => version >= (5, 1),
        "minimal" => version == (5, 0),
        "xhigh" => version >= (5, 2),
        "max" => version >= (5, 6),
        _ => true,
    }
}

/// Whether a model calls functions here only while it does not reason.
pub(super) fn reasons_or_calls(model: &str) -> bool {
    version(model) >= (5, 4)
}

/// The most tokens of an answer.
/// platform.openai.com/docs/models
pub(super) fn most_output(model: &str) -> Option<u64> {
    let rows = [("gpt-4o", 16_384), ("gpt-4.1", 32_768), ("gpt-5", 128_000), ("o3", 100_000)];
    rows.iter().find(|(start, _)| model.starts_with(start)).map(|(_, most)| *most)
}
