//! The ledger as the rest of the service sees it: commands in, answers out, and views.
mod error;
mod pending;
mod stats;
mod url;
mod writer;

pub use error::{OpenError, Unavailable};
pub use stats::{BATCH_BOUNDS, Stats};
pub use url::{ParseStoreUrlError, StoreUrl};

use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use super::clock::instant;
use super::store::{Attempt, OpenOptions, Page, Postgres, Sqlite, Store};
use super::view::{AlertView, Audit, DeliveryState, SpendRow, TenantView, Webhook};
use crate::credit::{
    Alert, Answer, Command, Entry, Hold, Moment, Period, Repair, Repairs, Sweep, Tiers, Window,
    next_delivery,
};
use url::Database;
use writer::Writer;

/// How often tenants without commands are swept of what has expired.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Most tenants that are swept in one transaction.
const SWEEP_TENANTS: usize = 200;

/// How long the result of a check of the database is given again: callers of it need no token.
const READY_VALID_FOR: Duration = Duration::from_millis(500);

/// How long an alert belongs to the courier that claimed it.
const CLAIM_SECONDS: u64 = 30;

/// A clock of the caller's own.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// A handle on a ledger; clones share it. Every call that reads or writes fails with
/// [`Unavailable`] when the database cannot be reached, and then says no more about it.
#[derive(Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
    /// `None` for the store's own clock.
    clock: Option<Clock>,
    writer: Arc<Writer>,
    /// When the database was last checked, and the result.
    last_ready: Arc<tokio::sync::Mutex<Option<ReadyCheck>>>,
}

type ReadyCheck = (Instant, Result<(), Unavailable>);

impl Ledger {
    /// Opens a database, and brings its tables up to date.
    ///
    /// The clock is the server's, or this machine's where there is no server. One that is far ahead
    /// of the database is believed only with `trusts_clock`. Between commands nothing expires but
    /// by [`Ledger::keep_swept`].
    ///
    /// # Errors
    /// When the database cannot be reached, read or brought up to date.
    pub async fn open(url: &StoreUrl, trusts_clock: bool) -> Result<Self, OpenError> {
        Self::start(url, OpenOptions { trusts_clock }, None).await
    }

    /// The same with a clock of the caller's own.
    ///
    /// # Errors
    /// When the database cannot be reached, read or brought up to date.
    pub async fn open_with(url: &StoreUrl, clock: Clock) -> Result<Self, OpenError> {
        Self::start(url, OpenOptions::default(), Some(clock)).await
    }

    async fn start(
        url: &StoreUrl,
        options: OpenOptions,
        clock: Option<Clock>,
    ) -> Result<Self, OpenError> {
        let store = connect(&url.0, options).await.map_err(OpenError)?;
        let writer = Arc::new(Writer::start(Arc::clone(&store), clock.clone()));
        Ok(Self { store, clock, writer, last_ready: Arc::default() })
    }

