//! Where callers put what they are known by.
use std::borrow::Cow;

/// The field of an entry that names one.
pub(super) const FIELD: &str = "header";

/// A request header in which a credential is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialHeader {
    /// The header's name, in lower case.
    pub name: Cow<'static, str>,
    /// What an app writes before the credential: `Bearer `, or nothing.
    pub scheme: &'static str,
    /// What stands for the credential where an app is told of this place.
    pub secret: &'static str,
    /// Whether an app that sent no credential is told of this place.
    pub advertised: bool,
}

/// What follows `Bearer `, in any case.
pub(super) fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
}
