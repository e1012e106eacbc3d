//! `tradewind-ledger audit`: every balance again, from its entries.
use std::io::{self, Write as _};
use std::process::ExitCode;

use super::{Database, Stop};

/// Recompute every balance, hold, lot and budget from the entries, and list what differs.
///
/// Exits with 0 when nothing does, with 1 when something does, and with 2 when the database cannot
/// be read. It changes nothing, and may run while the ledger serves.
///
/// For example: `tradewind-ledger audit --database ledger.db`
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Audit {
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: Audit) -> Result<ExitCode, Stop> {
    // To audit a file that is not there would make it.
    if let Some(path) = args.database.database.file()
        && !path.exists()
    {
        return Err(Stop::refused(&format!("{}: no such file", path.display())));
    }
    let ledger = args.database.open().await.map_err(|why| Stop::refused(&why))?;
    let audit = ledger.audit().await.map_err(|why| Stop::refused(&why))?;
    ledger.close().await;
    let mut out = io::stdout().lock();
    for difference in &audit.differences {
        // Whoever closes the pipe has read enough; the exit code still says how it went.
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
