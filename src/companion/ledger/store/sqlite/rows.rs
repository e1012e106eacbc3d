//! Rows of SQLite as records.
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ErrorCode, Params, ToSql, params_from_iter};

use crate::companion::ledger::store::StoreError;
use crate::companion::ledger::store::records::{Reader, Row};
use crate::companion::ledger::store::table::{Cell, Table, Takes};

/// Reads a record from a row.
pub(super) type Reads<T> = fn(Reader<'_, rusqlite::Row<'_>>) -> Result<T, StoreError>;

/// The record of a key.
pub(super) fn one<T, K: ToSql>(
    connection: &Connection,
    table: &Table,
    key: impl IntoIterator<Item = K>,
    read: Reads<T>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(&table.statements(Takes::One).select)?;
    let mut rows = statement.query(params_from_iter(key))?;
    rows.next()?.map(|row| read(Reader(row))).transpose()
}

/// The records that a statement finds.
pub(super) fn rows<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: Reads<T>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    each(connection, sql, params, read, |record| found.push(record))?;
    Ok(found)
}

/// The same, one after the other.
pub(super) fn each<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: Reads<T>,
    mut see: impl FnMut(T),
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        see(read(Reader(row))?);
    }
    Ok(())
}

impl Row for rusqlite::Row<'_> {
    fn int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        Ok(self.get(column)?)
    }

    fn text(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(self.get(column)?)
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Text(Some(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Int(Some(number)) => ToSqlOutput::Owned(Value::Integer(*number)),
            Self::Text(None) | Self::Int(None) => ToSqlOutput::Owned(Value::Null),
        })
    }
}

/// A file that is locked is soon free; one that is full, gone or broken is away.
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Conflict(why),
            Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
            | None => Self::Refused(why),
            Some(_) => Self::Away(why),
        }
    }
}
