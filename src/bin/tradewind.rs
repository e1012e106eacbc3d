//! The `tradewind` command.
use std::process::ExitCode;

fn main() -> ExitCode {
    tradewind::companion::cli::run()
}
