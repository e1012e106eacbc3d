//! Writes records, those of a table in one statement.
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::rows::bind;
use crate::companion::ledger::store::StoreError;
use crate::companion::ledger::store::cells::{count, lot_row, text};
use crate::companion::ledger::store::records::LOTS;
use crate::companion::ledger::store::seal::sealed;
use crate::companion::ledger::store::table::{Cell, Statements, Table, Takes};
use crate::credit::{Lot, Written};

/// Writes the records of one table.
pub(super) struct Write<'c> {
    pub(super) connection: &'c mut PgConnection,
}

impl Write<'_> {
    pub(super) async fn with(
        &mut self,
        sql: fn(&Statements) -> &str,
        table: &'static Table,
        records: Vec<Vec<Cell>>,
    ) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let sql = sqlx::query(AssertSqlSafe(sql(table.statements(Takes::Arrays))));
        let records = records.into_iter().map(|record| sealed(table, record)).collect();
        let statement = bind(sql, table.columns, records);
        statement.execute(&mut *self.connection).await?;
        Ok(())
    }

    pub(super) async fn insert(
        &mut self,
        table: &'static Table,
        records: Vec<Vec<Cell>>,
    ) -> Result<(), StoreError> {
        self.with(|sql| &sql.insert, table, records).await
    }

    pub(super) async fn both<R>(
        &mut self,
        table: &'static Table,
        records: &[Written<R>],
        row: fn(&R) -> Vec<Cell>,
    ) -> Result<(), StoreError> {
        let of = |new: bool| {
            let records = records.iter().filter(move |written| written.new == new);
            records.map(|written| row(&written.record)).collect::<Vec<_>>()
        };
        self.insert(table, of(true)).await?;
        self.with(|sql| &sql.update, table, of(false)).await
    }

    pub(super) async fn lots(&mut self, lots: &[Written<(String, Lot)>]) -> Result<(), StoreError> {
        let of = |new: bool, used_up: bool| {
            let is = move |lot: &&Written<(String, Lot)>| {
                lot.new == new && lot.record.1.remaining.is_zero() == used_up
            };
            lots.iter().filter(is).map(|lot| &lot.record)
        };
        let row = |(tenant, lot): &(String, Lot)| lot_row(tenant, lot);
        self.insert(&LOTS, of(true, false).map(row).collect()).await?;
        self.with(|sql| &sql.update, &LOTS, of(false, false).map(row).collect()).await?;
        let key = |(tenant, lot): &(String, Lot)| vec![text(tenant), count(lot.number)];
        let gone: Vec<_> = of(false, true).map(key).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let sql = "DELETE FROM lots USING UNNEST($1::text[], $2::int8[]) AS gone (tenant, number) \
                   WHERE lots.tenant = gone.tenant AND lots.number = gone.number";
        bind(sqlx::query(sql), LOTS.key_columns(), gone).execute(&mut *self.connection).await?;
        Ok(())
    }
}
