//! Reads for the API and the pages, and the alerts to deliver.
use std::collections::{BTreeMap, BTreeSet};

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::rows::{Reads, by_key, rows, statement};
use super::write::Write;
use crate::companion::ledger::store::cells::{alert_view_row, meter_key};
use crate::companion::ledger::store::records::{ALERTS, HOLDS, LOTS, METERS, TENANTS};
use crate::companion::ledger::store::{
    AHEAD, Attempt, EXPIRED, LONG, NEWEST, PROBE, Page, SLACK, SPENT, StoreError, TOO_EARLY, week,
};
use crate::companion::ledger::view::{AlertView, Delivery, SpendRow, TenantView, Webhook};
use crate::credit::{Account, Credits, Entry, Hold, Lot, Moment};

/// A number as a statement takes it.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The server's time.
pub(super) async fn time(connection: &mut PgConnection) -> Result<Moment, StoreError> {
    let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) AS now";
    let found = rows(connection, sqlx::query(sql), |row| row.moment("now")).await?;
    found.first().copied().ok_or_else(|| StoreError::Away("it tells no time".to_owned()))
}

/// The latest moment at which anything happened.
pub(super) async fn newest(connection: &mut PgConnection) -> Result<Option<Moment>, StoreError> {
    let newest: Option<i64> = sqlx::query_scalar(NEWEST).fetch_one(connection).await?;
    Ok(newest.and_then(|newest| u64::try_from(newest).ok()).map(Moment::of_millis))
}

/// Checks that the database can be written.
pub(super) async fn probe(connection: &mut PgConnection, now: Moment) -> Result<(), StoreError> {
    sqlx::query(PROBE).bind(int(now.millis())).execute(connection).await?;
    Ok(())
}

pub(super) async fn tenants(
    connection: &mut PgConnection,
    after: &str,
    limit: u32,
    now: Moment,
) -> Result<Vec<TenantView>, StoreError> {
    let sql = format!("{} WHERE tenant > $1 ORDER BY tenant LIMIT $2", TENANTS.select_all());
    let found = statement(sql).bind(after.to_owned()).bind(i64::from(limit));
    let accounts = rows(connection, found, |row| row.account()).await?;
    views(connection, accounts, now).await
}

pub(super) async fn tenant(
    connection: &mut PgConnection,
    tenant: &str,
    now: Moment,
) -> Result<Option<TenantView>, StoreError> {
    let sql = format!("{} WHERE tenant = $1", TENANTS.select_all());
    let found = statement(sql).bind(tenant.to_owned());
    let accounts = rows(connection, found, |row| row.account()).await?;
    Ok(views(connection, accounts, now).await?.pop())
}

/// Accounts with the figures that are computed from other records.
async fn views(
    connection: &mut PgConnection,
    mut accounts: Vec<Account>,
    now: Moment,
) -> Result<Vec<TenantView>, StoreError> {
    add_lots(connection, &mut accounts).await?;
    let names: Vec<String> = accounts.iter().map(|account| account.tenant.clone()).collect();
    let sql = "SELECT tenant, count(*) AS number FROM holds \
               WHERE tenant = ANY($1) AND state = 'open' GROUP BY tenant";
    let read: Reads<_> = |row| Ok((row.text("tenant")?, row.count("number")?));
    let open = rows(connection, sqlx::query(sql).bind(names.clone()), read).await?;
    let open: BTreeMap<String, u64> = open.into_iter().collect();
    let sql = "SELECT tenant, CAST(sum(spent) AS bigint) AS spent FROM meters \
               WHERE tenant = ANY($1) AND span >= $2 AND span < 'day;' AND label = '' \
               GROUP BY tenant";
    let read: Reads<_> = |row| Ok((row.text("tenant")?, row.sum("spent")?));
    let spent = rows(connection, sqlx::query(sql).bind(names).bind(week(now)), read).await?;
    let spent: BTreeMap<String, Credits> = spent.into_iter().collect();
    let keys = accounts.iter().flat_map(|account| {
        let now = account.latest_at.max(now);
        account.budgets.iter().filter_map(move |budget| budget.meter(&account.tenant, now))
    });
    let keys = keys.map(|key| meter_key(&key));
    let meters = by_key(&METERS, keys.collect());
    let meters: BTreeMap<_, _> =
        rows(connection, meters, |row| row.meter()).await?.into_iter().collect();
    let view = |account: Account| {
        let now = account.latest_at.max(now);
        let meter = |key| meters.get(&key).copied().unwrap_or_default();
        let budgets = account.budgets.iter();
        let budgets = budgets
            .map(|budget| (budget.clone(), budget.meter(&account.tenant, now).map(meter)))
            .collect();
        let open_holds = open.get(&account.tenant).copied().unwrap_or_default();
        let spent_week = spent.get(&account.tenant).copied().unwrap_or_default();
        TenantView { account, open_holds, budgets, spent_week }
    };
    Ok(accounts.into_iter().map(view).collect())
}

