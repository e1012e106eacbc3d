//! The `tradewind-ledger` command: one file per subcommand, one row each below.
mod adjust;
mod audit;
mod repair;
mod secrets;
mod serve;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::engine::{Ledger, StoreUrl};

/// Credits for AI traffic: held before a request, settled after it.
///
/// Accounts are kept in one SQLite file, or in PostgreSQL when the database is a `postgres://` URL.
#[derive(Debug, Parser)]
#[command(name = "tradewind-ledger", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Adjust(adjust::Adjust),
    Audit(audit::Audit),
    Repair(repair::Repair),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    match Args::parse().command {
        Command::Serve(args) => inside(serve::run(args)),
        Command::Adjust(args) => inside(adjust::run(args)),
        Command::Audit(args) => inside(audit::run(args)),
        Command::Repair(args) => inside(repair::run(args)),
    }
}

/// Runs a command in a runtime of its own.
fn inside(command: impl Future<Output = Result<ExitCode, Stop>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(command),
        Err(why) => Err(Stop::failed(&why)),
    };
    ended.unwrap_or_else(|stop| {
        say(&stop.why);
        stop.code
    })
}

/// Why a command cannot go on, and its exit code.
struct Stop {
    code: ExitCode,
    why: String,
}

impl Stop {
    /// Something is missing or does not work: exit code 1.
    fn failed(why: &impl ToString) -> Self {
        Self { code: ExitCode::FAILURE, why: why.to_string() }
    }

    /// The arguments are wrong, or something cannot be read: exit code 2.
    fn refused(why: &impl ToString) -> Self {
        Self { code: ExitCode::from(2), why: why.to_string() }
    }
}

/// Writes a line to standard error.
fn say(what: &str) {
    // Without standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "tradewind-ledger: {what}");
}

/// Which database.
#[derive(Debug, clap::Args)]
struct Database {
    /// Where accounts are: a file for SQLite, or a postgres:// URL.
    ///
    /// `ledger.db`, `sqlite:ledger.db?synchronous=full` or `postgres://user:password@host/name`.
    /// A file is made when it is not there. With the usual `synchronous=normal`, what was answered
    /// survives a crash of the process, not always a power cut; `full` waits for the disk.
    #[arg(
        long,
        value_name = "FILE|URL",
        env = "DATABASE_URL",
        hide_env_values = true,
        default_value = "ledger.db"
    )]
    database: StoreUrl,
}

impl Database {
    /// Fails where a file is named that does not exist: to open the database would create it.
    fn check_exists(&self) -> Result<(), Stop> {
        match self.database.file().filter(|path| !path.exists()) {
            Some(path) => Err(Stop::refused(&format!("{}: no such file", path.display()))),
            None => Ok(()),
        }
    }

    async fn open(&self, trusts_clock: bool) -> Result<Ledger, String> {
        let opened = Ledger::open(&self.database, trusts_clock).await;
        opened.map_err(|why| format!("cannot open {}: {why}", self.database))
    }
}
