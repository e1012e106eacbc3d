//! The credit service: an HTTP server in front of accounts that a database keeps.
mod engine;
mod store;
mod view;

pub use engine::{BATCH_BOUNDS, Clock, Ledger, NotAStore, OpenError, Stats, StoreUrl, Unavailable};
pub use view::{AlertView, Audit, Delivery, DeliveryState, SpendRow, TenantView, Webhook};

use std::process::ExitCode;

/// Runs the service as the arguments say.
#[must_use]
pub fn run() -> ExitCode {
    ExitCode::FAILURE
}
