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
    /// What was found of the app's own request.
    pub origin: Origin,
}

/// What was found of an app's own request, and cannot be told by one that asks for the rest of its
/// answer: what was added to it, and what was said, stand in that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Its class, by its name.
    pub class: Option<String>,
    /// Its conversation; `None` where its body tells, and within where nothing
    /// does.
    pub conversation: Option<Conversation>,
    /// How many messages of examples have been added before its own.
    pub examples: usize,
}

/// A conversation by how it begins; `None` where the request has none.
pub type Conversation = Option<Opening>;

/// How a conversation begins, by digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Under this proxy's secret: what is remembered here.
    pub own: u64,
    /// As all proxies know it.
    pub shared: u64,
}
