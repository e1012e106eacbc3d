//! Reads for the API and the pages, and the alerts to deliver.
use core::time::Duration;
use std::collections::BTreeSet;

use rusqlite::{Connection, TransactionBehavior, params, params_from_iter};

use super::open::BUSY;
use super::rows::{Reads, one, rows};
use crate::companion::ledger::store::cells::{alert_view_row, count, meter_key, moment, text};
use crate::companion::ledger::store::records::{ALERTS, HOLDS, LOTS, METERS, TENANTS};
use crate::companion::ledger::store::seal::sealed;
use crate::companion::ledger::store::table::Takes;
use crate::companion::ledger::store::{
    AHEAD, Attempt, EXPIRED, LONG, NEWEST, PROBE, Page, SLACK, SPENT, StoreError, TOO_EARLY, week,
};
use crate::companion::ledger::view::{
    AlertView, Delivery, DeliveryState, SpendRow, TenantView, Webhook,
};
use crate::credit::{Account, Entry, Hold, Moment};

/// How long a check of the database waits for another process that writes.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// The latest moment at which anything happened.
pub(super) fn newest(connection: &Connection) -> Result<Option<Moment>, StoreError> {
    let newest: Option<i64> = connection.query_row(NEWEST, [], |row| row.get(0))?;
    Ok(newest.and_then(|newest| u64::try_from(newest).ok()).map(Moment::of_millis))
}

/// Checks that the database can be written, without a long wait for another writer.
pub(super) fn probe(connection: &Connection, now: Moment) -> Result<(), StoreError> {
    connection.busy_timeout(PROBE_WAIT)?;
    let probed = connection.execute(PROBE, [moment(now)]);
    connection.busy_timeout(BUSY)?;
    Ok(probed.map(drop)?)
}

pub(super) fn tenants(
    connection: &Connection,
    after: &str,
    limit: u32,
    now: Moment,
) -> Result<Vec<TenantView>, StoreError> {
    let sql = format!("{} WHERE tenant > ? ORDER BY tenant LIMIT ?", TENANTS.select_all());
    let accounts = rows(connection, &sql, params![after, limit], |row| row.account())?;
    accounts.into_iter().map(|account| view(connection, account, now)).collect()
}

pub(super) fn tenant(
    connection: &Connection,
    tenant: &str,
    now: Moment,
) -> Result<Option<TenantView>, StoreError> {
    let account = one(connection, &TENANTS, [tenant], |row| row.account())?;
    account.map(|account| view(connection, account, now)).transpose()
}

fn view(
    connection: &Connection,
    mut account: Account,
    now: Moment,
) -> Result<TenantView, StoreError> {
    let sql = format!("{} WHERE tenant = ?", LOTS.select_all());
    for (_, lot) in rows(connection, &sql, [&account.tenant], |row| row.lot())? {
        account.add_lot(lot);
    }
    let sql = "SELECT count(*) FROM holds WHERE tenant = ? AND state = 'open'";
    let mut statement = connection.prepare_cached(sql)?;
    let open_holds: i64 = statement.query_row([&account.tenant], |row| row.get(0))?;
    let mut budgets = Vec::new();
    for budget in &account.budgets {
        let meter = match budget.meter(&account.tenant, account.latest_at.max(now)) {
            Some(key) => {
                let kept = one(connection, &METERS, meter_key(&key), |row| row.meter())?;
                Some(kept.map(|(_, meter)| meter).unwrap_or_default())
            }
            None => None,
        };
        budgets.push((budget.clone(), meter));
    }
    let sql = "SELECT coalesce(sum(spent), 0) AS spent FROM meters \
               WHERE tenant = ? AND span >= ? AND span < 'day;' AND label = ''";
    let spent = rows(connection, sql, [&account.tenant, &week(now)], |row| row.sum("spent"))?;
    let spent_week = spent.first().copied().unwrap_or_default();
    let open_holds = u64::try_from(open_holds).unwrap_or(0);
    Ok(TenantView { account, open_holds, budgets, spent_week })
}

