//! Every account of a server, recomputed in one view of it.
use sqlx::postgres::{PgConnection, PgPool};

use super::rows::{Reads, rows, statement};
use super::views::add_lots;
use crate::companion::ledger::store::entry::ENTRIES;
use crate::companion::ledger::store::records::{DRAWS, HOLDS, METERS, PURCHASES, TENANTS};
use crate::companion::ledger::store::table::Table;
use crate::companion::ledger::store::{Fault, OWNED, strays};
use crate::companion::ledger::view::Audit;
use crate::credit::{Account, Auditor};

/// All reads see the same state, whatever is written meanwhile.
const VIEW: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// Records that are read at a time: an account may have any number of them.
const PAGE: usize = 5_000;

pub(super) async fn audit(pool: &PgPool) -> Result<Audit, Fault> {
    let mut view = pool.begin_with(VIEW).await?;
    sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *view).await?;
    let mut audit = Audit::default();
    for table in OWNED {
        let found = rows(&mut view, statement(strays(table)), |row| row.text("tenant")).await?;
        found.iter().for_each(|tenant| audit.stray(table, tenant));
    }
    let page = format!("{} WHERE tenant > $1 ORDER BY tenant LIMIT 100", TENANTS.select_all());
    let mut after = String::new();
    loop {
        let found = statement(page.clone()).bind(after.clone());
        let mut accounts = rows(&mut view, found, |row| row.account()).await?;
        let Some(last) = accounts.last() else { break };
        after.clone_from(&last.tenant);
        add_lots(&mut view, &mut accounts).await?;
        for account in accounts {
            one(&mut view, account, &mut audit).await?;
        }
    }
    Ok(audit)
}

async fn one(view: &mut PgConnection, account: Account, audit: &mut Audit) -> Result<(), Fault> {
    // A cursor takes no values. Names have no other character that ends a text.
    let tenant = format!("'{}'", account.tenant.replace('\'', "''"));
    let of = |table: &Table| format!("{} WHERE tenant = {tenant}", table.select_all());
    let mut auditor = Auditor::of(account);
    let sql = of(&PURCHASES);
    each(view, &sql, |row| row.purchase(), |purchase| auditor.purchase(purchase)).await?;
    let sql = format!("{} ORDER BY number", of(&ENTRIES));
    each(
        view,
        &sql,
        |row| row.entry(),
        |entry| {
            auditor.entry(&entry);
            audit.entries = audit.entries.saturating_add(1);
        },
    )
    .await?;
    each(
        view,
        &of(&HOLDS),
        |row| row.hold(),
        |hold| {
            auditor.hold(&hold);
            audit.holds = audit.holds.saturating_add(1);
        },
    )
    .await?;
    each(view, &of(&DRAWS), |row| row.draw(), |draw| auditor.draw(&draw)).await?;
    let sql = of(&METERS);
    each(view, &sql, |row| row.meter(), |(key, meter)| auditor.meter(&key, meter)).await?;
    audit.accounts = audit.accounts.saturating_add(1);
    audit.differences.extend(auditor.differences());
    Ok(())
}

/// The records that a statement finds, a page at a time.
async fn each<T>(
    view: &mut PgConnection,
    sql: &str,
    read: Reads<T>,
    mut see: impl FnMut(T),
) -> Result<(), Fault> {
    statement(format!("DECLARE page NO SCROLL CURSOR FOR {sql}")).execute(&mut *view).await?;
    loop {
        let fetch = statement(format!("FETCH {PAGE} FROM page"));
        let found = rows(view, fetch.persistent(false), read).await?;
        let last = found.len() < PAGE;
        found.into_iter().for_each(&mut see);
        if last {
            break;
        }
    }
    sqlx::query("CLOSE page").execute(&mut *view).await?;
    Ok(())
}
