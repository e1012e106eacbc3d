//! What the gateway has made of an app's request.
use super::{Conversation, Entry};

/// A request of which the gateway has found out what it adds to it.
#[derive(Debug)]
pub struct Assembled {
    /// The body with that; `None` where the app's own stays as it is.
    pub body: Option<Vec<u8>>,
    /// The class of the app's own request, by its place in the policy.
    pub(super) class: Option<usize>,
    /// Its arm of the experiment that changes its chain.
    pub(super) arm: Option<(usize, usize)>,
    /// The experiment that copies it, by its place among those of the policy.
    pub(super) shadow: Option<usize>,
    /// Its conversation, where the body that is decided on is another than its app's.
    pub(super) conversation: Option<Conversation>,
    /// How many messages of examples have been added before its own.
    pub(super) examples: usize,
    /// Its class, its arms, and what has added to it.
    pub(super) entries: Vec<Entry>,
}
