//! Credits: exact amounts, what tokens cost, and the rules of an account. All arithmetic is in
//! integers, and rounds only where a doc says so.
//!
//! | word | meaning |
//! | --- | --- |
//! | credits | what an organisation buys and a request costs, in millionths |
//! | hold | credits set aside for a request before it runs |
//! | draw | one request's part of a hold that serves many (a lease) |
//! | settlement | the true cost, charged after; what was held beyond it is free again |
//! | lease | a hold of a proxy, of which it serves requests without a call for each |
#![expect(missing_docs, reason = "internal: a field whose name says all has no doc")]
#![deny(clippy::float_arithmetic, clippy::as_conversions, clippy::wildcard_enum_match_arm)]

mod adjustment;
mod alert;
mod amount;
mod audit;
mod book;
mod budget;
mod calendar;
mod command;
mod outcome;
mod price;
mod record;
mod share;
mod standing;
mod tier;
pub mod wire;

pub use adjustment::{Adjust, Adjusted, Adjustment, Change, REASON_MAX, is_reason};
pub use alert::{Alert, AlertRule, ParseThresholdError, Threshold, next_delivery};
pub use amount::{Balance, Credits, ParseCreditsError};
pub use audit::Auditor;
pub use book::{Book, Changes, Wanted, Written};
pub use budget::{
    Budget, ExceededBudget, Labels, Meter, MeterKey, ParseBudgetError, Scope, Selector,
};
pub use calendar::{Moment, ParseWindowError, Period, Window};
pub use command::{
    Answer, Buy, Command, Configure, NewHold, Release, Renew, Repair, Repairs, Settle, SettledPart,
    Sweep,
};
pub use outcome::{Consequence, Outcome};
pub use price::{Price, TokenKind};
pub use record::{Account, Charge, Draw, Entry, Hold, HoldState, Lot, Purchase, Reason};
pub use share::{ParseShareError, Share};
pub use standing::{ChargeDetails, Standing};
pub use tier::{Buying, Deal, Tier, Tiers, TiersError};
