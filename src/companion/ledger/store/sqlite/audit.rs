//! Every account of a file, recomputed in one view of it.
use std::path::Path;

use rusqlite::Connection;

use super::open::{Mode, open};
use super::rows::{Reads, each, rows};
use crate::companion::ledger::store::adjustment::ADJUSTMENTS;
use crate::companion::ledger::store::entry::ENTRIES;
use crate::companion::ledger::store::pass::{Pass, TOGETHER};
use crate::companion::ledger::store::records::{
    ALERTS, DRAWS, HOLDS, LOTS, METERS, PURCHASES, TENANTS, TIERS,
};
use crate::companion::ledger::store::seal::Found;
use crate::companion::ledger::store::table::Table;
use crate::companion::ledger::store::{OWNED, StoreError, schema, strays};
use crate::companion::ledger::view::Audit;

/// The same of a file that nothing else is done to: it is only read.
pub(super) fn audit_file(path: &Path) -> Result<Audit, StoreError> {
    let mut connection = open(path, Mode::Read)?;
    let version = connection.query_row(schema::VERSION, [], |row| row.get(0))?;
    schema::current(version).map_err(StoreError::Refused)?;
    audit(&mut connection)
}

pub(super) fn audit(connection: &mut Connection) -> Result<Audit, StoreError> {
    // All reads of a transaction see the same state, whatever is written meanwhile.
    let view = connection.transaction()?;
    let mut pass = Pass::default();
    for table in OWNED {
        let mut statement = view.prepare(&strays(table))?;
        let found = statement.query_map([], |row| row.get::<_, String>(0))?;
        for tenant in found {
            pass.audit.stray(table, &tenant?);
        }
    }
    for tier in rows(&view, &TIERS.select_all(), [], |row| row.found(&TIERS, |row| row.tier()))? {
        pass.intact(&tier);
    }
    let page =
        format!("{} WHERE tenant > ? ORDER BY tenant LIMIT {TOGETHER}", TENANTS.select_all());
    let mut after = String::new();
    loop {
        let found = rows(&view, &page, [&after], |row| row.found(&TENANTS, |row| row.account()))?;
        let Some(range) = pass.accounts(found) else { break };
        some(&view, &range, &mut pass)?;
        pass.done();
        after = range.1;
    }
    Ok(pass.audit)
}

fn some(view: &Connection, range: &(String, String), pass: &mut Pass) -> Result<(), StoreError> {
    let look = Look { view, range };
    look.at(&LOTS, |row| row.found(&LOTS, |row| row.lot()), |found| pass.lot(found))?;
    let read: Reads<_> = |row| row.found(&PURCHASES, |row| row.purchase());
    look.at(&PURCHASES, read, |found| pass.purchase(found))?;
    let read: Reads<_> = |row| row.found(&ADJUSTMENTS, |row| row.adjustment());
    look.at(&ADJUSTMENTS, read, |found| pass.adjustment(found))?;
    look.at(&ENTRIES, |row| row.found(&ENTRIES, |row| row.entry()), |found| pass.entry(found))?;
    look.at(&HOLDS, |row| row.found(&HOLDS, |row| row.hold()), |found| pass.hold(found))?;
    look.at(&DRAWS, |row| row.found(&DRAWS, |row| row.draw()), |found| pass.draw(found))?;
    look.at(&METERS, |row| row.found(&METERS, |row| row.meter()), |found| pass.meter(found))?;
    look.at(&ALERTS, |row| row.found(&ALERTS, |row| row.alert()), |found| pass.alert(found))
}

/// The rows of some accounts, in the order of their keys.
struct Look<'v> {
    view: &'v Connection,
    range: &'v (String, String),
}

impl Look<'_> {
    fn at<T>(
        &self,
        table: &Table,
        read: Reads<Found<T>>,
        see: impl FnMut(Found<T>),
    ) -> Result<(), StoreError> {
        let (after, last) = self.range;
        each(self.view, &table.select_range("?1", "?2"), [after, last], read, see)
    }
}
