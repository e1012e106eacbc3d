//! A call to a service of the operator's, beside the request.

/// A call that Envoy is to make. Several may be open at once: what is answered says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The caller's own number for the call, which its answer repeats; 0 for a call whose answer
    /// nobody waits for.
    pub id: u64,
    /// What the call is for.
    pub purpose: Purpose,
    /// The service's cluster.
    pub cluster: String,
    /// The `host` header.
    pub authority: String,
    /// The path.
    pub path: String,
    /// A JSON text.
    pub body: Vec<u8>,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Sets credits aside for a request or a lease.
    Hold,
    /// Charges what has run.
    Settlements,
    /// Keeps the holds of running streams.
    Renewals,
}

impl Purpose {
    /// What a log line calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold => "ask the ledger for a hold",
            Self::Settlements => "send settlements to the ledger",
            Self::Renewals => "renew holds at the ledger",
        }
    }
}
