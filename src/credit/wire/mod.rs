//! The ledger's contract as both of its sides speak it: what a proxy sends, what a ledger answers.
//!
//! Amounts are exact decimals in strings. A number is read as well, by its digits: it never passes
//! through a double. Fields that a side does not know are an error to the ledger, so that a slip
//! is not lost, and nothing to the proxy, so that a ledger may say more.
mod fields;
mod hold;
mod renewal;
mod settlement;

pub use fields::{FieldError, Fields};
pub use hold::{HoldReply, HoldRequest};
pub use renewal::{Renewal, Renewed};
pub use settlement::{
    FLAGS_MAX, LeaseDraw, PARTS_MAX, Settled, Settlement, SettlementPart, UNAVAILABLE, counts,
};

use crate::json::Writer;

/// The path that holds are POSTed to.
pub const HOLDS: &str = "/v1/holds";
/// The path that settlements are POSTed to.
pub const SETTLEMENTS: &str = "/v1/settlements";
/// The path that renewals are POSTed to.
pub const RENEWALS: &str = "/v1/renewals";
/// Most settlements, or renewals, of one batch.
pub const BATCH_MAX: usize = 1000;
/// Longest id, name or label, in bytes.
pub const NAME_MAX: usize = 128;
/// Longest life of a hold, in seconds: a day.
pub const EXPIRES_MAX: u64 = 86_400;

fn write_optional(key: &str, value: Option<&str>, w: &mut Writer) {
    if let Some(value) = value {
        w.key(key).string(value);
    }
}

/// What is not so is not said.
fn write_flag(key: &str, so: bool, w: &mut Writer) {
    if so {
        w.key(key).boolean(true);
    }
}
