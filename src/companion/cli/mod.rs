//! The `tradewind` command: one file per subcommand, one row each below.
mod calibrate;
mod check;
mod collect;
mod label;
mod rehearse;
mod render;
mod report;
mod schema;
mod score;
mod sim;

use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};

use self::rehearse::{diff, explain, test};
use super::policy_file;
use super::render::Checked;
use crate::policy::Policy;

/// The routing layer for AI traffic, inside the Envoy you already run.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Calibrate(calibrate::Calibrate),
    Check(check::Check),
    Collect(collect::Args),
    Diff(diff::Diff),
    Explain(explain::Explain),
    Label(label::Label),
    Render(render::Render),
    Report(report::Report),
    Schema(schema::Schema),
    Score(score::Arguments),
    Sim(sim::Args),
    Test(test::Test),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    match Args::parse().command {
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Collect(args) => collect::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Label(args) => label::run(&args),
        Command::Render(args) => render::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Test(args) => test::run(&args),
    }
}

/// A policy, and the same as the JSON that the module reads.
struct Loaded {
    policy: Policy,
    json: String,
}

impl Loaded {
    fn checked(&self) -> Checked<'_> {
        Checked { policy: &self.policy, json: &self.json }
    }
}

/// Reads a policy; what is wrong with it is one line each.
fn load(path: &Path) -> Result<Loaded, Vec<String>> {
    match policy_file::load(path) {
        Ok((policy, node)) => Ok(Loaded { policy, json: node.to_json() }),
        Err(problems) => Err(problems.iter().map(|problem| problem.in_file(path)).collect()),
    }
}

/// The time, in seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
