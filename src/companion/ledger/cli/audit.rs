//! `tradewind-ledger audit`: every balance again, from its entries.
use std::io::{self, Write as _};
use std::process::ExitCode;

use super::{Database, Stop};
use crate::companion::ledger::engine::Ledger;

/// Recompute every balance, hold, lot and budget from the entries, and list what differs; and every
/// row that was changed by another hand than the ledger's.
///
/// Exits with 0 when nothing does, with 1 when something does, and with 2 when the database cannot
/// be read. It only reads, and may run while the ledger serves.
///
/// For example: `tradewind-ledger audit --database ledger.db`
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Audit {
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: Audit) -> Result<ExitCode, Stop> {
    args.database.check_exists()?;
    let place = &args.database.database;
    let audit = Ledger::audit_of(place).await;
    let audit = audit.map_err(|why| Stop::refused(&format!("cannot read {place}: {why}")))?;
    let mut out = io::stdout().lock();
    for difference in &audit.differences {
        // Where the reader has closed the pipe, the exit code still tells the result.
        let _ = writeln!(out, "{difference}");
    }
    let found = match audit.differences.len() {
        0 => "no differences".to_owned(),
        1 => "1 difference".to_owned(),
        many => format!("{many} differences"),
    };
    let (accounts, entries, holds) = (audit.accounts, audit.entries, audit.holds);
    let _ = writeln!(out, "audit: {found} ({accounts} accounts, {entries} entries, {holds} holds)");
    Ok(ExitCode::from(u8::from(!audit.differences.is_empty())))
}
