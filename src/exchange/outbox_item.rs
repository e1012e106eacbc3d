//! What a request leaves to its worker, delivered after it, whatever becomes of its policy.
use std::rc::Rc;

use super::ledger::Ledger;
use crate::credit::Credits;

/// Something that is done after the request, or goes on after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// The ledger that it is for.
    pub ledger: Rc<Ledger>,
    /// What is to be done.
    pub item: Item,
}

/// What is to be done for a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A settlement is delivered.
    Settlement {
        /// One item of a batch.
        json: Vec<u8>,
        /// What it takes from a tenant's grace once the ledger has it.
        owed: Option<(String, Credits)>,
    },
    /// A lease that this worker has taken is ended in time.
    Lease {
        /// Whose account it is in, by the name of its record.
        payer: String,
        /// Who pays.
        tenant: String,
        /// Its hold.
        id: String,
        /// When it ends, by the proxy's clock in milliseconds.
        until_ms: u64,
    },
    /// A hold is renewed while a request runs on it: its own, or a lease's.
    Opened {
        /// Who pays.
        tenant: String,
        /// The hold.
        id: String,
        /// When it expires, by the proxy's clock in milliseconds.
        expires_ms: u64,
        /// For how many seconds it is renewed.
        seconds: u64,
    },
    /// The request on a hold is over.
    Closed {
        /// The hold.
        id: String,
    },
}
