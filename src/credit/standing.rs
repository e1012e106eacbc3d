//! An account's balance at a moment, and what a charge was for: parts of commands, answers and
//! records alike.
use super::amount::{Balance, Credits};
use crate::usage::Usage;

/// What an account has, without its lots and settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub balance: Balance,
    /// The balance without what is held; negative down to the overdraft.
    pub available: Balance,
    /// The credits of the last purchase.
    pub last_purchase: Credits,
}

/// What a charge was for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChargeDetails {
    /// The model that answered.
    pub model: Option<String>,
    /// How the request ended.
    pub outcome: Option<String>,
    pub usage: Usage,
    /// Whether the usage is an estimate.
    pub estimated: bool,
}
