//! How an account stands, and what of a request was charged: what commands, answers and records of
//! accounts have in common.
use super::amount::{Balance, Credits};
use crate::usage::Usage;

/// How an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What it has.
    pub balance: Balance,
    /// What of it is not held; below zero, down to the overdraft.
    pub available: Balance,
    /// What was bought last.
    pub last_purchase: Credits,
}

/// What a charge was for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spent {
    /// The model that answered.
    pub model: Option<String>,
    /// How the request ended.
    pub outcome: Option<String>,
    /// What was used.
    pub usage: Usage,
    /// Whether the usage is an estimate.
    pub estimated: bool,
}
