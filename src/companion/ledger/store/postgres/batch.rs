//! Commands in one transaction: lock and load their records, apply them, write what changed.
//!
//! Every record belongs to an account, whose row is locked before any of its records is read, so
//! that several ledgers can share a database. An account that another session has locked is
//! skipped, or waited for. A new record has no row to lock: when two ledgers insert the same one,
//! its key stops the second, which starts again.
use std::borrow::Cow;
use std::collections::BTreeSet;

use sqlx::postgres::{PgConnection, PgPool};

use super::rows::{bind, by_key, rows, statement};
use super::write::Write;
use crate::companion::ledger::clock::{WatchedClock, instant};
use crate::companion::ledger::store::adjustment::{ADJUSTMENTS, adjustment_row};
use crate::companion::ledger::store::cells::{
    account_row, alert_row, draw_row, hold_row, meter_key, meter_row, moment, purchase_row, text,
    tier_row,
};
use crate::companion::ledger::store::entry::{ENTRIES, entry_row};
use crate::companion::ledger::store::records::{
    ALERTS, DRAWS, HOLDS, METERS, PURCHASES, TENANTS, TIERS,
};
use crate::companion::ledger::store::table::{Cell, Kind};
use crate::companion::ledger::store::{DUE_MAX, LONG, Locks, StoreError, TOO_EARLY};
use crate::credit::{Account, Answer, Book, Changes, Command, Moment, Tiers, Wanted};

/// The time of a transaction: given by the caller, or the server's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time<'t> {
    pub(super) given: Option<Moment>,
    pub(super) clock: &'t WatchedClock,
}

impl Time<'_> {
    async fn now(self, connection: &mut PgConnection) -> Result<Moment, StoreError> {
        match self.given {
            Some(now) => Ok(now),
            None => Ok(self.clock.read(super::views::time(connection).await?, instant())),
        }
    }
}

/// Carries out all commands or none, except those whose accounts are skipped.
pub(super) async fn batch(
    pool: &PgPool,
    commands: &[Command],
    time: Time<'_>,
    locks: Locks,
) -> Result<Vec<Option<Answer>>, StoreError> {
    let acquired = pool.begin().await;
    let mut transaction = acquired.map_err(|error| StoreError::Away(error.to_string()))?;
    let tenants: BTreeSet<&str> = commands.iter().filter_map(Command::tenant).collect();
    let accounts = lock(&mut transaction, &tenants, locks).await?;
    let skipped = skipped(&mut transaction, &tenants, &accounts, locks).await?;
    // After the locks are held, so that time goes on from the previous holder's.
    let now = time.now(&mut transaction).await?;
    let is_free = |command: &&Command| !command.tenant().is_some_and(|name| skipped.contains(name));
    let free: Cow<'_, [Command]> = match skipped.is_empty() {
        true => commands.into(),
        false => commands.iter().filter(is_free).cloned().collect(),
    };
    let mut book = load(&mut transaction, accounts, &free, now).await?;
    let answer = |command| is_free(&command).then(|| book.apply(command, now));
    let answers = commands.iter().map(answer).collect();
    keep(&mut transaction, book.take_changes()).await?;
    transaction.commit().await?;
    Ok(answers)
}

async fn load(
    connection: &mut PgConnection,
    accounts: Vec<Account>,
    commands: &[Command],
    now: Moment,
) -> Result<Book, StoreError> {
    let wanted = Wanted::by(commands);
    let mut book = Book::default();
    let marks = accounts
        .iter()
        .map(|account| vec![text(&account.tenant), moment(account.latest_at.max(now))]);
    let marks = marks.collect();
    load_holds(connection, &wanted, marks, &mut book).await?;
    for account in accounts {
        book.load_account(account);
    }
    if !wanted.repairs.is_empty() {
        load_wronged(connection, &wanted, now, &mut book).await?;
    }
    if !wanted.draws.is_empty() {
        let key = |(tenant, hold, id): &(String, String, String)| {
            vec![text(tenant), text(hold), text(id)]
        };
        let keys = wanted.draws.iter().map(key).collect();
        for draw in rows(connection, by_key(&DRAWS, keys), |row| row.draw()).await? {
            book.load_draw(draw);
        }
    }
    if !wanted.purchases.is_empty() {
        let key = |(tenant, key): &(String, String)| vec![text(tenant), text(key)];
        let keys = wanted.purchases.iter().map(key).collect();
        for purchase in rows(connection, by_key(&PURCHASES, keys), |row| row.purchase()).await? {
            book.load_purchase(purchase);
        }
        book.load_tiers(tiers(connection).await?);
    }
    if !wanted.adjustments.is_empty() {
        let key = |(tenant, key): &(String, String)| vec![text(tenant), text(key)];
        let keys = wanted.adjustments.iter().map(key).collect();
        let found = by_key(&ADJUSTMENTS, keys);
        for adjustment in rows(connection, found, |row| row.adjustment()).await? {
            book.load_adjustment(adjustment);
        }
    }
    let meters = book.meters_wanted(commands, now);
    if !meters.is_empty() {
        let keys = meters.iter().map(meter_key);
        for (key, meter) in
            rows(connection, by_key(&METERS, keys.collect()), |row| row.meter()).await?
        {
            book.load_meter(key, meter);
        }
    }
    Ok(book)
}

