//! Why a ledger cannot be opened, or does not answer.
use core::fmt;

use crate::companion::ledger::store::StoreError;

/// Why a ledger did not answer. Whether the command was carried out is not known: sent again with
/// the same id it is carried out once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// Too many commands are waiting.
    Busy,
    /// The ledger is being closed.
    Closing,
    /// The account did not answer in time: somebody else may keep it locked.
    Late,
    /// The database cannot be reached, is full or refuses; the text says why.
    Database(String),
}

/// Why a ledger cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenError(pub(super) String);

impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        Self::Database(error.to_string())
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
