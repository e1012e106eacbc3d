//! The `tradewind` command.
mod render;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::dialect;
use crate::policy::{Policy, Vocabulary};

/// The routing layer for AI traffic, inside the Envoy you already run.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Render(render::Render),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    match Args::parse().command {
        Command::Render(args) => render::run(&args),
    }
}

/// A policy, and the same as the JSON that the module reads.
struct Loaded {
    policy: Policy,
    json: String,
}

/// Reads a policy; what is wrong with it is one line each.
fn load(path: &Path) -> Result<Loaded, Vec<String>> {
    let json = fs::read_to_string(path)
        .map_err(|error| vec![format!("`{}` cannot be read: {error}", path.display())])?;
    let dialects: Vec<&str> = dialect::ALL.iter().map(|dialect| dialect.name).collect();
    match Policy::from_json(json.as_bytes(), Vocabulary { dialects: &dialects }) {
        Ok(policy) => Ok(Loaded { policy, json }),
        Err(problems) => {
            Err(problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect())
        }
    }
}
