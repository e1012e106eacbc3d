//! Who calls: the tenant that pays, found by the key an app sends.

/// One way to be known; the first of a policy that matches counts.
#[derive(Debug, Clone)]
pub enum Identity {
    /// `api_key`: by a key whose digest the policy lists.
    ApiKey {
        /// The one header to look in; none for the three that the SDKs use.
        header: Option<String>,
        /// The keys.
        keys: Vec<ApiKey>,
    },
    /// `anonymous`: everybody, whatever they send.
    Anonymous(Tenant),
}

/// A key that a policy lists.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The SHA-256 digest of the key.
    pub sha256: [u8; 32],
    /// Whose it is.
    pub tenant: Tenant,
}

/// Who pays, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The organisation.
    pub tenant: String,
    /// A person or a program of it.
    pub user: Option<String>,
}
