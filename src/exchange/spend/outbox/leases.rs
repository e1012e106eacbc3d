//! Leases that this worker has taken: each is ended when its time is over.
use std::rc::Rc;

use super::super::super::{Ledger, OutboxItem};
use super::super::lease::LeaseRecord;
use super::super::settle;
use crate::resilience::Records;

/// The leases of one ledger.
#[derive(Debug, Default)]
pub(super) struct Leases {
    list: Vec<Lease>,
}

/// A lease, as [`super::Item::Lease`] told of it.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) payer: String,
    pub(super) tenant: String,
    pub(super) id: String,
    pub(super) until_ms: u64,
}

impl Leases {
    pub(super) fn push(&mut self, lease: Lease) {
        self.list.push(lease);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Ends those whose time is over by then; what was left of them is to be given back.
    pub(super) fn end(
        &mut self,
        until_ms: u64,
        ledger: &Rc<Ledger>,
        records: Records<'_>,
    ) -> Vec<OutboxItem> {
        let over = self.list.extract_if(.., |lease| lease.until_ms <= until_ms);
        let left = over.filter_map(|lease| {
            let left = LeaseRecord::end(records, &lease.payer, &lease.id)?;
            let lease = (lease.tenant.as_str(), lease.id.as_str());
            (!left.is_zero()).then(|| settle::returned(ledger, lease, left))
        });
        left.collect()
    }
}
