//! A database from outside: what somebody does to it beside the ledger.
use rusqlite::Connection;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tokio::runtime::{Builder, Runtime};

/// A connection of one's own.
pub(crate) enum Raw {
    Sqlite(Connection),
    Postgres(Runtime, PgConnection),
}

impl Raw {
    /// To the database of a URL.
    pub(crate) fn open(url: &str) -> Self {
        if !url.starts_with("postgres") {
            return Self::Sqlite(Connection::open(url.trim_start_matches("sqlite:")).unwrap());
        }
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(PgConnection::connect(url)).unwrap();
        Self::Postgres(runtime, connection)
    }

    /// Runs statements.
    pub(crate) fn run(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap(),
            Self::Postgres(runtime, connection) => {
                let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
                runtime.block_on(sql.execute(connection)).unwrap();
            }
        }
    }

    /// The first column of what a statement finds; it must be a text.
    pub(crate) fn list(&mut self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.map(Result::unwrap).collect()
            }
            Self::Postgres(runtime, connection) => {
                let sql = sqlx::query(AssertSqlSafe(sql.to_owned()));
                let rows = runtime.block_on(sql.fetch_all(connection)).unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// A table's columns, and whether each holds texts.
    pub(crate) fn columns(&mut self, table: &str) -> Vec<(String, bool)> {
        let sql = match self {
            Self::Sqlite(_) => {
                format!("SELECT name || ' ' || lower(type) FROM pragma_table_info('{table}')")
            }
            Self::Postgres(..) => format!(
                "SELECT column_name || ' ' || data_type FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = '{table}'"
            ),
        };
        let columns = self.list(&sql).into_iter().map(|said| {
            let (name, kind) = said.split_once(' ').unwrap();
            (name.to_owned(), kind == "text")
        });
        columns.collect()
    }
}
