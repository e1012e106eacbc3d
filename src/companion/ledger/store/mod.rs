//! The databases that keep accounts. A store loads and writes records, and decides nothing.
mod adjustment;
mod cells;
mod entry;
mod pass;
mod postgres;
mod records;
mod schema;
mod seal;
mod sqlite;
mod table;

pub(super) use postgres::Postgres;
pub(super) use sqlite::Sqlite;

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use std::sync::Arc;

use super::view::{AlertView, Audit, Delivery, DeliveryState, SpendRow, TenantView, Webhook};
use crate::credit::wire::EXPIRES_MAX;
use crate::credit::{Answer, Command, Entry, Hold, Moment, Period, Tiers, Window};

/// The future of a store's answer.
pub(super) type Reply<'s, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 's>>;

/// Why a call of a store failed. Its transaction was rolled back as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StoreError {
    /// Another writer was faster: the same transaction may succeed now.
    Conflict(String),
    /// Another session keeps a row locked.
    Locked(String),
    /// The database cannot be reached, is full or broken.
    Away(String),
    /// The database refuses the statement.
    Refused(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(why) | Self::Locked(why) | Self::Away(why) | Self::Refused(why) => {
                f.write_str(why)
            }
        }
    }
}

/// The result of an attempt to deliver an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) state: DeliveryState,
    /// When the next attempt is due.
    pub(super) next_at: Moment,
    pub(super) error: Option<String>,
}

impl Attempt {
    /// The state of the alert's delivery after this attempt.
    fn after(&self, view: &AlertView) -> Delivery {
        let Self { state, next_at, error } = self.clone();
        Delivery { state, next_at, error, attempts: view.delivery.attempts.saturating_add(1) }
    }
}

/// A database that keeps accounts.
pub(super) trait Store: Send + Sync + fmt::Debug {
    /// Carries out all commands in their order and in one transaction, or none of them. With
    /// [`Locks::Skip`] those whose account another session has locked are left out: their answers
    /// are `None`. Without `now` the time is the store's own.
    fn transact(
        &self,
        commands: Arc<[Command]>,
        now: Option<Moment>,
        locks: Locks,
    ) -> Reply<'_, Vec<Option<Answer>>>;

    /// The time by the clock that transactions use.
    fn now(&self) -> Moment;

    /// What is wrong with that clock, and what to do about it.
    fn clock_warning(&self) -> Option<String>;

    /// Accounts in the order of their names, after the one named `after`.
    fn tenants(&self, after: Option<&str>, limit: u32, now: Moment) -> Reply<'_, Vec<TenantView>>;

    fn tenant(&self, tenant: &str, now: Moment) -> Reply<'_, Option<TenantView>>;

    fn hold(&self, tenant: &str, id: &str) -> Reply<'_, Option<Hold>>;

    /// A tenant's entries in the order of `from`.
    fn entries(&self, tenant: &str, from: Page, limit: u32) -> Reply<'_, Vec<Entry>>;

    /// Alerts, the newest first.
    fn alerts(&self, tenant: Option<&str>, limit: u32) -> Reply<'_, Vec<AlertView>>;

    /// What was spent on each model on each day from `since` on.
    fn spend(&self, tenant: Option<&str>, since: &str) -> Reply<'_, Vec<SpendRow>>;

    /// The tiers of purchases.
    fn tiers(&self) -> Reply<'_, Tiers>;

    /// Tenants with holds or lots that are due to expire.
    fn expired(&self, now: Moment, limit: usize) -> Reply<'_, Vec<String>>;

    /// Tenants whose accounts were changed by a clock that was ahead.
    fn needing_repair(&self, now: Moment) -> Reply<'_, Vec<String>>;

    /// Claims alerts to deliver now: no other call gets them before `until`.
    fn claim(&self, now: Moment, until: Moment, limit: u32) -> Reply<'_, Vec<Webhook>>;

    /// Records an attempt to deliver an alert.
    fn attempted(&self, tenant: &str, number: u64, attempt: Attempt) -> Reply<'_, ()>;

    /// Checks that the database can be read and written.
    fn ready(&self) -> Reply<'_, ()>;

    /// Recomputes every account from its entries and holds.
    fn audit(&self) -> Reply<'_, Audit>;