pub(super) fn hold(
    connection: &Connection,
    tenant: &str,
    id: &str,
) -> Result<Option<Hold>, StoreError> {
    one(connection, &HOLDS, [tenant, id], |row| row.hold())
}

pub(super) fn entries(
    connection: &Connection,
    tenant: &str,
    page: Page,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let (sql, after) = page.sql();
    rows(connection, &sql, params![tenant, after, limit], |row| row.entry())
}

pub(super) fn alerts(
    connection: &Connection,
    tenant: Option<&str>,
    limit: u32,
) -> Result<Vec<AlertView>, StoreError> {
    let select = ALERTS.select_all();
    let order = "ORDER BY at DESC, tenant, number DESC LIMIT ?";
    match tenant {
        Some(tenant) => {
            let sql = format!("{select} WHERE tenant = ? {order}");
            rows(connection, &sql, params![tenant, limit], |row| row.alert())
        }
        None => rows(connection, &format!("{select} {order}"), [limit], |row| row.alert()),
    }
}

pub(super) fn spend(
    connection: &Connection,
    tenant: Option<&str>,
    since: &str,
) -> Result<Vec<SpendRow>, StoreError> {
    let (filter, mut params) = (tenant.map_or("", |_| "AND tenant = ?2"), vec![since]);
    params.extend(tenant);
    let sql = SPENT.replace("$1", "?1").replace("$2", filter);
    let params = rusqlite::params_from_iter(params);
    rows(connection, &sql, params, |row| row.spend())
}

pub(super) fn expired(
    connection: &Connection,
    now: Moment,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let params = params![moment(now), i64::try_from(limit).unwrap_or(i64::MAX)];
    rows(connection, EXPIRED, params, |row| row.text("tenant"))
}

pub(super) fn needing_repair(
    connection: &Connection,
    now: Moment,
) -> Result<Vec<String>, StoreError> {
    let early = TOO_EARLY.replace("$1", "?1").replace("OWN", "");
    let early = rows(connection, &early, [moment(now)], |row| row.lot())?;
    let limits = [moment(now.plus_seconds(SLACK)), moment(now.plus_seconds(LONG))];
    let ahead = AHEAD.replace("$1", "?1").replace("$2", "?2");
    let ahead = rows(connection, &ahead, limits, |row| row.text("tenant"))?;
    let found: BTreeSet<String> =
        early.into_iter().map(|(tenant, _)| tenant).chain(ahead).collect();
    Ok(found.into_iter().collect())
}

pub(super) fn claim(
    connection: &mut Connection,
    now: Moment,
    until: Moment,
    limit: u32,
) -> Result<Vec<Webhook>, StoreError> {
    let sql = "SELECT alerts.*, \
               (SELECT webhook FROM tenants WHERE tenants.tenant = alerts.tenant) AS webhook \
               FROM alerts WHERE state = 'pending' AND next_at <= ?1 ORDER BY next_at LIMIT ?2";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let read: Reads<_> = |row| Ok((row.webhook()?, row.alert()?));
    let found = rows(&transaction, sql, params![moment(now), limit], read)?;
    for (_, view) in &found {
        let delivery = Delivery { next_at: until, ..view.delivery.clone() };
        update_alert(&transaction, view, &delivery)?;
    }
    transaction.commit()?;
    Ok(found.into_iter().map(|(webhook, _)| webhook).collect())
}

pub(super) fn attempted(
    connection: &mut Connection,
    tenant: &str,
    number: u64,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let key = [text(tenant), count(number)];
    let found = one(&transaction, &ALERTS, key, |row| row.alert())?;
    if let Some(view) = found.filter(|view| view.delivery.state == DeliveryState::Pending) {
        update_alert(&transaction, &view, &attempt.after(&view))?;
    }
    Ok(transaction.commit()?)
}

fn update_alert(
    connection: &Connection,
    view: &AlertView,
    delivery: &Delivery,
) -> Result<(), StoreError> {
    let row = sealed(&ALERTS, alert_view_row(&view.alert, delivery));
    let sql = &ALERTS.statements(Takes::One).update;
    connection.prepare_cached(sql)?.execute(params_from_iter(row))?;
    Ok(())
}
