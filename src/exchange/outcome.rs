//! What became of an attempt, and what follows: the one table of it.
use super::contract::is_retried;
use crate::dialect::{Fault, FaultKind};
use crate::resilience::OpenedBy;

/// What became of an attempt that did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The request itself is at fault: every model would refuse it.
    Rejected,
    /// The model does not take something of the request that another one may.
    Unsupported,
    /// The request is too long for this model.
    ContextLength,
    /// The request is larger than this provider takes.
    TooLarge,
    /// The request is more than the account at the provider may ask of the model at once, whenever
    /// it comes.
    Oversized,
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
    /// The provider says that it took too long.
    TimedOut,
    /// The provider failed in another way.
    Failed,
    /// No connection to the provider could be made.
    Unreachable,
    /// The provider took the request, and fell silent before it had answered.
    Silent,
    /// The connection ended before the provider had answered.
    Reset,
    /// It answered, and its answer breaks a rule of its cascade.
    NotAccepted,
    /// The provider role refused the request: the plan cannot be read, the model of this attempt is
    /// another provider's, or the body is not the announced one. The gateway is not installed as it
    /// should be, or an update is under way.
    Misconfigured,
}

/// What follows from an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Its name in counters.
    pub name: &'static str,
    /// Whether another model may do better.
    pub fails_over: bool,
    /// Whether it is the account's at which the model was asked: another account of its provider
    /// may serve the same request.
    pub of_account: bool,
    /// For a failure that an operator must mend: what an app is told of it, with 502. The
    /// provider's own status would read as the app's fault, and its words may quote the key or
    /// the account; they go to the log.
    pub public_message: Option<&'static str>,
    /// What it says of the model to whoever is to ask it next.
    pub health: Health,
}

/// What an outcome says of a model, whatever was asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Nothing: it is the request's, or the gateway's.
    Nothing,
    /// It answers.
    Well,
    /// It has failed: others may fail, too.
    Failed,
    /// It takes no more requests for now.
    Busy,
    /// It serves nobody until an operator has acted.
    Gone(OpenedBy),
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 17] = [
        Self::Rejected,
        Self::Unsupported,
        Self::ContextLength,
        Self::TooLarge,
        Self::Oversized,
        Self::ModelGone,
        Self::KeyRefused,
        Self::Unpaid,
        Self::RateLimited,
        Self::Overloaded,
        Self::TimedOut,
        Self::Failed,
        Self::Unreachable,
        Self::Silent,
        Self::Reset,
        Self::NotAccepted,
        Self::Misconfigured,
    ];

    /// Reads what a provider said.
    #[must_use]
    pub const fn of(fault: &Fault) -> Self {
        match fault.kind {
            FaultKind::Unsupported => Self::Unsupported,
            // By this status no provider speaks of what its model takes.
            FaultKind::ContextLength | FaultKind::TooLarge if fault.status == 429 => {
                Self::Oversized
            }
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
            // No other status speaks of what was asked.
            FaultKind::InvalidRequest => match fault.status {
                400 | 404 | 422 => Self::Rejected,
                408 => Self::TimedOut,
                425 | 429 => Self::RateLimited,
                _ => Self::Failed,
            },
        }
    }

    /// The failure as an app is told of it, when no other model is asked: under a status that says
    /// whose it is. A redirect, or a 4xx that is not the app's doing, would be taken for its own.
    #[must_use]
    pub fn public_fault(self, fault: Fault, model: &str) -> Fault {
        let public = self.verdict().public_message;
        let usual = if self == Self::Oversized { fault.kind } else { self.kind() };
        let status = match (self, fault.status) {
            _ if public.is_some() => 502,
            // What is the request's own is repeated by nobody.
            (
                Self::Rejected | Self::Unsupported | Self::ContextLength | Self::TooLarge,
                own @ 400..=499,
            ) if !is_retried(own) => own,
            (Self::RateLimited, own @ (425 | 429))
            | (Self::TimedOut, own @ (408 | 504))
            | (Self::Overloaded | Self::Failed, own @ 500..=599) => own,
            (Self::Failed, _) => 502,
            _ => usual.status(),
        };
        let message = format!("{model}: {}", public.unwrap_or(&fault.message));
        let told = Fault { kind: usual, status, message, ..fault };
        // What an operator must mend says nothing of the request.
        if public.is_some() {
            Fault { param: None, code: None, details: None, ..told }
        } else {
            told
        }
    }

    /// The kind of failure that an app is told.
    const fn kind(self) -> FaultKind {
        match self {
            Self::Rejected => FaultKind::InvalidRequest,
            Self::Unsupported => FaultKind::Unsupported,
            Self::ContextLength => FaultKind::ContextLength,
            Self::TooLarge | Self::Oversized => FaultKind::TooLarge,
            Self::RateLimited => FaultKind::RateLimit,
            Self::Overloaded | Self::Unreachable | Self::Reset | Self::NotAccepted => {
                FaultKind::Overloaded
            }
            Self::TimedOut | Self::Silent => FaultKind::Timeout,
            Self::ModelGone
            | Self::KeyRefused
            | Self::Unpaid
            | Self::Failed
            | Self::Misconfigured => FaultKind::Internal,
        }
    }

    /// Whether the same model is asked at the next account of its provider; `alone` where no other
    /// model is left to ask.
    #[must_use]
    pub const fn asks_next_account(self, alone: bool) -> bool {
        let verdict = self.verdict();
        verdict.of_account || (alone && matches!(verdict.health, Health::Failed))
    }

    /// What follows.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        const GONE: Option<&str> = Some("the provider does not know this model");
        const KEY: Option<&str> = Some("the provider refused the gateway's key");
        const UNPAID: Option<&str> = Some("the gateway's account with the provider is used up");
        let (name, fails_over, of_account, public_message, health) = match self {
            Self::Rejected => ("rejected", false, false, None, Health::Nothing),
            Self::Unsupported => ("unsupported", true, false, None, Health::Nothing),
            Self::ContextLength => ("context_length", true, false, None, Health::Nothing),
            Self::TooLarge => ("too_large", true, false, None, Health::Nothing),
            Self::Oversized => ("oversized", true, true, None, Health::Nothing),
            Self::ModelGone => ("model_gone", true, true, GONE, Health::Gone(OpenedBy::ModelGone)),
            Self::KeyRefused => {
                ("key_refused", true, true, KEY, Health::Gone(OpenedBy::KeyRefused))
            }
            Self::Unpaid => ("unpaid", true, true, UNPAID, Health::Gone(OpenedBy::Unpaid)),
            Self::RateLimited => ("rate_limited", true, true, None, Health::Busy),
            Self::Overloaded => ("overloaded", true, false, None, Health::Failed),
            Self::TimedOut => ("timed_out", true, false, None, Health::Failed),
            Self::Failed => ("failed", true, false, None, Health::Failed),
            Self::Unreachable => ("unreachable", true, true, None, Health::Failed),
            Self::Silent => ("silent", true, false, None, Health::Failed),
            Self::Reset => ("reset", true, false, None, Health::Failed),
            Self::NotAccepted => ("not_accepted", true, false, None, Health::Well),
            Self::Misconfigured => ("misconfigured", false, false, None, Health::Nothing),
        };
        Verdict { name, fails_over, of_account, public_message, health }
    }
}
