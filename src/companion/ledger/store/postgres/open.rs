//! Connections to a server, with the settings that the ledger needs.
use core::str::FromStr as _;
use core::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection as _, Executor as _};

use super::rows::statement;
use super::views;
use crate::companion::ledger::store::{StoreError, schema};
use crate::credit::Moment;

/// How long a command waits for a connection to the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The settings of every connection: no statement may run, and no transaction stay open, for longer
/// than a batch, or wait long for a lock.
const SESSION: &str = "SET statement_timeout = '10s'; SET lock_timeout = '300ms'; \
                       SET idle_in_transaction_session_timeout = '15s'; SET timezone = 'UTC'";

/// For the writer, which finds every row by its key: the statistics of a new table could suggest
/// another plan.
const BY_KEY: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; \
                      SET enable_mergejoin = off";

/// The advisory lock that a ledger holds while it creates tables: `tradewin` in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8390876139571603822)";

/// Reads a URL.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, String> {
    let options = PgConnectOptions::from_str(url).map_err(|error| error.to_string())?;
    Ok(options.application_name("tradewind-ledger"))
}

/// Connections that write, or that read.
pub(super) fn pool(options: &PgConnectOptions, size: u32, writes: bool) -> PgPool {
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(CONNECT_TIMEOUT)
        // A batch that finds its connection broken is tried again on another; a view is not.
        .test_before_acquire(!writes)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(SESSION).await?;
                if writes {
                    connection.execute(BY_KEY).await?;
                }
                Ok(())
            })
        })
        .connect_lazy_with(options.clone())
}

/// Brings the tables up to date; ledgers that start at once do so one after the other. Gives the
/// server's time, and the latest moment in the database.
pub(super) async fn migrate(
    options: &PgConnectOptions,
) -> Result<(Moment, Option<Moment>), String> {
    let said = |error: sqlx::Error| error.to_string();
    let mut connection = PgConnection::connect_with(options).await.map_err(said)?;
    let mut transaction = connection.begin().await.map_err(said)?;
    transaction.execute(LOCK).await.map_err(said)?;
    let version = version(&mut transaction).await.map_err(said)?;
    for migration in schema::missing(version)? {
        transaction.execute(sqlx::raw_sql(migration.postgres)).await.map_err(said)?;
        let insert = "INSERT INTO schema_version (version) VALUES ($1)";
        let insert = sqlx::query(insert).bind(migration.version);
        insert.execute(&mut *transaction).await.map_err(said)?;
    }
    transaction.commit().await.map_err(said)?;
    let error = |error: StoreError| error.to_string();
    let newest = views::newest(&mut connection).await.map_err(error)?;
    let now = views::time(&mut connection).await.map_err(error)?;
    connection.close().await.map_err(said)?;
    Ok((now, newest))
}

/// Creates no table that exists: a ledger may run without the right to create any.
async fn version(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let there = "SELECT to_regclass('schema_version') IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(there).fetch_one(&mut *connection).await? {
        statement(schema::VERSIONS.to_owned()).execute(&mut *connection).await?;
    }
    sqlx::query_scalar(schema::VERSION).fetch_one(connection).await
}
