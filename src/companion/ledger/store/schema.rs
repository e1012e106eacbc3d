//! Migrations: forward only, each in one transaction with its number.

/// One step: its statements in both databases.
pub(super) struct Migration {
    pub(super) version: i64,
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

/// All steps in their order.
pub(super) const ALL: &[Migration] = &[Migration {
    version: 1,
    sqlite: include_str!("../schema/0001_accounts.sqlite.sql"),
    postgres: include_str!("../schema/0001_accounts.postgres.sql"),
}];

/// The table of the steps that a database has made.
pub(super) const VERSIONS: &str =
    "CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL PRIMARY KEY)";

/// The last step that a database has made; 0 for none.
pub(super) const VERSION: &str = "SELECT coalesce(max(version), 0) FROM schema_version";

/// Whether a database is at this program's version.
///
/// # Errors
/// When the database is behind this program's version, or ahead of it.
pub(super) fn current(version: i64) -> Result<(), String> {
    match missing(version)?.next() {
        Some(_) => {
            Err(format!("the database is at version {version}: start the ledger on it first"))
        }
        None => Ok(()),
    }
}

/// The steps that a database at that version still has to make.
///
/// # Errors
/// When the database is ahead of this program.
pub(super) fn missing(version: i64) -> Result<impl Iterator<Item = &'static Migration>, String> {
    let newest = ALL.last().map_or(0, |migration| migration.version);
    if version > newest {
        return Err(format!(
            "the database is at version {version}, this program knows {newest}: it is too old"
        ));
    }
    Ok(ALL.iter().filter(move |migration| migration.version > version))
}
