//! Seals: a digest in each row of the rest of it, so that a change by another hand is seen, also
//! where nothing else depends on what was changed. It is no signature: who knows how can renew it.
use sha2::{Digest as _, Sha256};

use super::Fault;
use super::records::{Reader, Row};
use super::table::{Cell, Kind, Table};

/// The column of seals: the last of a table that has them.
pub(super) const SEAL: &str = "seal";

/// A row as an audit finds it.
#[derive(Debug)]
pub(super) struct Found<T> {
    /// Its table and key, for people.
    pub(super) name: String,
    /// Its tenant; for what is nobody's, its key.
    pub(super) tenant: String,
    /// Whether it is as it was written.
    pub(super) intact: bool,
    /// What it says; none where that is nothing that a ledger writes.
    pub(super) record: Option<T>,
}

/// The seal of a row without one.
pub(super) fn seal(table: &Table, row: &[Cell]) -> i64 {
    let mut digest = Sha256::new();
    digest.update(table.name.as_bytes());
    for cell in row {
        match cell {
            Cell::Int(None) => digest.update([0]),
            Cell::Int(Some(number)) => {
                digest.update([1]);
                digest.update(number.to_be_bytes());
            }
            Cell::Text(None) => digest.update([2]),
            Cell::Text(Some(text)) => {
                digest.update([3]);
                digest.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
                digest.update(text.as_bytes());
            }
        }
    }
    let digest = digest.finalize();
    let head = digest.iter().take(8);
    head.fold(0_i64, |sum, byte| sum.wrapping_shl(8) | i64::from(*byte))
}

/// A row with its seal, where its table has them.
pub(super) fn sealed(table: &Table, mut row: Vec<Cell>) -> Vec<Cell> {
    if table.columns.last().is_some_and(|(name, _)| *name == SEAL) {
        row.push(Cell::Int(Some(seal(table, &row))));
    }
    row
}

impl<R: Row> Reader<'_, R> {
    /// A row, and whether it is as it was written.
    pub(super) fn found<T>(
        &self,
        table: &Table,
        read: fn(&Self) -> Result<T, Fault>,
    ) -> Result<Found<T>, Fault> {
        let mut row = Vec::new();
        for (column, kind) in table.columns.iter().filter(|(name, _)| *name != SEAL) {
            row.push(match kind {
                Kind::Text => Cell::Text(self.0.text(column)?),
                Kind::Int => Cell::Int(self.0.int(column)?),
            });
        }
        let key: Vec<String> = row.iter().take(table.key_columns().len()).map(said).collect();
        Ok(Found {
            name: format!("{} {}", table.name, key.join(" ")),
            tenant: key.first().cloned().unwrap_or_default(),
            intact: self.0.int(SEAL)? == Some(seal(table, &row)),
            record: read(self).ok(),
        })
    }
}

fn said(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone().unwrap_or_default(),
        Cell::Int(number) => number.map_or_else(String::new, |number| number.to_string()),
    }
}
