//! The rules of accounts: what a command does to the records that it is about.
use super::calendar::Moment;
use super::command::{Answer, Command};
use super::outcome::Outcome;

/// The part of a ledger that some commands are about.
#[derive(Debug, Default)]
pub struct Book;

impl Book {
    /// Does what a command asks.
    pub fn apply(&mut self, _command: &Command, _now: Moment) -> Answer {
        Answer::only(Outcome::UnknownTenant)
    }
}
