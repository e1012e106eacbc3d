//! The ledger as the rest of the service sees it: commands in, answers out, and views.
mod url;

use url::Place;
pub use url::{NotAStore, StoreUrl};

use core::fmt;
use std::sync::Arc;

use super::store::{Attempt, Fault, Page, Sqlite, Store};
use super::view::{AlertView, Audit, DeliveryState, SpendRow, TenantView, Webhook};
use crate::credit::{Alert, Answer, Command, Entry, Hold, Moment, Tiers, Window, retry};

/// How long an alert is left to whoever claimed it.
const LEASE_SECONDS: u64 = 30;

/// What tells the time.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// A ledger. Clones are the same one.
#[derive(Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
    clock: Clock,
}

/// Why a ledger did not answer. What was asked is not done, or not known to be: asked again with
/// the same id it is done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// Too much waits already.
    Busy,
    /// It is being closed.
    Closing,
    /// The database is away, full or refuses.
    Database(String),
}

/// Why a ledger cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenError(pub(super) String);

impl Ledger {
    /// Opens a database, and brings its tables up to date.
    ///
    /// # Errors
    /// When it cannot be reached, read or brought up to date.
    pub async fn open(url: &StoreUrl) -> Result<Self, OpenError> {
        Self::open_with(url, Arc::new(system_time)).await
    }

    /// The same, by a clock of one's own, and nothing expires between commands.
    ///
    /// # Errors
    /// When it cannot be reached, read or brought up to date.
    pub async fn open_with(url: &StoreUrl, clock: Clock) -> Result<Self, OpenError> {
        let store = match &url.0 {
            Place::Sqlite { path, durable } => Sqlite::open(path, *durable),
            Place::Memory => Sqlite::in_memory(),
            Place::Postgres(_) => Err("not yet".to_owned()),
        };
        Ok(Self { store: Arc::new(store.map_err(OpenError)?), clock })
    }

    /// The time by its clock.
    #[must_use]
    pub fn now(&self) -> Moment {
        (self.clock)()
    }

    /// Does one command.
    ///
    /// # Errors
    /// When the database is away, or too much waits already.
    pub async fn apply(&self, command: Command) -> Result<Answer, Unavailable> {
        let answers = self.apply_all(vec![command]).await?;
        let none = || Unavailable::Database("the store gave no answer".to_owned());
        answers.into_iter().next().ok_or_else(none)
    }

    /// Does some commands in their order, in one transaction: all of them or none.
    ///
    /// # Errors
    /// When the database is away, or too much waits already.
    pub async fn apply_all(&self, commands: Vec<Command>) -> Result<Vec<Answer>, Unavailable> {
        Ok(self.store.transact(commands.into(), self.now()).await?)
    }

    /// Accounts in the order of their names, after that one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tenants(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<TenantView>, Unavailable> {
        Ok(self.store.tenants(after, limit, self.now()).await?)
    }

    /// One account.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tenant(&self, tenant: &str) -> Result<Option<TenantView>, Unavailable> {
        Ok(self.store.tenant(tenant, self.now()).await?)
    }

    /// One hold.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn hold(&self, id: &str) -> Result<Option<Hold>, Unavailable> {
        Ok(self.store.hold(id).await?)
    }

    /// A tenant's entries with a greater number, in their order.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn entries(
        &self,
        tenant: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, Unavailable> {
        Ok(self.store.entries(tenant, Page::After(after), limit).await?)
    }

    /// A tenant's last entries, the newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn last_entries(&self, tenant: &str, limit: u32) -> Result<Vec<Entry>, Unavailable> {
        Ok(self.store.entries(tenant, Page::Newest, limit).await?)
    }

    /// Alerts of a tenant or of all, the newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn alerts(
        &self,
        tenant: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AlertView>, Unavailable> {
        Ok(self.store.alerts(tenant, limit).await?)
    }

    /// What a tenant or all spent on each model on each of the last days, today included.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn spend(
        &self,
        tenant: Option<&str>,
        days: u32,
    ) -> Result<Vec<SpendRow>, Unavailable> {
        let before = u64::from(days.saturating_sub(1)).saturating_mul(86_400_000);
        let since = Moment::of_millis(self.now().millis().saturating_sub(before));
        let since = Window::of(crate::credit::Per::Day, since).to_string();
        Ok(self.store.spend(tenant, &since).await?)
    }

    /// The tiers of purchases.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tiers(&self) -> Result<Tiers, Unavailable> {
        Ok(self.store.tiers().await?)
    }

    /// Lets what has expired go, of as many tenants as that; how many there were.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self, limit: u32) -> Result<u64, Unavailable> {
        let tenants = self.store.expired(self.now(), limit).await?;
        let count = u64::try_from(tenants.len()).unwrap_or(u64::MAX);
        for tenant in tenants {
            self.apply(Command::Sweep(crate::credit::Sweep { tenant })).await?;
        }
        Ok(count)
    }

    /// Alerts to deliver now. Whoever gets them has them alone for half a minute.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn due_webhooks(&self, limit: u32) -> Result<Vec<Webhook>, Unavailable> {
        let now = self.now();
        Ok(self.store.claim(now, now.plus_seconds(LEASE_SECONDS), limit).await?)
    }

    /// Keeps what became of one: delivered, or why not.
    ///
    /// # Errors
    /// When the database is away: it is then delivered once more.
    pub async fn webhook_done(
        &self,
        webhook: &Webhook,
        result: Result<(), String>,
    ) -> Result<(), Unavailable> {
        let now = self.now();
        let tries = webhook.attempts.saturating_add(1);
        let attempt = match (result, retry(webhook.alert.at, tries, now)) {
            (Ok(()), _) => Attempt { state: DeliveryState::Delivered, next_at: now, error: None },
            (Err(error), Some(next_at)) => {
                Attempt { state: DeliveryState::Pending, next_at, error: Some(error) }
            }
            (Err(error), None) => {
                Attempt { state: DeliveryState::Failed, next_at: now, error: Some(error) }
            }
        };
        self.attempted(&webhook.alert, attempt).await
    }

    /// Keeps that nobody has said where this one goes.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn webhook_nowhere(&self, webhook: &Webhook) -> Result<(), Unavailable> {
        let attempt = Attempt { state: DeliveryState::Nowhere, next_at: self.now(), error: None };
        self.attempted(&webhook.alert, attempt).await
    }

    async fn attempted(&self, alert: &Alert, attempt: Attempt) -> Result<(), Unavailable> {
        Ok(self.store.attempted(&alert.tenant, alert.number, attempt).await?)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ready(&self) -> Result<(), Unavailable> {
        Ok(self.store.ready().await?)
    }

    /// Recomputes every balance, hold, lot and meter, and lists what differs.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn audit(&self) -> Result<Audit, Unavailable> {
        Ok(self.store.audit().await?)
    }

    /// Does what waits, then lets the database go.
    pub async fn close(self) {
        drop(self.store.close().await);
    }
}

#[expect(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn system_time() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
    Moment::of_millis(millis)
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("store", &self.store).finish_non_exhaustive()
    }
}

impl From<Fault> for Unavailable {
    fn from(fault: Fault) -> Self {
        Self::Database(fault.to_string())
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("too much is waiting"),
            Self::Closing => f.write_str("the ledger is closing"),
            Self::Database(why) => write!(f, "the database is not available: {why}"),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
