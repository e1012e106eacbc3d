//! What an app may ask for.

/// One kind of request, whatever its format. The order here is the one in which an unknown path is
/// answered with those that exist.
///
/// Each client has a row of paths by operation ([`super::client::Endpoint`]), each provider another
/// ([`super::provider::Endpoint`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// An answer to a conversation, by a model.
    Chat,
    /// The names that an app may put in `model`. The gateway answers this from its policy.
    ListModels,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 2] = [Self::Chat, Self::ListModels];

    /// The operation's name in a plan.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::ListModels => "list_models",
        }
    }

    /// The operation of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}
