//! A call to a service of the operator's, beside the request.

/// A call that Envoy is to make. Several may be open at once, of one purpose or of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What the call's answer is known by.
    pub id: CallId,
    /// The service's cluster in Envoy.
    pub cluster: String,
    /// The `host` header that the service is called with.
    pub authority: String,
    /// The path, with the prefix of the service's endpoint.
    pub path: String,
    /// Headers beside these.
    pub headers: Vec<(String, String)>,
    /// The body, a JSON text.
    pub body: Vec<u8>,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

/// What tells an open call from the others of the same caller; its answer repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallId {
    /// What the call is for, and so who takes the answer.
    pub purpose: Purpose,
    /// The caller's own number for the call; 0 for a call whose answer nobody waits for.
    pub number: u64,
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
    /// Runs a copy of a request.
    Copy,
    /// Tells the operator's collector what was asked and answered.
    Record,
    /// Asks another model for the rest of an answer.
    Resume,
}

impl CallId {
    /// Whether somebody waits for the answer.
    #[must_use]
    pub const fn is_awaited(self) -> bool {
        self.number != 0
    }
}

impl Purpose {
    /// Whether anybody reads what the answer says.
    #[must_use]
    pub const fn reads_answer(self) -> bool {
        matches!(self, Self::Hold | Self::Settlements | Self::Renewals | Self::Resume)
    }

    /// What a log line calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold => "ask the ledger for a hold",
            Self::Settlements => "send settlements to the ledger",
            Self::Renewals => "renew holds at the ledger",
            Self::Copy => "send a copy of a request",
            Self::Record => "send a record to its collector",
            Self::Resume => "ask for the rest of an answer",
        }
    }
}
