//! Credits on a request's way: its worst cost is held before it runs, its true cost is settled
//! after, however it ends.
//!
//! A hold is one call to the ledger, or a part of a lease that this proxy holds already. While the
//! ledger is away a request runs without one where the policy says so, and is charged later.
mod away;
mod bill;
mod lease;
mod outbox;
mod payer;
mod pending;
mod refusal;
mod reservation;
mod reserve;
mod settle;
mod tenant;

pub(super) use away::ledger_state;
pub use outbox::Outboxes;
pub(super) use payer::Payer;
pub(super) use pending::{Next, PendingHold};
pub(super) use reservation::Reservation;
pub(super) use reserve::begin;
pub(super) use settle::settle;

use super::{Host, Ledger};
use crate::policy::Standing;

/// How a tenant's account stands, as this proxy last heard; `None` where it has not heard of it.
pub(super) fn standing(ledger: &Ledger, tenant: &str, host: &dyn Host) -> Option<Standing> {
    tenant::TenantRecord::standing(host, ledger, tenant)
}