/// Gives accounts their lots.
pub(super) async fn add_lots(
    connection: &mut PgConnection,
    accounts: &mut [Account],
) -> Result<(), StoreError> {
    if accounts.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = accounts.iter().map(|account| account.tenant.clone()).collect();
    let sql = format!("{} WHERE tenant = ANY($1)", LOTS.select_all());
    let mut lots: BTreeMap<String, Vec<Lot>> = BTreeMap::new();
    for (tenant, lot) in rows(connection, statement(sql).bind(names), |row| row.lot()).await? {
        lots.entry(tenant).or_default().push(lot);
    }
    for account in accounts {
        for lot in lots.remove(&account.tenant).unwrap_or_default() {
            account.add_lot(lot);
        }
    }
    Ok(())
}

pub(super) async fn hold(
    connection: &mut PgConnection,
    tenant: &str,
    id: &str,
) -> Result<Option<Hold>, StoreError> {
    let sql = format!("{} WHERE tenant = $1 AND id = $2", HOLDS.select_all());
    let found = statement(sql).bind(tenant.to_owned()).bind(id.to_owned());
    Ok(rows(connection, found, |row| row.hold()).await?.pop())
}

pub(super) async fn entries(
    connection: &mut PgConnection,
    tenant: &str,
    page: Page,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let (sql, after) = page.sql();
    let found = statement(sql).bind(tenant.to_owned()).bind(after).bind(i64::from(limit));
    rows(connection, found, |row| row.entry()).await
}

pub(super) async fn alerts(
    connection: &mut PgConnection,
    tenant: Option<&str>,
    limit: u32,
) -> Result<Vec<AlertView>, StoreError> {
    let sql = format!(
        "{} WHERE $1 IS NULL OR tenant = $1 ORDER BY at DESC, tenant, number DESC LIMIT $2",
        ALERTS.select_all()
    );
    let found = statement(sql).bind(tenant.map(str::to_owned)).bind(i64::from(limit));
    rows(connection, found, |row| row.alert()).await
}

pub(super) async fn spend(
    connection: &mut PgConnection,
    tenant: Option<&str>,
    since: &str,
) -> Result<Vec<SpendRow>, StoreError> {
    let sql = SPENT.replace("$2", tenant.map_or("", |_| "AND tenant = $2"));
    let mut found = statement(sql).bind(since.to_owned());
    if let Some(tenant) = tenant {
        found = found.bind(tenant.to_owned());
    }
    rows(connection, found, |row| row.spend()).await
}

pub(super) async fn expired(
    connection: &mut PgConnection,
    now: Moment,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = sqlx::query(EXPIRED).bind(int(now.millis())).bind(limit);
    rows(connection, found, |row| row.text("tenant")).await
}

pub(super) async fn needing_repair(
    connection: &mut PgConnection,
    now: Moment,
) -> Result<Vec<String>, StoreError> {
    let early = statement(TOO_EARLY.replace("OWN", "")).bind(int(now.millis()));
    let early = rows(connection, early, |row| row.lot()).await?;
    let [near, far] = [SLACK, LONG].map(|seconds| int(now.plus_seconds(seconds).millis()));
    let ahead = sqlx::query(AHEAD).bind(near).bind(far);
    let ahead = rows(connection, ahead, |row| row.text("tenant")).await?;
    let found: BTreeSet<String> =
        early.into_iter().map(|(tenant, _)| tenant).chain(ahead).collect();
    Ok(found.into_iter().collect())
}

pub(super) async fn claim(
    connection: &mut PgConnection,
    now: Moment,
    until: Moment,
    limit: u32,
) -> Result<Vec<Webhook>, StoreError> {
    let sql = "SELECT alerts.*, \
               (SELECT webhook FROM tenants WHERE tenants.tenant = alerts.tenant) AS webhook \
               FROM alerts WHERE state = 'pending' AND next_at <= $1 \
               ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED";
    let mut transaction = connection.begin().await?;
    let claim = sqlx::query(sql).bind(int(now.millis())).bind(i64::from(limit));
    let read: Reads<_> = |row| Ok((row.webhook()?, row.alert()?));
    let found = rows(&mut transaction, claim, read).await?;
    let later = |(_, view): &(Webhook, AlertView)| {
        alert_view_row(&view.alert, &Delivery { next_at: until, ..view.delivery.clone() })
    };
    let mut write = Write { connection: &mut transaction };
    write.with(|sql| &sql.update, &ALERTS, found.iter().map(later).collect()).await?;
    transaction.commit().await?;
    Ok(found.into_iter().map(|(webhook, _)| webhook).collect())
}

pub(super) async fn attempted(
    connection: &mut PgConnection,
    tenant: &str,
    number: u64,
    attempt: Attempt,
) -> Result<(), StoreError> {
    let sql = format!(
        "{} WHERE tenant = $1 AND number = $2 AND state = 'pending' FOR UPDATE",
        ALERTS.select_all()
    );
    let mut transaction = connection.begin().await?;
    let find = statement(sql).bind(tenant.to_owned()).bind(int(number));
    let found = rows(&mut transaction, find, |row| row.alert()).await?;
    let done = found.iter().map(|view| alert_view_row(&view.alert, &attempt.after(view)));
    let mut write = Write { connection: &mut transaction };
    write.with(|sql| &sql.update, &ALERTS, done.collect()).await?;
    Ok(transaction.commit().await?)
}
