//! Credits: exact amounts, what tokens cost, and the rules of an account. Integers only: nothing
//! here rounds but where it says so, and nothing is lost or made.
//!
//! | word | meaning |
//! | --- | --- |
//! | credits | what an organisation buys and a request costs, in millionths |
//! | hold | credits set aside for a request before it runs |
//! | draw | one request's part of a hold that serves many (a lease) |
//! | settlement | the true cost, charged after; what was held beyond it is free again |
//! | lease | a hold of a proxy, of which it serves requests without a call for each |
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
pub use alert::{Alarm, Alert, NotAThreshold, Threshold, retry};
pub use amount::{Balance, Credits, NotCredits};
pub use audit::Auditor;
pub use book::{Book, Changes, Wanted, Written};
pub use budget::{Budget, Exceeded, Labels, Meter, MeterKey, Name, NotABudget, Scope};
pub use calendar::{Moment, NotAWindow, Per, Window};
pub use command::{
    Answer, Buy, Command, Configure, NewHold, Release, Renew, Repair, Repairs, Settle, SettledPart,
    Sweep,
};
pub use outcome::{Consequence, Outcome};
pub use price::{Part, Price};
pub use record::{Account, Charge, Draw, Entry, Hold, HoldState, Lot, Purchase, Reason};
pub use share::{NotAShare, Share};
pub use standing::{Spent, Standing};
pub use tier::{Buying, Deal, NotTiers, Tier, Tiers};
