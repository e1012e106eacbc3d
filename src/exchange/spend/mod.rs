//! Credits on a request's way: its worst cost is held before it runs, its true cost is settled
//! after, however it ends.
//!
//! A hold is one call to the ledger, or a part of a lease that this proxy holds already. While the
//! ledger is away a request runs without one where the policy says so, and is charged later.
mod account;
mod away;
mod bill;
mod hold;
mod ledger;
mod left;
mod outbox;
mod refusal;
mod settle;
mod speed;
mod tenant;
mod used;

pub(super) use bill::Ending;
pub(super) use hold::{Asking, Step, begin};
pub use ledger::{Call, Ledger};
pub(super) use left::By;
pub use outbox::{Kept, Note, Outboxes};
pub(super) use settle::{abandon, settle};
pub(super) use used::believed;

use std::rc::Rc;

use self::account::Account;
use super::{Effect, Envoy};
use crate::credit::Credits;
use crate::policy::Tenant;

/// Who pays for a request, and on whose behalf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payer {
    pub(super) tenant: String,
    pub(super) user: Option<String>,
    pub(super) key: Option<String>,
}

impl Payer {
    pub(super) fn of(tenant: &Tenant) -> Self {
        let Tenant { tenant, user, key } = tenant.clone();
        Self { tenant, user, key }
    }

    /// One text for all three: budgets may bind each, so each has leases of its own.
    fn name(&self, ledger: &Ledger) -> String {
        let label = |label: &Option<String>| label.clone().unwrap_or_default();
        let all = format!("{}\u{1f}{}\u{1f}{}", self.tenant, label(&self.user), label(&self.key));
        ledger.name(&all)
    }
}

/// One way to serve a request, and what that may cost.
#[derive(Debug)]
pub(super) struct Choice {
    /// The plan, written.
    pub(super) plan: Vec<u8>,
    /// The models to try, in order.
    pub(super) chain: Vec<String>,
    /// What each of them may use.
    pub(super) limits: Rc<[LegLimits]>,
    /// The most that the dearest of them may cost.
    pub(super) worst: Credits,
    /// Of a chain for those who have little left, what it is called.
    pub(super) near_limit: Option<String>,
}

/// The most that one model may use of a request, where credits are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LegLimits {
    /// The model, by its name in the policy.
    pub(super) model: String,
    /// Input tokens, at worst.
    pub(super) input_max: u64,
    /// Output tokens of all its answers.
    pub(super) output_max: u64,
}

/// How a request may be served.
#[derive(Debug)]
pub(super) struct Bid {
    /// As the route says.
    pub(super) usual: Choice,
    /// For those who have little left.
    pub(super) cheap: Option<Choice>,
    pub(super) payer: Payer,
    pub(super) size: Size,
}

/// What is known of a request itself, for an answer whose provider reports no usage.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    /// Its input tokens, estimated.
    pub(super) input_tokens: u64,
    /// Its images.
    pub(super) images: u64,
    /// Answers that it asks for at once; 0 as good as 1.
    pub(super) choices: u64,
    /// Whether its answer is streamed.
    pub(super) streamed: bool,
}

/// A request that may run: what was set aside for it and where. It must be settled.
#[derive(Debug)]
#[must_use]
pub(super) struct Spent {
    /// The request's own id, which no other request has.
    id: String,
    ledger: Rc<Ledger>,
    payer: Payer,
    source: Source,
    held: Credits,
    limits: Rc<[LegLimits]>,
    size: Size,
    /// The chain for those who have little left, where it serves the request.
    near_limit: Option<String>,
}

impl Spent {
    /// The chain for those who have little left, where it serves the request.
    pub(super) fn near_limit(&self) -> Option<&str> {
        self.near_limit.as_deref()
    }

    /// The hold that it runs on, where it does: its own, or a lease.
    fn hold(&self) -> Option<&str> {
        match &self.source {
            Source::Hold => Some(&self.id),
            Source::Lease(lease) => Some(lease),
            Source::Nowhere | Source::Grace => None,
        }
    }

    /// Gives back to a lease what this request reserved of it and did not need; whether the lease
    /// is still there.
    fn give_back(&self, envoy: &dyn Envoy, lease: &str, credits: Credits) -> bool {
        Account::give_back(envoy, &self.payer.name(&self.ledger), lease, credits)
    }

    fn note(&self, kept: Kept) -> Effect {
        Effect::Keep(Note { ledger: Rc::clone(&self.ledger), kept })
    }

    /// It runs: its hold, which expires at that time, is renewed until it is over.
    fn opened(&self, expires_ms: u64, seconds: u64) -> Option<Effect> {
        let (tenant, id) = (self.payer.tenant.clone(), self.hold()?.to_owned());
        Some(self.note(Kept::Opened { tenant, id, expires_ms, seconds }))
    }

    /// It is over: its hold is renewed no more.
    pub(super) fn closed(&self) -> Option<Effect> {
        Some(self.note(Kept::Closed { id: self.hold()?.to_owned() }))
    }
}

/// Where a request's credits are set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// In a hold of its own, which has the request's id.
    Hold,
    /// In a lease of this proxy.
    Lease(String),
    /// Nowhere: the ledger was away.
    Nowhere,
    /// Nowhere, and they count against the tenant's grace.
    Grace,
}
