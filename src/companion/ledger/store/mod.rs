//! Where accounts are kept: one file per database. A store holds no rule.
mod cells;
mod entry;
mod postgres;
mod records;
mod schema;
mod sqlite;
mod table;

pub(super) use postgres::Postgres;
pub(super) use sqlite::Sqlite;

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use std::sync::Arc;

use super::view::{AlertView, Audit, DeliveryState, SpendRow, TenantView, Webhook};
use crate::credit::{Answer, Command, Entry, Hold, Moment, Per, Tiers, Window};

/// What a store answers, later.
pub(super) type Reply<'s, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 's>>;

/// Why a store did not do something. Whatever it was, nothing of it is half done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another writer was faster: at once again it may work.
    Conflict(String),
    /// The database is away, full or broken.
    Away(String),
    /// It is there, and does not take this.
    Refused(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(why) | Self::Away(why) | Self::Refused(why) => f.write_str(why),
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

/// A database that keeps accounts.
pub(super) trait Store: Send + Sync + fmt::Debug {
    /// Does all of these in one transaction, in their order, or none.
    fn transact(&self, commands: Arc<[Command]>, now: Moment) -> Reply<'_, Vec<Answer>>;

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

    /// Alerts to deliver now; nobody else gets them before `until`.
    fn claim(&self, now: Moment, until: Moment, limit: u32) -> Reply<'_, Vec<Webhook>>;

    /// Keeps what became of an attempt to deliver an alert.
    fn attempted(&self, tenant: &str, number: u64, attempt: Attempt) -> Reply<'_, ()>;

    /// Whether it answers.
    fn ready(&self) -> Reply<'_, ()>;

    /// Recomputes everything that can be.
    fn audit(&self) -> Reply<'_, Audit>;

    /// Lets the database go.
    fn close(&self) -> Reply<'_, ()>;
}

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
const OWNED: [&str; 7] = ["entries", "purchases", "lots", "holds", "draws", "meters", "alerts"];

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

/// The first day of a week that ends today.
fn week(now: Moment) -> String {
    let ago = now.millis().saturating_sub(6 * 86_400_000);
    Window::of(Per::Day, Moment::of_millis(ago)).to_string()
}

/// What was spent on each model on each day since `$1`; `$2` may narrow it.
const SPENT: &str = "SELECT span, label, CAST(sum(spent) AS bigint) AS spent FROM meters \
    WHERE span >= $1 AND span < 'day;' AND label >= 'model:' AND label < 'model;' $2 \
    GROUP BY span, label ORDER BY span, label";
