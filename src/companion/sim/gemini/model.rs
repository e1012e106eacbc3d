//! What a model's name says of it.

/// Whether a model is of the third generation, which has signatures and thinking levels.
pub(super) fn third(model: &str) -> bool {
    model.starts_with("gemini-3")
}
