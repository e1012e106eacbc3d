//! What a model may use of a request: what is held for it, and beyond what no report is believed.

/// The most that one model may use of a request, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Input tokens, the context windows included that a provider's own tools may read.
    pub input: u64,
    /// Output of all answers.
    pub output: u64,
    /// Input tokens of what the model is sent, as estimated from the text: what is charged where
    /// its provider reports none.
    pub estimate: u64,
}
