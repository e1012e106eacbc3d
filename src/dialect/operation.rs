//! What an app may ask for.

/// One kind of request, whatever its format. Each client lists those that apps may ask for
/// ([`super::client::Endpoint`]), each provider those that its models serve
/// ([`super::provider::Endpoint`]). Operations are the same when they have the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The operation's name, in a plan and in what an app is told of it.
    pub name: &'static str,
}

impl Operation {
    /// An answer to a conversation.
    pub const CHAT: Self = Self { name: "chat" };
    /// How many tokens a conversation has.
    pub const COUNT_TOKENS: Self = Self { name: "count_tokens" };
    /// What an app thinks of an answer that it had.
    pub const FEEDBACK: Self = Self { name: "feedback" };
    /// The names that an app may put in `model`.
    pub const LIST_MODELS: Self = Self { name: "list_models" };
    /// One of them.
    pub const SHOW_MODEL: Self = Self { name: "show_model" };
}
