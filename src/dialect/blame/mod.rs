//! Whose fault an error is: the one table of that, for every format.
//!
//! A status says more than a body does. Providers reuse one `type` for everything (Anthropic's and
//! OpenAI's `invalid_request_error`, Gemini's `INVALID_ARGUMENT`), so the words of a body count
//! only where the status leaves a choice: they tell one failure of the operator's from another,
//! under the broad 400 and 422 whether the request, the model or the account is at fault, and under
//! 429 whether it is this request that is too large, or all of them together. Nothing
//! but a 400 or a 422 is every model's to refuse, and of those none that speaks of the account.
mod account;
mod model;
mod oversized;
#[cfg(test)]
mod tests;
mod untaken;

use super::{Fault, FaultKind};
use FaultKind as K;

pub(super) use account::account;
pub(super) use model::speaks_of_a_model;
pub use oversized::is_unaffordable;

/// What a provider said of a failure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'s> {
    /// The HTTP status; `None` for an error inside an answer that began well.
    pub(super) status: Option<u16>,
    /// What its code or its type stands for in its format, or its words there.
    pub(super) words: Option<FaultKind>,
    /// What it says to people.
    pub(super) message: &'s str,
}

impl Said<'_> {
    /// The failure, with the provider's words; what looks like a key in them is gone.
    pub(super) fn fault(self, message: &str, usual: fn(FaultKind) -> u16) -> Fault {
        let kind = self.kind();
        let status = self.status.unwrap_or_else(|| usual(kind));
        Fault::new(kind, super::redact::redact(message)).with_status(status)
    }

    /// What kind of failure it is.
    pub(super) fn kind(self) -> FaultKind {
        let leaves_a_choice = |status| matches!(status, 400 | 422 | 429 | 500..);
        if self.status.is_none_or(leaves_a_choice)
            && let Some(kind) = oversized::oversized(self.message)
        {
            return kind;
        }
        let Some(status) = self.status else {
            return account(self.message).or(self.words).unwrap_or(K::Internal);
        };
        // A word that tells more than the status, where it is one of these.
        let or = |usual: FaultKind, finer: &[FaultKind]| match self.words {
            Some(kind) if finer.contains(&kind) => kind,
            _ => usual,
        };
        let unpaid = || account(self.message) == Some(K::Billing);
        match status {
            401 if unpaid() => K::Billing,
            401 => or(K::Authentication, &[K::Billing]),
            402 => K::Billing,
            403 if unpaid() => K::Billing,
            403 => or(K::Permission, &[K::Billing, K::ModelNotFound]),
            404 => or(K::NotFound, &[K::ModelNotFound]),
            410 => K::ModelNotFound,
            413 => or(K::TooLarge, &[K::ContextLength]),
            429 if unpaid() => K::Billing,
            429 => or(K::RateLimit, &[K::Billing, K::Permission, K::Overloaded]),
            400 | 422 => match account(self.message).or(self.words).unwrap_or(K::InvalidRequest) {
                K::InvalidRequest if untaken::is_untaken(self.message) => K::Unsupported,
                kind => kind,
            },
            500.. => match self.words {
                Some(K::InvalidRequest | K::Unsupported | K::NotFound | K::MethodNotAllowed)
                | None => K::of_status(status),
                Some(kind) => kind,
            },
            _ => match account(self.message) {
                Some(kind) => kind,
                None => or(unusual(status), &[K::Billing, K::Overloaded, K::RateLimit]),
            },
        }
    }
}

/// What a status tells that is neither about the request nor one of the usual ones.
const fn unusual(status: u16) -> FaultKind {
    match status {
        451 => K::Permission,
        498 => K::Overloaded,
        status => match K::of_status(status) {
            K::InvalidRequest => K::Internal,
            kind => kind,
        },
    }
}
