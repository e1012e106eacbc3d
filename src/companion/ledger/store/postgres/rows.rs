//! Rows of PostgreSQL as records, and records as arrays of columns.
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, Row as _};

use crate::companion::ledger::store::StoreError;
use crate::companion::ledger::store::records::{Reader, Row};
use crate::companion::ledger::store::table::{Cell, Kind, Table, Takes};

/// A statement that takes values.
pub(super) type Statement = Query<'static, Postgres, PgArguments>;

/// Reads a record from a row.
pub(super) type Reads<T> = fn(Reader<'_, PgRow>) -> Result<T, StoreError>;

/// Finds the records of some keys.
pub(super) fn by_key(table: &'static Table, keys: Vec<Vec<Cell>>) -> Statement {
    let select = &table.statements(Takes::Arrays).select;
    bind(sqlx::query(AssertSqlSafe(&**select)), table.key_columns(), keys)
}

/// A statement. Values are bound, and never part of its text.
pub(super) fn statement(sql: String) -> Statement {
    sqlx::query(AssertSqlSafe(sql))
}

/// The records that a statement finds.
pub(super) async fn rows<T>(
    connection: &mut PgConnection,
    statement: Statement,
    read: Reads<T>,
) -> Result<Vec<T>, StoreError> {
    let rows = statement.fetch_all(connection).await?;
    rows.iter().map(|row| read(Reader(row))).collect()
}

/// Gives a statement an array for each column.
pub(super) fn bind(
    mut statement: Statement,
    columns: &[(&str, Kind)],
    records: Vec<Vec<Cell>>,
) -> Statement {
    let mut records: Vec<_> = records.into_iter().map(Vec::into_iter).collect();
    for (_, kind) in columns {
        let cells = records.iter_mut().map(Iterator::next);
        statement = match kind {
            Kind::Text => statement.bind(cells.map(text).collect::<Vec<_>>()),
            Kind::Int => statement.bind(cells.map(int).collect::<Vec<_>>()),
        };
    }
    statement
}

fn text(cell: Option<Cell>) -> Option<String> {
    match cell {
        Some(Cell::Text(text)) => text,
        Some(Cell::Int(_)) | None => None,
    }
}

fn int(cell: Option<Cell>) -> Option<i64> {
    match cell {
        Some(Cell::Int(number)) => number,
        Some(Cell::Text(_)) | None => None,
    }
}

impl Row for PgRow {
    fn int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn text(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(self.try_get(column)?)
    }
}

/// Conflicts with another ledger and broken connections may succeed when tried again.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let why = error.to_string();
        let Some(code) = error.as_database_error().and_then(|error| error.code()) else {
            return match error {
                sqlx::Error::Io(_) => Self::Conflict(why),
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => {
                    Self::Refused(why)
                }
                _ => Self::Away(why),
            };
        };
        match &*code {
            // A lock that took too long.
            "55P03" => Self::Locked(why),
            // Serialization, deadlock, the same key, a server that ends.
            "40001" | "40P01" | "23505" | "57P01" | "57P02" => Self::Conflict(why),
            code if ["22", "23", "42"].iter().any(|class| code.starts_with(class)) => {
                Self::Refused(why)
            }
            _ => Self::Away(why),
        }
    }
}