    /// Closes the database.
    fn close(&self) -> Reply<'_, ()>;
}

/// What to do with commands whose account another session has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locks {
    /// Leave them out.
    Skip,
    /// Wait for a moment, then fail.
    Wait,
}

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct OpenOptions {
    /// Whether the operator says that the clock is right (`--trust-clock`).
    pub(super) trusts_clock: bool,
}

/// Most transactions at a time for tenants whose accounts another session has locked.
pub(super) const LANES: usize = 6;

/// The latest moment at which anything happened.
const NEWEST: &str = "SELECT max(mark) FROM tenants";

/// The smallest write that shows whether the database can be written.
const PROBE: &str = "INSERT INTO probe (id, at) VALUES (1, $1) \
    ON CONFLICT (id) DO UPDATE SET at = excluded.at";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// Those with a greater number, oldest first.
    After(u64),
    /// The latest ones, newest first.
    Newest,
}

impl Page {
    /// The statement that finds at most `$3` entries of tenant `$1` that come after number `$2`,
    /// and that number.
    fn sql(self) -> (String, i64) {
        let (after, order) = match self {
            Self::After(number) => (i64::try_from(number).unwrap_or(i64::MAX), "ASC"),
            Self::Newest => (0, "DESC"),
        };
        let entries = entry::ENTRIES.select_all();
        let found = "WHERE tenant = $1 AND number > $2 ORDER BY number";
        (format!("{entries} {found} {order} LIMIT $3"), after)
    }
}

/// Most expired holds of one account that a transaction ends; the next one ends more.
const DUE_MAX: i64 = 10_000;

/// The tables whose records belong to an account.
const OWNED: [&str; 8] =
    ["entries", "purchases", "adjustments", "lots", "holds", "draws", "meters", "alerts"];

/// Finds tenants that a table has records of, but that have no account.
fn strays(table: &str) -> String {
    format!(
        "SELECT DISTINCT tenant FROM {table} \
         WHERE NOT EXISTS (SELECT 1 FROM tenants WHERE tenants.tenant = {table}.tenant)"
    )
}

/// At most `$2` accounts with holds or lots that are due at `$1`.
const EXPIRED: &str = "SELECT tenant FROM tenants WHERE \
    EXISTS (SELECT 1 FROM holds WHERE holds.tenant = tenants.tenant \
            AND state = 'open' AND expires_at <= $1) OR \
    (balance > held AND EXISTS (SELECT 1 FROM lots WHERE lots.tenant = tenants.tenant \
                                AND expires_at <= $1)) \
    ORDER BY tenant LIMIT $2";

/// As lots: what expired of purchases that should expire after `$1`, and was not restored.
const TOO_EARLY: &str = "SELECT gone.tenant AS tenant, gone.lot AS number, \
    CAST(-sum(gone.amount) AS bigint) AS remaining, bought.expires_at AS expires_at \
    FROM entries AS gone JOIN entries AS bought \
    ON bought.tenant = gone.tenant AND bought.number = gone.lot \
    WHERE gone.kind IN ('expiry', 'repair') AND bought.expires_at > $1 OWN \
    GROUP BY gone.tenant, gone.lot, bought.expires_at HAVING sum(gone.amount) < 0";

/// Accounts that are ahead of `$1`, or have holds that last beyond `$2`.
const AHEAD: &str = "SELECT tenant FROM tenants WHERE mark > $1 OR \
    EXISTS (SELECT 1 FROM holds WHERE holds.tenant = tenants.tenant \
            AND state = 'open' AND expires_at > $2)";

/// A little more than the longest life of a hold, in seconds.
const LONG: u64 = EXPIRES_MAX + 30;

/// How far ahead of the clock an account may be, in seconds.
const SLACK: u64 = 30;

/// The first day of a week that ends today.
fn week(now: Moment) -> String {
    let ago = now.millis().saturating_sub(6 * 86_400_000);
    Window::of(Period::Day, Moment::of_millis(ago)).to_string()
}

/// What was spent on each model on each day since `$1`; `$2` may narrow it.
const SPENT: &str = "SELECT span, label, CAST(sum(spent) AS bigint) AS spent FROM meters \
    WHERE span >= $1 AND span < 'day;' AND label >= 'model:' AND label < 'model;' $2 \
    GROUP BY span, label ORDER BY span, label";
