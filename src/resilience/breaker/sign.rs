//! What is told of a model, and what opens its breaker.

/// What one attempt tells of its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It has answered.
    Well,
    /// It has failed; `cut`: after its app had a part of the answer.
    Failed {
        /// Its answer broke.
        cut: bool,
    },
    /// It takes no more, for so many milliseconds where it says so.
    Busy {
        /// How long it asks to be left alone.
        wait_ms: Option<u64>,
    },
    /// Only an operator mends it.
    Gone(OpenedBy),
}

/// What opened a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenedBy {
    /// Failures in a row.
    Failures,
    /// A share of failures.
    Rate,
    /// The provider has said how long to wait.
    Wait,
    /// It takes no more requests, and has not said for how long.
    Limited,
    /// It refuses the gateway's key.
    KeyRefused,
    /// The gateway's account is used up.
    Unpaid,
    /// It does not know the model.
    ModelGone,
    /// The request that was to try it has failed.
    Probe,
}

impl OpenedBy {
    /// Everything that opens one.
    pub const ALL: [Self; 8] = [
        Self::Failures,
        Self::Rate,
        Self::Wait,
        Self::Limited,
        Self::KeyRefused,
        Self::Unpaid,
        Self::ModelGone,
        Self::Probe,
    ];

    /// Its name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Rate => "rate",
            Self::Wait => "wait",
            Self::Limited => "limited",
            Self::KeyRefused => "key_refused",
            Self::Unpaid => "unpaid",
            Self::ModelGone => "model_gone",
            Self::Probe => "probe",
        }
    }

    /// The same for people, of a model.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Failures => "it failed too often in a row",
            Self::Rate => "too large a share of its requests failed",
            Self::Wait => "its provider asked to be left alone that long",
            Self::Limited => "its provider takes no more requests",
            Self::KeyRefused => "its provider refuses the gateway's key",
            Self::Unpaid => "the gateway's account with its provider is used up",
            Self::ModelGone => "its provider does not know it",
            Self::Probe => "it failed when it was tried again",
        }
    }
}
