//! What the ledger shows, and which alerts are to be delivered.
use rusqlite::{Connection, params};

use super::rows::{one, rows};
use crate::companion::ledger::store::cells::{count, meter_key, moment};
use crate::companion::ledger::store::entry::ENTRIES;
use crate::companion::ledger::store::records::{ALERTS, HOLDS, LOTS, METERS, TENANTS};
use crate::companion::ledger::store::{Attempt, EXPIRED, Fault, Page, SPENT, week};
use crate::companion::ledger::view::{AlertView, SpendRow, TenantView, Webhook};
use crate::credit::{Account, Entry, Hold, Moment};

pub(super) fn tenants(
    connection: &Connection,
    after: &str,
    limit: u32,
    now: Moment,
) -> Result<Vec<TenantView>, Fault> {
    let sql = format!("{} WHERE tenant > ? ORDER BY tenant LIMIT ?", TENANTS.select_all());
    let accounts = rows(connection, &sql, params![after, limit], |row| row.account())?;
    accounts.into_iter().map(|account| view(connection, account, now)).collect()
}

pub(super) fn tenant(
    connection: &Connection,
    tenant: &str,
    now: Moment,
) -> Result<Option<TenantView>, Fault> {
    let account = one(connection, &TENANTS, [tenant], |row| row.account())?;
    account.map(|account| view(connection, account, now)).transpose()
}

fn view(connection: &Connection, mut account: Account, now: Moment) -> Result<TenantView, Fault> {
    let sql = format!("{} WHERE tenant = ?", LOTS.select_all());
    for (_, lot) in rows(connection, &sql, [&account.tenant], |row| row.lot())? {
        account.add_lot(lot);
    }
    let sql = "SELECT count(*) FROM holds WHERE tenant = ? AND state = 'open'";
    let mut statement = connection.prepare_cached(sql)?;
    let open_holds: i64 = statement.query_row([&account.tenant], |row| row.get(0))?;
    let mut budgets = Vec::new();
    for budget in &account.budgets {
        let meter = match budget.meter(&account.tenant, account.mark.max(now)) {
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

pub(super) fn hold(connection: &Connection, tenant: &str, id: &str) -> Result<Option<Hold>, Fault> {
    one(connection, &HOLDS, [tenant, id], |row| row.hold())
}

pub(super) fn entries(
    connection: &Connection,
    tenant: &str,
    page: Page,
    limit: u32,
) -> Result<Vec<Entry>, Fault> {
    let (after, order) = page.sql();
    let sql = format!(
        "{} WHERE tenant = ? AND number > ? ORDER BY number {order} LIMIT ?",
        ENTRIES.select_all()
    );
    rows(connection, &sql, params![tenant, after, limit], |row| row.entry())
}

pub(super) fn alerts(
    connection: &Connection,
    tenant: Option<&str>,
    limit: u32,
) -> Result<Vec<AlertView>, Fault> {
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
) -> Result<Vec<SpendRow>, Fault> {
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
) -> Result<Vec<String>, Fault> {
    let params = params![moment(now), i64::try_from(limit).unwrap_or(i64::MAX)];
    rows(connection, EXPIRED, params, |row| row.text("tenant"))
}

pub(super) fn claim(
    connection: &Connection,
    now: Moment,
    until: Moment,
    limit: u32,
) -> Result<Vec<Webhook>, Fault> {
    let sql = "UPDATE alerts SET next_at = ?2 WHERE (tenant, number) IN (\
               SELECT tenant, number FROM alerts WHERE state = 'pending' AND next_at <= ?1 \
               ORDER BY next_at LIMIT ?3) RETURNING *, \
               (SELECT webhook FROM tenants WHERE tenants.tenant = alerts.tenant) AS webhook";
    let params = params![moment(now), moment(until), limit];
    rows(connection, sql, params, |row| row.webhook())
}

pub(super) fn attempted(
    connection: &Connection,
    tenant: &str,
    number: u64,
    attempt: &Attempt,
) -> Result<(), Fault> {
    let sql = "UPDATE alerts SET state = ?3, next_at = ?4, error = ?5, attempts = attempts + 1 \
               WHERE tenant = ?1 AND number = ?2 AND state = 'pending'";
    let Attempt { state, next_at, error } = attempt;
    let params = params![tenant, count(number), state.name(), moment(*next_at), error];
    connection.prepare_cached(sql)?.execute(params)?;
    Ok(())
}