    /// The time by the ledger's clock.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.as_ref().map_or_else(|| self.store.now(), |clock| clock())
    }

    /// What is wrong with the clock, and what to do about it; `None` while it is believed.
    #[must_use]
    pub fn clock_warning(&self) -> Option<String> {
        if self.clock.is_some() { None } else { self.store.clock_warning() }
    }

    /// Why the last transaction failed, where that is less than 15 seconds ago.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        self.writer.failed()
    }

    /// What the writer has done since the ledger was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.writer.stats()
    }

    /// Does one command.
    pub async fn apply(&self, command: Command) -> Result<Answer, Unavailable> {
        let answers = self.apply_all(vec![command]).await?;
        let none = || Unavailable::Database("the store gave no answer".to_owned());
        answers.into_iter().next().ok_or_else(none)
    }

    /// Carries out commands: those of an account in their order and in one transaction, all of them
    /// or none. When this fails, those of other accounts may be done.
    pub async fn apply_all(&self, commands: Vec<Command>) -> Result<Vec<Answer>, Unavailable> {
        self.writer.ask(commands)?.all().await
    }

    /// The same with an answer for each command, as far as they come within 1.25 seconds, or half a
    /// second after the first.
    pub async fn apply_each(
        &self,
        commands: Vec<Command>,
    ) -> Result<Vec<Result<Answer, Unavailable>>, Unavailable> {
        Ok(self.writer.ask(commands)?.each().await)
    }

    /// At most `limit` accounts in the order of their names, after the one named `after`.
    pub async fn tenants(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<TenantView>, Unavailable> {
        Ok(self.store.tenants(after, limit, self.now()).await?)
    }

    /// One account.
    pub async fn tenant(&self, tenant: &str) -> Result<Option<TenantView>, Unavailable> {
        Ok(self.store.tenant(tenant, self.now()).await?)
    }

    /// A tenant's hold.
    pub async fn hold(&self, tenant: &str, id: &str) -> Result<Option<Hold>, Unavailable> {
        Ok(self.store.hold(tenant, id).await?)
    }

    /// At most `limit` of a tenant's entries, those after number `after`, oldest first.
    pub async fn entries(
        &self,
        tenant: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, Unavailable> {
        Ok(self.store.entries(tenant, Page::After(after), limit).await?)
    }

    /// At most `limit` of a tenant's entries, newest first.
    pub async fn last_entries(&self, tenant: &str, limit: u32) -> Result<Vec<Entry>, Unavailable> {
        Ok(self.store.entries(tenant, Page::Newest, limit).await?)
    }

    /// At most `limit` alerts of a tenant or of all, newest first.
    pub async fn alerts(
        &self,
        tenant: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AlertView>, Unavailable> {
        Ok(self.store.alerts(tenant, limit).await?)
    }

    /// What a tenant or all spent on each model on each of the last `days`, today included.
    pub async fn spend(
        &self,
        tenant: Option<&str>,
        days: u32,
    ) -> Result<Vec<SpendRow>, Unavailable> {
        let before = u64::from(days.saturating_sub(1)).saturating_mul(86_400_000);
        let since = Moment::of_millis(self.now().millis().saturating_sub(before));
        let since = Window::of(Period::Day, since).to_string();
        Ok(self.store.spend(tenant, &since).await?)
    }

    /// The tiers of purchases.
    pub async fn tiers(&self) -> Result<Tiers, Unavailable> {
        Ok(self.store.tiers().await?)
    }

    /// Sweeps up to [`SWEEP_TENANTS`] tenants of what has expired, and gives their number.
    pub async fn sweep(&self) -> Result<usize, Unavailable> {
        let tenants = self.store.expired(self.now(), SWEEP_TENANTS).await?;
        let sweeps = tenants.into_iter().map(|tenant| Command::Sweep(Sweep { tenant }));
        Ok(self.apply_all(sweeps.collect()).await?.len())
    }

    /// Sweeps tenants at an interval until the ledger is closed.
    pub async fn keep_swept(self) {
        loop {
            tokio::time::sleep(SWEEP_INTERVAL).await;
            loop {
                match self.sweep().await {
                    Ok(count) if count >= SWEEP_TENANTS => {}
                    Err(Unavailable::Closing) => return,
                    // The database may be back at the next interval.
                    Ok(_) | Err(_) => break,
                }
            }
        }
    }

    /// Undoes what a clock that was ahead did, or only lists it, by tenant.
    pub async fn repair(&self, apply: bool) -> Result<Vec<(String, Repairs)>, Unavailable> {
        let mut repaired = Vec::new();
        for tenant in self.store.needing_repair(self.now()).await? {
            let repair = Command::Repair(Repair { tenant: tenant.clone(), apply });
            let repairs = self.apply(repair).await?.repairs;
            repaired.extend(repairs.map(|repairs| (tenant, repairs)));
        }
        Ok(repaired)
    }

    /// At most `limit` alerts to deliver now. For half a minute no other call gets the same ones.
    pub async fn due_webhooks(&self, limit: u32) -> Result<Vec<Webhook>, Unavailable> {
        let now = self.now();
        Ok(self.store.claim(now, now.plus_seconds(CLAIM_SECONDS), limit).await?)
    }

    /// Records a delivery: `Ok`, or why it failed. Until then it may be made a second time.
    ///
    /// # Errors
    /// When the database cannot be reached: the alert is then delivered once more.
    pub async fn webhook_done(
        &self,
        webhook: &Webhook,
        result: Result<(), String>,
    ) -> Result<(), Unavailable> {
        let now = self.now();
        let tries = webhook.attempts.saturating_add(1);
        let attempt = match (result, next_delivery(webhook.alert.at, tries, now)) {
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

    /// Records that there is no URL to deliver an alert to.
    pub async fn webhook_nowhere(&self, webhook: &Webhook) -> Result<(), Unavailable> {
        let attempt = Attempt { state: DeliveryState::Nowhere, next_at: self.now(), error: None };
        self.attempted(&webhook.alert, attempt).await
    }

    async fn attempted(&self, alert: &Alert, attempt: Attempt) -> Result<(), Unavailable> {
        Ok(self.store.attempted(&alert.tenant, alert.number, attempt).await?)
    }

    /// Whether the database can be read and written. It is checked twice a second at most, however
    /// many calls there are.
    ///
    /// # Errors
    /// Why it cannot, by the latest check.
    pub async fn ready(&self) -> Result<(), Unavailable> {
        let mut last_ready = self.last_ready.lock().await;
        if let Some((_, found)) =
            last_ready.as_ref().filter(|(at, _)| at.elapsed() < READY_VALID_FOR)
        {
            return found.clone();
        }
        let found = self.store.ready().await.map_err(Unavailable::from);
        let failed = || self.failed().map_or(Ok(()), |why| Err(Unavailable::Database(why)));
        let found = found.and_then(|()| failed());
        *last_ready = Some((instant(), found.clone()));
        found
    }

    /// Recomputes every balance, hold, lot and meter, and lists what differs.
    pub async fn audit(&self) -> Result<Audit, Unavailable> {
        Ok(self.store.audit().await?)
    }

    /// The same without opening a ledger: the database is only read, and nothing in it expires.
    ///
    /// # Errors
    /// When the database cannot be read, or is of another version.
    pub async fn audit_of(url: &StoreUrl) -> Result<Audit, Unavailable> {
        Ok(match url.0.clone() {
            Database::Sqlite { path, .. } => {
                let audit = tokio::task::spawn_blocking(move || Sqlite::audit_of(&path)).await;
                audit.map_err(|why| Unavailable::Database(why.to_string()))??
            }
            Database::Memory => Audit::default(),
            Database::Postgres(url) => Postgres::audit_of(&url).await?,
        })
    }

    /// Carries out the commands that wait, then closes the database.
    pub async fn close(self) {
        self.writer.close().await;
        drop(self.store.close().await);
    }
}

async fn connect(place: &Database, options: OpenOptions) -> Result<Arc<dyn Store>, String> {
    Ok(match place {
        Database::Sqlite { path, durable } => Arc::new(Sqlite::open(path, *durable, options)?),
        Database::Memory => Arc::new(Sqlite::in_memory(options)?),
        Database::Postgres(url) => Arc::new(Postgres::open(url, options).await?),
    })
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("store", &self.store).finish_non_exhaustive()
    }
}
