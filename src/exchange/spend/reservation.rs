//! Credits that are set aside for a request that may run.
use std::rc::Rc;

use super::super::{Effect, Item, Ledger, OutboxItem, Report};
use super::Payer;
use super::lease::LeaseRecord;
use crate::credit::{Credits, Price};
use crate::decide::{Bounds, Candidate, Leg, Size};
use crate::policy::{OnAbandoned, Provider, parted};
use crate::resilience::Records;

/// A request that may run: what was set aside for it and where. It must be settled.
#[derive(Debug)]
#[must_use]
pub(in super::super) struct Reservation {
    /// The request's own id, which no other request has.
    pub(super) id: String,
    pub(super) ledger: Rc<Ledger>,
    pub(super) payer: Payer,
    pub(super) source: Source,
    /// How the request is served; at most its cost is set aside.
    pub(super) candidate: Candidate,
    pub(super) size: Size,
    /// The model whose answer is given again, where somebody has had it before: that is what is
    /// paid for, and no model is asked.
    pub(super) again: Option<String>,
    /// Whether it is served by the chain for those who have little left.
    pub(super) is_near_limit: bool,
    /// Whether what the tenant has left decides how later requests are served.
    pub(super) follows_balance: bool,
    /// What its app pays where it leaves before the provider has said what was used.
    pub(super) on_abandoned: OnAbandoned,
}

/// Where a request's credits are set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// In a hold of its own, which has the request's id.
    Hold,
    /// In a lease of this proxy.
    Lease(String),
    /// Nowhere: the ledger was away.
    Nowhere,
    /// Nowhere, and they count against the tenant's grace.
    Grace,
}

impl Source {
    /// Its name in the log.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Lease(_) => "lease",
            Self::Nowhere => "nowhere",
            Self::Grace => "grace",
        }
    }
}

impl Reservation {
    /// How the request is served.
    pub(in super::super) const fn candidate(&self) -> &Candidate {
        &self.candidate
    }

    /// The chain for those who have little left, where it serves the request.
    pub(in super::super) fn near_limit(&self) -> Option<&str> {
        self.is_near_limit.then_some(self.candidate.chain.as_str())
    }

    /// What is paid for is an answer of that model's that is given again.
    pub(in super::super) fn pays_for_answer_of(&mut self, model: &str) {
        self.again = Some(model.to_owned());
    }

    /// How much is set aside.
    pub(super) const fn held(&self) -> Credits {
        self.candidate.max_cost
    }

    /// The bounds of a model that may serve the request, and the model's price.
    pub(super) fn leg(&self, model: &str) -> Option<(Bounds, Option<Price>)> {
        // At every account of its provider it has the same.
        let is_own = |leg: &&Leg| parted(&leg.model.name).0 == model;
        let leg = self.candidate.legs.iter().find(is_own)?;
        Some((leg.bounds?, leg.model.price))
    }

    /// The account at which an attempt was made, where that has a budget.
    pub(super) fn account(&self, report: &Report) -> Option<&Provider> {
        let mut legs = self.candidate.legs.iter();
        let leg =
            legs.find(|leg| leg.model.provider.budget.is_some() && report.is_of(&leg.model.name));
        leg.map(|leg| &*leg.model.provider)
    }

    /// The hold that the request runs on, where there is one: its own, or a lease.
    fn hold(&self) -> Option<&str> {
        match &self.source {
            Source::Hold => Some(&self.id),
            Source::Lease(lease) => Some(lease),
            Source::Nowhere | Source::Grace => None,
        }
    }

    /// Gives back to a lease what this request reserved of it and did not need; whether the lease
    /// is still there.
    pub(super) fn give_back(&self, records: Records<'_>, lease: &str, credits: Credits) -> bool {
        LeaseRecord::give_back(records, &self.payer.name(&self.ledger), lease, credits)
    }

    fn queue(&self, item: Item) -> Effect {
        Effect::Queue(OutboxItem { ledger: Rc::clone(&self.ledger), item })
    }

    /// The request runs: its hold, which expires at that time, is renewed until it is over.
    pub(super) fn opened(&self, expires_ms: u64, seconds: u64) -> Option<Effect> {
        let (tenant, id) = (self.payer.tenant.clone(), self.hold()?.to_owned());
        Some(self.queue(Item::Opened { tenant, id, expires_ms, seconds }))
    }

    /// The request is over: its hold is renewed no more.
    pub(super) fn closed(&self) -> Option<Effect> {
        Some(self.queue(Item::Closed { id: self.hold()?.to_owned() }))
    }
}
