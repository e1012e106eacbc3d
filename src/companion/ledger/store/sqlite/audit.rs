//! Every account of a file, recomputed in one view of it.
use rusqlite::Connection;

use super::rows::{each, rows};
use crate::companion::ledger::store::entry::ENTRIES;
use crate::companion::ledger::store::records::{DRAWS, HOLDS, LOTS, METERS, PURCHASES, TENANTS};
use crate::companion::ledger::store::{Fault, OWNED, strays};
use crate::companion::ledger::view::Audit;
use crate::credit::{Account, Auditor};

pub(super) fn audit(connection: &mut Connection) -> Result<Audit, Fault> {
    // All reads of a transaction see the same state, whatever is written meanwhile.
    let view = connection.transaction()?;
    let mut audit = Audit::default();
    for table in OWNED {
        let mut statement = view.prepare(&strays(table))?;
        let found = statement.query_map([], |row| row.get::<_, String>(0))?;
        for tenant in found {
            audit.stray(table, &tenant?);
        }
    }
    let page = format!("{} WHERE tenant > ? ORDER BY tenant LIMIT 100", TENANTS.select_all());
    let mut after = String::new();
    loop {
        let accounts = rows(&view, &page, [&after], |row| row.account())?;
        let Some(last) = accounts.last() else { break };
        after.clone_from(&last.tenant);
        for account in accounts {
            one(&view, account, &mut audit)?;
        }
    }
    Ok(audit)
}

fn one(view: &Connection, mut account: Account, audit: &mut Audit) -> Result<(), Fault> {
    let tenant = account.tenant.clone();
    let of = |select: String| format!("{select} WHERE tenant = ?");
    for (_, lot) in rows(view, &of(LOTS.select_all()), [&tenant], |row| row.lot())? {
        account.add_lot(lot);
    }
    let mut auditor = Auditor::of(account);
    let sql = of(PURCHASES.select_all());
    each(view, &sql, [&tenant], |row| row.purchase(), |bought| auditor.purchase(bought))?;
    let sql = format!("{} ORDER BY number", of(ENTRIES.select_all()));
    each(
        view,
        &sql,
        [&tenant],
        |row| row.entry(),
        |entry| {
            auditor.entry(&entry);
            audit.entries = audit.entries.saturating_add(1);
        },
    )?;
    each(
        view,
        &of(HOLDS.select_all()),
        [&tenant],
        |row| row.hold(),
        |hold| {
            auditor.hold(&hold);
            audit.holds = audit.holds.saturating_add(1);
        },
    )?;
    let sql = of(DRAWS.select_all());
    each(view, &sql, [&tenant], |row| row.draw(), |draw| auditor.draw(&draw))?;
    let sql = of(METERS.select_all());
    each(view, &sql, [&tenant], |row| row.meter(), |(key, meter)| auditor.meter(&key, meter))?;
    audit.accounts = audit.accounts.saturating_add(1);
    audit.differences.extend(auditor.differences());
    Ok(())
}
