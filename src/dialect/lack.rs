//! What a dialect cannot say.
use core::fmt;
use std::borrow::Cow;

/// The path of a field in the app's own dialect: `logit_bias`, `messages[0].name`.
pub type Field = Cow<'static, str>;

/// A field of a request that a provider's dialect cannot carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// The field, as the app wrote it.
    pub field: Field,
    /// Why not: "is not offered by this provider", "must be at most 1 there".
    pub why: &'static str,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.why)
    }
}
