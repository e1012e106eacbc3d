//! A request that goes on with an answer which has broken off.

/// What is left of such a request's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// The chain that it is on, by its name in the policy.
    pub chain: String,
    /// The models of it that come after the one whose answer broke, by their names.
    pub models: Vec<String>,
    /// Tokens that the app has of the answer already, estimated.
    pub said: u64,
}
