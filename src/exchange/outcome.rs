//! What became of an attempt, and what follows: the one table of it.
use crate::dialect::{Fault, FaultKind};

/// What became of an attempt that did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The request itself is at fault: every model would refuse it.
    Rejected,
    /// The request is too long for this model.
    ContextLength,
    /// The request is larger than this provider takes.
    TooLarge,
    /// The provider does not know the model: retired, or misspelt in the policy.
    ModelGone,
    /// The provider refused its key: the operator must act.
    KeyRefused,
    /// The provider's account has no money left: the operator must act.
    Unpaid,
    /// Too many requests.
    RateLimited,
    /// The provider has no capacity.
    Overloaded,
    /// The provider took too long.
    TimedOut,
    /// The provider failed in another way.
    Failed,
}

/// What follows from an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Its name in counters.
    pub name: &'static str,
    /// Whether another model may do better.
    pub fails_over: bool,
    /// Whether an operator has to be woken.
    pub loud: bool,
    /// The status an app gets in the place of the provider's, when no model is left: for
    /// failures that the app's own SDK would misread as the app's.
    pub status: Option<u16>,
}

impl Outcome {
    /// Reads what a provider said.
    #[must_use]
    pub const fn of(fault: &Fault) -> Self {
        match fault.kind {
            FaultKind::ContextLength => Self::ContextLength,
            FaultKind::TooLarge => Self::TooLarge,
            FaultKind::ModelNotFound | FaultKind::NotFound | FaultKind::MethodNotAllowed => {
                Self::ModelGone
            }
            FaultKind::Authentication | FaultKind::Permission => Self::KeyRefused,
            FaultKind::Billing => Self::Unpaid,
            FaultKind::RateLimit => Self::RateLimited,
            FaultKind::Overloaded => Self::Overloaded,
            FaultKind::Timeout => Self::TimedOut,
            FaultKind::Internal => Self::Failed,
            FaultKind::InvalidRequest => match fault.status {
                408 => Self::TimedOut,
                425 | 429 => Self::RateLimited,
                500.. => Self::Failed,
                _ => Self::Rejected,
            },
        }
    }

    /// What follows.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        let (name, fails_over, loud, status) = match self {
            Self::Rejected => ("rejected", false, false, None),
            Self::ContextLength => ("context_length", true, false, None),
            Self::TooLarge => ("too_large", true, false, None),
            Self::ModelGone => ("model_gone", true, true, Some(502)),
            Self::KeyRefused => ("key_refused", true, true, Some(502)),
            Self::Unpaid => ("unpaid", true, true, Some(502)),
            Self::RateLimited => ("rate_limited", true, false, None),
            Self::Overloaded => ("overloaded", true, false, None),
            Self::TimedOut => ("timed_out", true, false, None),
            Self::Failed => ("failed", true, false, None),
        };
        Verdict { name, fails_over, loud, status }
    }
}
