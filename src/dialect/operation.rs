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
