//! The `tradewind-ledger` service.
use std::process::ExitCode;

fn main() -> ExitCode {
    tradewind::companion::ledger::run()
}
