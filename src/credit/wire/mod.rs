//! The ledger's messages, for both sides: what a proxy sends, and what a ledger answers.
//!
//! Amounts are exact decimals in strings. A JSON number is accepted too, and read by its digits,
//! never as a double. A ledger refuses fields that it does not know, so that a typing error is
//! noticed; a proxy ignores them, so that a ledger may answer more.
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

/// The path to POST a hold to.
pub const HOLDS: &str = "/v1/holds";
/// The path to POST a batch of settlements to.
pub const SETTLEMENTS: &str = "/v1/settlements";
/// The path to POST a batch of renewals to.
pub const RENEWALS: &str = "/v1/renewals";
/// Most settlements, or renewals, of one batch.
pub const BATCH_MAX: usize = 1000;
/// Longest id, name or label, in bytes.
pub const NAME_MAX: usize = 128;
/// The longest that a hold may last, in seconds: a day.
pub const EXPIRES_MAX: u64 = 86_400;

fn write_optional(key: &str, value: Option<&str>, w: &mut Writer) {
    if let Some(value) = value {
        w.key(key).string(value);
    }
}

/// Writes a flag only where it is `true`.
fn write_flag(key: &str, so: bool, w: &mut Writer) {
    if so {
        w.key(key).boolean(true);
    }
}