/// Locks accounts, always in the same order, and loads them with their lots.
async fn lock(
    connection: &mut PgConnection,
    tenants: &BTreeSet<&str>,
    locks: Locks,
) -> Result<Vec<Account>, StoreError> {
    if tenants.is_empty() {
        return Ok(Vec::new());
    }
    let tenants: Vec<String> = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
    let (select, skip) =
        (TENANTS.select_all(), if locks == Locks::Skip { " SKIP LOCKED" } else { "" });
    let sql = format!("{select} WHERE tenant = ANY($1) ORDER BY tenant FOR UPDATE{skip}");
    let accounts = statement(sql).bind(tenants);
    let mut accounts = rows(connection, accounts, |row| row.account()).await?;
    super::views::add_lots(connection, &mut accounts).await?;
    Ok(accounts)
}

/// Accounts that exist and could not be locked: another session has them.
async fn skipped(
    connection: &mut PgConnection,
    tenants: &BTreeSet<&str>,
    locked: &[Account],
    locks: Locks,
) -> Result<BTreeSet<String>, StoreError> {
    let locked: BTreeSet<&str> = locked.iter().map(|account| account.tenant.as_str()).collect();
    let missing: Vec<String> =
        tenants.difference(&locked).map(|tenant| (*tenant).to_owned()).collect();
    if missing.is_empty() || locks == Locks::Wait {
        return Ok(BTreeSet::new());
    }
    let sql = sqlx::query("SELECT tenant FROM tenants WHERE tenant = ANY($1)").bind(missing);
    Ok(rows(connection, sql, |row| row.text("tenant")).await?.into_iter().collect())
}

/// The holds that commands name, and those that are due by their account's time.
async fn load_holds(
    connection: &mut PgConnection,
    wanted: &Wanted,
    marks: Vec<Vec<Cell>>,
    book: &mut Book,
) -> Result<(), StoreError> {
    let select = HOLDS.select_all();
    let named = HOLDS.named("$3::text[], $4::text[]");
    let sql = format!(
        "{named} UNION ALL \
         SELECT due.* FROM UNNEST($1::text[], $2::int8[]) AS mark (tenant, at), LATERAL (\
         {select} WHERE holds.tenant = mark.tenant AND state = 'open' AND expires_at <= mark.at \
         ORDER BY expires_at LIMIT {DUE_MAX}) AS due"
    );
    let (tenants, ids): (Vec<String>, Vec<String>) = wanted.holds.iter().cloned().unzip();
    let statement = bind(statement(sql), MARKS, marks).bind(tenants).bind(ids);
    for hold in rows(connection, statement, |row| row.hold()).await? {
        book.load_hold(hold);
    }
    Ok(())
}

/// What a clock that was ahead did to the accounts to be repaired.
async fn load_wronged(
    connection: &mut PgConnection,
    wanted: &Wanted,
    now: Moment,
    book: &mut Book,
) -> Result<(), StoreError> {
    let tenants: Vec<String> = wanted.repairs.iter().cloned().collect();
    let at = |seconds: u64| i64::try_from(now.plus_seconds(seconds).millis()).unwrap_or(i64::MAX);
    let sql = TOO_EARLY.replace("OWN", "AND gone.tenant = ANY($2)");
    let early = statement(sql).bind(at(0)).bind(tenants.clone());
    for (tenant, lot) in rows(connection, early, |row| row.lot()).await? {
        book.load_expired(tenant, lot);
    }
    let select = HOLDS.select_all();
    let sql = format!("{select} WHERE tenant = ANY($2) AND state = 'open' AND expires_at > $1");
    let long = statement(sql).bind(at(LONG)).bind(tenants);
    for hold in rows(connection, long, |row| row.hold()).await? {
        book.load_hold(hold);
    }
    Ok(())
}

/// An account and its latest moment.
const MARKS: &[(&str, Kind)] = &[("tenant", Kind::Text), ("at", Kind::Int)];

/// The tiers of purchases.
pub(super) async fn tiers(connection: &mut PgConnection) -> Result<Tiers, StoreError> {
    let tiers = rows(connection, statement(TIERS.select_all()), |row| row.tier()).await?;
    Tiers::of(tiers).map_err(|_| StoreError::Refused("the tiers are none".to_owned()))
}

async fn keep(connection: &mut PgConnection, changes: Changes) -> Result<(), StoreError> {
    let mut write = Write { connection };
    write.both(&TENANTS, &changes.accounts, account_row).await?;
    write.lots(&changes.lots).await?;
    write.both(&HOLDS, &changes.holds, hold_row).await?;
    write.insert(&DRAWS, changes.draws.iter().map(draw_row).collect()).await?;
    write.insert(&PURCHASES, changes.purchases.iter().map(purchase_row).collect()).await?;
    let adjustments = changes.adjustments.iter().map(adjustment_row).collect();
    write.insert(&ADJUSTMENTS, adjustments).await?;
    write.insert(&ENTRIES, changes.entries.iter().map(entry_row).collect()).await?;
    write.insert(&ALERTS, changes.alerts.iter().map(alert_row).collect()).await?;
    let meters = changes.meters.iter().map(|(key, meter)| meter_row(key, meter)).collect();
    write.with(|sql| &sql.upsert, &METERS, meters).await?;
    if let Some(tiers) = changes.tiers {
        // Two transactions at once would mix their lists.
        let lock = "LOCK TABLE tiers IN SHARE ROW EXCLUSIVE MODE";
        sqlx::query(lock).execute(&mut *write.connection).await?;
        sqlx::query("DELETE FROM tiers").execute(&mut *write.connection).await?;
        write.insert(&TIERS, tiers.list().iter().map(tier_row).collect()).await?;
    }
    Ok(())
}
