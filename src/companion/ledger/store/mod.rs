//! Where accounts are kept: one file per database. A store holds no rule.
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
use crate::credit::{Answer, Command, Entry, Hold, Moment, Per, Tiers, Window};

/// What a store answers, later.
pub(super) type Reply<'s, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 's>>;

/// Why a store did not do something. Whatever it was, nothing of it is half done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another writer was faster: at once again it may work.
    Conflict(String),
    /// Somebody keeps something of it locked.
    Locked(String),
    /// The database is away, full or broken.
    Away(String),
    /// It is there, and does not take this.
    Refused(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(why) | Self::Locked(why) | Self::Away(why) | Self::Refused(why) => {
                f.write_str(why)
            }
        }
    }
}

/// How the outcome of an attempt to deliver is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attempt {
    /// How far it came.
    pub(super) state: DeliveryState,
    /// When it is tried again.
    pub(super) next_at: Moment,
    /// Why it failed.
    pub(super) error: Option<String>,
}

impl Attempt {
    /// The delivery of an alert after it.
    fn after(&self, view: &AlertView) -> Delivery {
        let Self { state, next_at, error } = self.clone();
        Delivery { state, next_at, error, attempts: view.delivery.attempts.saturating_add(1) }
    }
}

/// A database that keeps accounts.
pub(super) trait Store: Send + Sync + fmt::Debug {
    /// Does all of these in one transaction, in their order, or none; but for those whose account
    /// somebody else has locked, where these are to be skipped: they get no answer. Where no time
    /// is given it is the store's own.
    fn transact(
        &self,
        commands: Arc<[Command]>,
        now: Option<Moment>,
        locks: Locks,
    ) -> Reply<'_, Vec<Option<Answer>>>;

    /// The time, by the clock that its transactions go by.
    fn now(&self) -> Moment;

    /// What is wrong with that clock.
    fn clock_trouble(&self) -> Option<String>;

    /// Accounts by name, after that one.
    fn tenants(&self, after: Option<&str>, limit: u32, now: Moment) -> Reply<'_, Vec<TenantView>>;

    /// One account.
    fn tenant(&self, tenant: &str, now: Moment) -> Reply<'_, Option<TenantView>>;

    /// A tenant's hold.
    fn hold(&self, tenant: &str, id: &str) -> Reply<'_, Option<Hold>>;

    /// A tenant's entries: those before that number, the newest first, or those after it.
    fn entries(&self, tenant: &str, from: Page, limit: u32) -> Reply<'_, Vec<Entry>>;

    /// Alerts, the newest first.
    fn alerts(&self, tenant: Option<&str>, limit: u32) -> Reply<'_, Vec<AlertView>>;

    /// What was spent on each model on each day, from that day on.
    fn spend(&self, tenant: Option<&str>, since: &str) -> Reply<'_, Vec<SpendRow>>;

    /// The tiers of purchases.
    fn tiers(&self) -> Reply<'_, Tiers>;

    /// Tenants of whose holds and lots some have expired.
    fn expired(&self, now: Moment, limit: usize) -> Reply<'_, Vec<String>>;

    /// Tenants to whose accounts a clock that was ahead did something.
    fn wronged(&self, now: Moment) -> Reply<'_, Vec<String>>;

    /// Alerts to deliver now; nobody else gets them before `until`.
    fn claim(&self, now: Moment, until: Moment, limit: u32) -> Reply<'_, Vec<Webhook>>;

    /// Keeps what became of an attempt to deliver an alert.
    fn attempted(&self, tenant: &str, number: u64, attempt: Attempt) -> Reply<'_, ()>;

    /// Whether it can be read and written.
    fn ready(&self) -> Reply<'_, ()>;

    /// Recomputes everything that can be.
    fn audit(&self) -> Reply<'_, Audit>;

    /// Lets the database go.
    fn close(&self) -> Reply<'_, ()>;
}

/// What becomes of commands whose account somebody else has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locks {
    /// They are left out.
    Skip,
    /// They wait, for a moment.
    Wait,
}

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Opening {
    /// An operator says that the clock is right, however late it is.
    pub(super) trusts_clock: bool,
}

/// Transactions at a time of tenants whose accounts are locked by somebody else.
pub(super) const LANES: usize = 6;

/// The latest moment at which anything happened.
const NEWEST: &str = "SELECT max(mark) FROM tenants";

/// Writes as much as it takes to see that it can be.
const PROBE: &str = "INSERT INTO probe (id, at) VALUES (1, $1) \
    ON CONFLICT (id) DO UPDATE SET at = excluded.at";

/// Which entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// Those with a greater number, least first.
    After(u64),
    /// The newest, and so on back.
    Newest,
}

impl Page {
    /// After which number, and in which order.
    fn sql(self) -> (i64, &'static str) {
        match self {
            Self::After(number) => (i64::try_from(number).unwrap_or(i64::MAX), "ASC"),
            Self::Newest => (0, "DESC"),
        }
    }
}

/// Most expired holds of one account that one transaction lets go: the next takes more.
const DUE_MAX: i64 = 10_000;

/// The tables whose records belong to an account.
const OWNED: [&str; 8] =
    ["entries", "purchases", "adjustments", "lots", "holds", "draws", "meters", "alerts"];

/// Finds accounts that a table knows and that are not there.
fn strays(table: &str) -> String {
    format!(
        "SELECT DISTINCT tenant FROM {table} \
         WHERE NOT EXISTS (SELECT 1 FROM tenants WHERE tenants.tenant = {table}.tenant)"
    )
}

/// Accounts of whose holds or lots some can go: by the time `$1`, at most `$2`.
const EXPIRED: &str = "SELECT tenant FROM tenants WHERE \
    EXISTS (SELECT 1 FROM holds WHERE holds.tenant = tenants.tenant \
            AND state = 'open' AND expires_at <= $1) OR \
    (balance > held AND EXISTS (SELECT 1 FROM lots WHERE lots.tenant = tenants.tenant \
                                AND expires_at <= $1)) \
    ORDER BY tenant LIMIT $2";

/// What expired of purchases whose time is after `$1` and did not come back, as lots.
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

/// Longest that a hold may last, in seconds, and a little.
const LONG: u64 = EXPIRES_MAX + 30;

/// How far ahead of the clock an account is by mistake, in seconds.
const SLACK: u64 = 30;

/// The first day of a week that ends today.
fn week(now: Moment) -> String {
    let ago = now.millis().saturating_sub(6 * 86_400_000);
    Window::of(Per::Day, Moment::of_millis(ago)).to_string()
}

/// What was spent on each model on each day since `$1`; `$2` may narrow it.
const SPENT: &str = "SELECT span, label, CAST(sum(spent) AS bigint) AS spent FROM meters \
    WHERE span >= $1 AND span < 'day;' AND label >= 'model:' AND label < 'model;' $2 \
    GROUP BY span, label ORDER BY span, label";
