//! Every account of a server, recomputed in one view of it.
use sqlx::Connection as _;
use sqlx::postgres::{PgConnection, PgPool};

use super::open;
use super::rows::{Reads, rows, statement};
use crate::companion::ledger::store::adjustment::ADJUSTMENTS;
use crate::companion::ledger::store::entry::ENTRIES;
use crate::companion::ledger::store::pass::{Pass, TOGETHER};
use crate::companion::ledger::store::records::{
    ALERTS, DRAWS, HOLDS, LOTS, METERS, PURCHASES, TENANTS, TIERS,
};
use crate::companion::ledger::store::table::Table;
use crate::companion::ledger::store::{OWNED, StoreError, schema, strays};
use crate::companion::ledger::view::Audit;

/// All reads see the same state, whatever is written meanwhile.
const VIEW: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// Records that are read at a time: an account may have any number of them.
const PAGE: usize = 5_000;

/// The same of a server that nothing else is done to: it is only read.
pub(super) async fn audit_server(url: &str) -> Result<Audit, StoreError> {
    let options = open::options(url).map_err(StoreError::Away)?;
    let mut connection = PgConnection::connect_with(&options).await?;
    let version = sqlx::query_scalar(schema::VERSION).fetch_one(&mut connection).await?;
    schema::current(version).map_err(StoreError::Refused)?;
    let found = view(&mut connection).await;
    connection.close().await?;
    found
}

pub(super) async fn audit(pool: &PgPool) -> Result<Audit, StoreError> {
    view(&mut *pool.acquire().await?).await
}

async fn view(connection: &mut PgConnection) -> Result<Audit, StoreError> {
    let mut view = connection.begin_with(VIEW).await?;
    sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *view).await?;
    let mut pass = Pass::default();
    for table in OWNED {
        let found = rows(&mut view, statement(strays(table)), |row| row.text("tenant")).await?;
        found.iter().for_each(|tenant| pass.audit.stray(table, tenant));
    }
    let tiers = statement(TIERS.select_all());
    for tier in rows(&mut view, tiers, |row| row.found(&TIERS, |row| row.tier())).await? {
        pass.intact(&tier);
    }
    // Some accounts at a time are found by their keys, however the planner would like to look.
    sqlx::query("SET LOCAL enable_seqscan = off").execute(&mut *view).await?;
    let page =
        format!("{} WHERE tenant > $1 ORDER BY tenant LIMIT {TOGETHER}", TENANTS.select_all());
    let mut after = String::new();
    loop {
        let found = statement(page.clone()).bind(after.clone());
        let read: Reads<_> = |row| row.found(&TENANTS, |row| row.account());
        let found = rows(&mut view, found, read).await?;
        let Some(range) = pass.accounts(found) else { break };
        some(&mut view, &range, &mut pass).await?;
        pass.done();
        after = range.1;
    }
    view.rollback().await?;
    Ok(pass.audit)
}

async fn some(
    view: &mut PgConnection,
    range: &(String, String),
    pass: &mut Pass,
) -> Result<(), StoreError> {
    let mut look = Look { view, range };
    let read: Reads<_> = |row| row.found(&LOTS, |row| row.lot());
    look.at(&LOTS, read, |found| pass.lot(found)).await?;
    let read: Reads<_> = |row| row.found(&PURCHASES, |row| row.purchase());
    look.at(&PURCHASES, read, |found| pass.purchase(found)).await?;
    let read: Reads<_> = |row| row.found(&ADJUSTMENTS, |row| row.adjustment());
    look.at(&ADJUSTMENTS, read, |found| pass.adjustment(found)).await?;
    let read: Reads<_> = |row| row.found(&ENTRIES, |row| row.entry());
    look.at(&ENTRIES, read, |found| pass.entry(found)).await?;
    let read: Reads<_> = |row| row.found(&HOLDS, |row| row.hold());
    look.at(&HOLDS, read, |found| pass.hold(found)).await?;
    let read: Reads<_> = |row| row.found(&DRAWS, |row| row.draw());
    look.at(&DRAWS, read, |found| pass.draw(found)).await?;
    let read: Reads<_> = |row| row.found(&METERS, |row| row.meter());
    look.at(&METERS, read, |found| pass.meter(found)).await?;
    let read: Reads<_> = |row| row.found(&ALERTS, |row| row.alert());
    look.at(&ALERTS, read, |found| pass.alert(found)).await
}

/// The rows of some accounts, in the order of their keys.
struct Look<'v> {
    view: &'v mut PgConnection,
    range: &'v (String, String),
}

impl Look<'_> {
    /// The rows of a table, a page at a time.
    async fn at<T>(
        &mut self,
        table: &Table,
        read: Reads<T>,
        mut see: impl FnMut(T),
    ) -> Result<(), StoreError> {
        // A cursor takes no values. Names have no other character that ends a text.
        let quoted = |name: &str| format!("'{}'", name.replace('\'', "''"));
        let (after, last) = self.range;
        let sql = table.select_range(&quoted(after), &quoted(last));
        let declare = format!("DECLARE page NO SCROLL CURSOR FOR {sql}");
        statement(declare).persistent(false).execute(&mut *self.view).await?;
        loop {
            let fetch = statement(format!("FETCH {PAGE} FROM page"));
            let found = rows(self.view, fetch.persistent(false), read).await?;
            let last = found.len() < PAGE;
            found.into_iter().for_each(&mut see);
            if last {
                break;
            }
        }
        sqlx::query("CLOSE page").execute(&mut *self.view).await?;
        Ok(())
    }
}
