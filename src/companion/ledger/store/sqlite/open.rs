//! Connections to a file, with the settings that the ledger needs.
use core::time::Duration;
use std::path::Path;
use std::thread::sleep;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::companion::ledger::store::{StoreError, schema};

/// How long a statement waits for another process that writes.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Pages of the log after which a writer moves them itself: 64 MiB.
const LOG_MAX: i64 = 16_384;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Write {
        /// Whether an answer waits for the disk.
        durable: bool,
    },
    Read,
}

/// Opens a file that is there, at our version.
pub(super) fn open(path: &Path, mode: Mode) -> Result<Connection, StoreError> {
    let access = match mode {
        Mode::Write { .. } => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Mode::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let mut connection =
        Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    set_up(&mut connection, mode)?;
    Ok(connection)
}

/// Makes the file where it is missing, and brings its tables up to date.
pub(super) fn create(path: &Path, mode: Mode) -> Result<Connection, String> {
    let mut connection = Connection::open(path).map_err(|error| error.to_string())?;
    prepare(&mut connection, mode)?;
    Ok(connection)
}

/// Brings the tables of a new connection up to date.
pub(super) fn prepare(connection: &mut Connection, mode: Mode) -> Result<(), String> {
    set_up(connection, mode).map_err(|error| error.to_string())?;
    migrate(connection)
}

fn set_up(connection: &mut Connection, mode: Mode) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    if let Mode::Write { durable } = mode {
        write_ahead(connection)?;
        let synchronous = if durable { "full" } else { "normal" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_MAX)?;
        connection.pragma_update(None, "journal_size_limit", 67_108_864)?;
    }
    Ok(())
}

/// Several that start at once get in each other's way here, and SQLite does not wait by itself.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    for _ in 0..50 {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                sleep(Duration::from_millis(100));
            }
            result => return Ok(result?),
        }
    }
    Err(StoreError::Away("another process keeps the file locked".to_owned()))
}

fn migrate(connection: &mut Connection) -> Result<(), String> {
    let said = |error: rusqlite::Error| error.to_string();
    let behavior = TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(behavior).map_err(said)?;
    transaction.execute_batch(schema::VERSIONS).map_err(said)?;
    let version: i64 =
        transaction.query_row(schema::VERSION, [], |row| row.get(0)).map_err(said)?;
    for migration in schema::missing(version)? {
        transaction.execute_batch(migration.sqlite).map_err(said)?;
        let insert = "INSERT INTO schema_version (version) VALUES (?)";
        transaction.execute(insert, [migration.version]).map_err(said)?;
    }
    transaction.commit().map_err(said)
}
