//! Why a ledger cannot be opened, or does not answer.
use core::fmt;

use crate::companion::ledger::store::Fault;

/// Why a ledger did not answer. What was asked is not done, or not known to be: asked again with
/// the same id it is done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// Too much waits already.
    Busy,
    /// It is being closed.
    Closing,
    /// That account does not answer soon: somebody else may keep it locked.
    Late,
    /// The database is away, full or refuses.
    Database(String),
}

/// Why a ledger cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenError(pub(super) String);

impl From<Fault> for Unavailable {
    fn from(fault: Fault) -> Self {
        Self::Database(fault.to_string())
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("too much is waiting"),
            Self::Closing => f.write_str("the ledger is closing"),
            Self::Late => f.write_str("the account does not answer soon: it may be locked"),
            Self::Database(why) => write!(f, "the database is not available: {why}"),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
