//! `tradewind-ledger repair`: what a wrong clock did is undone.
use std::io::{self, Write as _};
use std::process::ExitCode;

use super::{Database, Stop};

/// Undo what a wrong clock did to accounts: say what would be done, or do it with `--apply`.
///
/// What was left of purchases that expired before their time comes back, as entries of their own;
/// holds that would last for years end in time; accounts whose time is ahead go by the clock again.
/// Nothing is taken away and nothing is changed twice. It goes by the database server's clock, or
/// with SQLite by this machine's: see that it is right first.
///
/// Exits with 0 when nothing is to be done or all is done, with 1 when something would be.
///
/// For example: `tradewind-ledger repair --database ledger.db --apply`
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Repair {
    #[command(flatten)]
    database: Database,
    /// Do it.
    #[arg(long)]
    apply: bool,
}

pub(super) async fn run(args: Repair) -> Result<ExitCode, Stop> {
    args.database.check_exists()?;
    let ledger = args.database.open(true).await.map_err(|why| Stop::refused(&why))?;
    let now = ledger.now();
    let repaired = ledger.repair(args.apply).await.map_err(|why| Stop::refused(&why))?;
    ledger.close().await;
    let mut out = io::stdout().lock();
    for (tenant, repairs) in &repaired {
        let (credits, holds, from) = (repairs.credits, repairs.holds, repairs.from);
        // Where the reader has closed the pipe, the exit code still tells the result.
        let _ = writeln!(
            out,
            "{tenant}: {credits} credits back, {holds} holds that end in time, last seen at {from}"
        );
    }
    let found = repaired.len();
    let done = if args.apply { "repaired" } else { "to repair; --apply does it" };
    let _ = writeln!(out, "repair: {found} accounts {done} (by this clock it is {now})");
    Ok(ExitCode::from(u8::from(found > 0 && !args.apply)))
}
