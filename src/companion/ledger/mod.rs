//! The credit service: an HTTP server in front of accounts that a database keeps.
use std::process::ExitCode;

/// Runs the service as the arguments say.
#[must_use]
pub fn run() -> ExitCode {
    ExitCode::FAILURE
}
