//! Commands in one transaction: load what they are about, apply them, keep what changed.
use rusqlite::{Connection, Transaction, TransactionBehavior, params, params_from_iter};

use super::rows::{one, rows};
use crate::companion::ledger::store::adjustment::{ADJUSTMENTS, adjustment_row};
use crate::companion::ledger::store::cells::{
    account_row, alert_row, count, draw_row, hold_row, lot_row, meter_key, meter_row, moment,
    purchase_row, tier_row,
};
use crate::companion::ledger::store::entry::{ENTRIES, entry_row};
use crate::companion::ledger::store::records::{
    ALERTS, DRAWS, HOLDS, LOTS, METERS, PURCHASES, TENANTS, TIERS,
};
use crate::companion::ledger::store::seal::sealed;
use crate::companion::ledger::store::table::{Cell, Statements, Table, Takes};
use crate::companion::ledger::store::{DUE_MAX, LONG, StoreError, TOO_EARLY};
use crate::credit::{Answer, Book, Changes, Command, Moment, Tiers, Wanted};

/// One of a table's statements.
type Sql = fn(&Statements) -> &str;

/// Does all of them or none.
pub(super) fn batch(
    connection: &mut Connection,
    commands: &[Command],
    time: impl FnOnce() -> Moment,
) -> Result<Vec<Option<Answer>>, StoreError> {
    // A reader that turns into a writer may find that it cannot: better wait at once.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Not before: it may have waited.
    let now = time();
    let mut book = load(&transaction, commands, now)?;
    let answers = commands.iter().map(|command| Some(book.apply(command, now))).collect();
    keep(&transaction, &book.take_changes())?;
    transaction.commit()?;
    Ok(answers)
}

fn load(connection: &Connection, commands: &[Command], now: Moment) -> Result<Book, StoreError> {
    let wanted = Wanted::by(commands);
    let mut book = Book::default();
    for (tenant, id) in &wanted.holds {
        if let Some(hold) = one(connection, &HOLDS, [tenant, id], |row| row.hold())? {
            book.load_hold(hold);
        }
    }
    for tenant in &wanted.tenants {
        load_account(connection, tenant, now, &mut book)?;
    }
    for tenant in &wanted.repairs {
        let sql = TOO_EARLY.replace("$1", "?1").replace("OWN", "AND gone.tenant = ?2");
        for (tenant, lot) in rows(connection, &sql, params![moment(now), tenant], |row| row.lot())?
        {
            book.load_expired(tenant, lot);
        }
        let sql = format!(
            "{} WHERE tenant = ? AND state = 'open' AND expires_at > ?",
            HOLDS.select_all()
        );
        let far = moment(now.plus_seconds(LONG));
        for hold in rows(connection, &sql, params![tenant, far], |row| row.hold())? {
            book.load_hold(hold);
        }
    }
    for (tenant, hold, id) in &wanted.draws {
        if let Some(draw) = one(connection, &DRAWS, [tenant, hold, id], |row| row.draw())? {
            book.load_draw(draw);
        }
    }
    for (tenant, key) in &wanted.purchases {
        if let Some(purchase) = one(connection, &PURCHASES, [tenant, key], |row| row.purchase())? {
            book.load_purchase(purchase);
        }
    }
    for (tenant, key) in &wanted.adjustments {
        let found = one(connection, &ADJUSTMENTS, [tenant, key], |row| row.adjustment())?;
        found.into_iter().for_each(|adjustment| book.load_adjustment(adjustment));
    }
    if !wanted.purchases.is_empty() {
        book.load_tiers(tiers(connection)?);
    }
    for key in book.meters_wanted(commands, now) {
        if let Some((key, meter)) = one(connection, &METERS, meter_key(&key), |row| row.meter())? {
            book.load_meter(key, meter);
        }
    }
    Ok(book)
}

fn load_account(
    connection: &Connection,
    tenant: &str,
    now: Moment,
    book: &mut Book,
) -> Result<(), StoreError> {
    let Some(mut account) = one(connection, &TENANTS, [tenant], |row| row.account())? else {
        return Ok(());
    };
    let sql = format!("{} WHERE tenant = ?", LOTS.select_all());
    for (_, lot) in rows(connection, &sql, [tenant], |row| row.lot())? {
        account.add_lot(lot);
    }
    let sql = format!(
        "{} WHERE tenant = ? AND state = 'open' AND expires_at <= ? ORDER BY expires_at LIMIT ?",
        HOLDS.select_all()
    );
    let time = moment(account.latest_at.max(now));
    for hold in rows(connection, &sql, params![tenant, time, DUE_MAX], |row| row.hold())? {
        book.load_hold(hold);
    }
    book.load_account(account);
    Ok(())
}

/// The tiers of purchases.
pub(super) fn tiers(connection: &Connection) -> Result<Tiers, StoreError> {
    let tiers = rows(connection, &TIERS.select_all(), [], |row| row.tier())?;
    Tiers::of(tiers).map_err(|_| StoreError::Refused("the tiers are none".to_owned()))
}

fn keep(transaction: &Transaction<'_>, changes: &Changes) -> Result<(), StoreError> {
    let insert: Sql = |sql| &sql.insert;
    let update: Sql = |sql| &sql.update;
    let write = |sql: Sql, table: &Table, row: Vec<Cell>| {
        let mut statement = transaction.prepare_cached(sql(table.statements(Takes::One)))?;
        statement.execute(params_from_iter(sealed(table, row))).map(drop).map_err(StoreError::from)
    };
    for account in &changes.accounts {
        let sql = if account.new { insert } else { update };
        write(sql, &TENANTS, account_row(&account.record))?;
    }
    for lot in &changes.lots {
        let (tenant, record) = &lot.record;
        match (lot.new, record.remaining.is_zero()) {
            (true, true) => {}
            (true, false) => write(insert, &LOTS, lot_row(tenant, record))?,
            (false, false) => write(update, &LOTS, lot_row(tenant, record))?,
            (false, true) => {
                let sql = "DELETE FROM lots WHERE tenant = ? AND number = ?";
                transaction.prepare_cached(sql)?.execute(params![tenant, count(record.number)])?;
            }
        }
    }
    for hold in &changes.holds {
        let sql = if hold.new { insert } else { update };
        write(sql, &HOLDS, hold_row(&hold.record))?;
    }
    for draw in &changes.draws {
        write(insert, &DRAWS, draw_row(draw))?;
    }
    for purchase in &changes.purchases {
        write(insert, &PURCHASES, purchase_row(purchase))?;
    }
    for adjustment in &changes.adjustments {
        write(insert, &ADJUSTMENTS, adjustment_row(adjustment))?;
    }
    for entry in &changes.entries {
        write(insert, &ENTRIES, entry_row(entry))?;
    }
    for alert in &changes.alerts {
        write(insert, &ALERTS, alert_row(alert))?;
    }
    for (key, meter) in &changes.meters {
        write(|sql| &sql.upsert, &METERS, meter_row(key, meter))?;
    }
    if let Some(tiers) = &changes.tiers {
        transaction.execute("DELETE FROM tiers", [])?;
        for tier in tiers.list() {
            write(insert, &TIERS, tier_row(tier))?;
        }
    }
    Ok(())
}
