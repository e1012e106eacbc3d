//! Seals: each row has a digest of its other columns, so that an audit finds a change by hand, even
//! of a column that no other record depends on. A seal is no signature: anybody can compute it.
use sha2::{Digest as _, Sha256};

use super::StoreError;
use super::records::{Reader, Row};
use super::table::{Cell, Kind, Table};

/// The column of seals: the last one of a table that has it.
pub(super) const SEAL: &str = "seal";

/// A row that an audit reads.
#[derive(Debug)]
pub(super) struct Found<T> {
    /// The row's table and key, for messages.
    pub(super) name: String,
    /// The row's tenant; its key where the row belongs to no tenant.
    pub(super) tenant: String,
    /// Whether the seal fits the row.
    pub(super) intact: bool,
    /// The record; `None` where no ledger would have written this row.
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
    /// A row, and whether its seal fits.
    pub(super) fn found<T>(
        &self,
        table: &Table,
        read: fn(&Self) -> Result<T, StoreError>,
    ) -> Result<Found<T>, StoreError> {
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
