//! The `tradewind` command.
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The routing layer for AI traffic, inside the Envoy you already run.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    match Args::parse().command {}
}
