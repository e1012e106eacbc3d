//! The ledger as the rest of the service sees it: commands in, answers out, and views.
mod asked;
mod error;
mod stats;
mod url;
mod writer;

pub use error::{OpenError, Unavailable};
pub use stats::{BATCH_BOUNDS, Stats};
pub use url::{NotAStore, StoreUrl};

use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use super::clock::instant;
use super::store::{Attempt, Opening, Page, Postgres, Sqlite, Store};
use super::view::{AlertView, Audit, DeliveryState, SpendRow, TenantView, Webhook};
use crate::credit::{
    Alert, Answer, Command, Entry, Hold, Moment, Per, Repair, Repairs, Sweep, Tiers, Window, retry,
};
use url::Place;
use writer::Writer;

/// How often what has expired goes, of tenants that nothing else happens to.
const SWEEP: Duration = Duration::from_secs(5);

/// Tenants that are swept in one transaction.
const SWEPT: usize = 200;

/// How long what was found of the database holds: whoever asks has no token.
const LOOK: Duration = Duration::from_millis(500);

/// How long an alert is left to whoever claimed it.
const LEASE_SECONDS: u64 = 30;

/// What tells the time.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// A ledger. Clones are the same one.
#[derive(Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
    /// None: the store's own.
    clock: Option<Clock>,
    writer: Arc<Writer>,
    /// When it was last looked whether the database can be written, and what was found.
    looked: Arc<tokio::sync::Mutex<Option<Looked>>>,
}

type Looked = (Instant, Result<(), Unavailable>);

impl Ledger {
    /// Opens a database, and brings its tables up to date. It goes by the server's clock, or by
    /// this machine's where there is no server; `trusts_clock` where an operator says that it is
    /// right however long nothing has happened. Nothing expires between commands but by
    /// [`Ledger::keep_swept`].
    ///
    /// # Errors
    /// When it cannot be reached, read or brought up to date.
    pub async fn open(url: &StoreUrl, trusts_clock: bool) -> Result<Self, OpenError> {
        Self::start(url, Opening { trusts_clock }, None).await
    }

    /// The same, by a clock of one's own.
    ///
    /// # Errors
    /// When it cannot be reached, read or brought up to date.
    pub async fn open_with(url: &StoreUrl, clock: Clock) -> Result<Self, OpenError> {
        Self::start(url, Opening::default(), Some(clock)).await
    }

    async fn start(
        url: &StoreUrl,
        opening: Opening,
        clock: Option<Clock>,
    ) -> Result<Self, OpenError> {
        let store = connect(&url.0, opening).await.map_err(OpenError)?;
        let writer = Arc::new(Writer::start(Arc::clone(&store), clock.clone()));
        Ok(Self { store, clock, writer, looked: Arc::default() })
    }

    /// The time by its clock.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.as_ref().map_or_else(|| self.store.now(), |clock| clock())
    }

    /// What is wrong with its clock, and what to do.
    #[must_use]
    pub fn clock_trouble(&self) -> Option<String> {
        if self.clock.is_some() { None } else { self.store.clock_trouble() }
    }

    /// Why the last transaction failed, where that is not long ago.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        self.writer.failed()
    }

    /// What its writer has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.writer.stats()
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

    /// Does some commands, those of an account in their order and in one transaction: all of them
    /// or none. When one account's fail, others' may be done: asked again, each is done once.
    ///
    /// # Errors
    /// When the database is away, or too much waits already.
    pub async fn apply_all(&self, commands: Vec<Command>) -> Result<Vec<Answer>, Unavailable> {
        self.writer.ask(commands)?.all().await
    }

    /// The same, each account's answered for itself as far as that can be had soon: within two
    /// seconds, or half of one after the first.
    ///
    /// # Errors
    /// When too much waits already.
    pub async fn apply_each(
        &self,
        commands: Vec<Command>,
    ) -> Result<Vec<Result<Answer, Unavailable>>, Unavailable> {
        Ok(self.writer.ask(commands)?.each().await)
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

    /// A tenant's hold.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn hold(&self, tenant: &str, id: &str) -> Result<Option<Hold>, Unavailable> {
        Ok(self.store.hold(tenant, id).await?)
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
        let since = Window::of(Per::Day, since).to_string();
        Ok(self.store.spend(tenant, &since).await?)
    }

    /// The tiers of purchases.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tiers(&self) -> Result<Tiers, Unavailable> {
        Ok(self.store.tiers().await?)
    }

    /// Lets what has expired go, of some tenants; of how many.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self) -> Result<usize, Unavailable> {
        let tenants = self.store.expired(self.now(), SWEPT).await?;
        let sweeps = tenants.into_iter().map(|tenant| Command::Sweep(Sweep { tenant }));
        Ok(self.apply_all(sweeps.collect()).await?.len())
    }

    /// Lets what has expired go, of tenants that nothing else happens to, until it is closed.
    pub async fn keep_swept(self) {
        loop {
            tokio::time::sleep(SWEEP).await;
            loop {
                match self.sweep().await {
                    Ok(count) if count >= SWEPT => {}
                    Err(Unavailable::Closing) => return,
                    // A database that is away is asked again in a while.
                    Ok(_) | Err(_) => break,
                }
            }
        }
    }

    /// Undoes what a wrong clock did, or only looks: whose accounts, and what.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn repair(&self, apply: bool) -> Result<Vec<(String, Repairs)>, Unavailable> {
        let mut repaired = Vec::new();
        for tenant in self.store.wronged(self.now()).await? {
            let repair = Command::Repair(Repair { tenant: tenant.clone(), apply });
            let repairs = self.apply(repair).await?.repairs;
            repaired.extend(repairs.map(|repairs| (tenant, repairs)));
        }
        Ok(repaired)
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

    /// Whether the database can be read and written. However many ask, it is looked at twice a
    /// second at most.
    ///
    /// # Errors
    /// When it cannot, or could not the last time.
    pub async fn ready(&self) -> Result<(), Unavailable> {
        let mut looked = self.looked.lock().await;
        if let Some((_, found)) = looked.as_ref().filter(|(at, _)| at.elapsed() < LOOK) {
            return found.clone();
        }
        let found = self.store.ready().await.map_err(Unavailable::from);
        let failed = || self.failed().map_or(Ok(()), |why| Err(Unavailable::Database(why)));
        let found = found.and_then(|()| failed());
        *looked = Some((instant(), found.clone()));
        found
    }

    /// Recomputes every balance, hold, lot and meter, and lists what differs.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn audit(&self) -> Result<Audit, Unavailable> {
        Ok(self.store.audit().await?)
    }

    /// The same of a database that nothing else is done to: it is only read, also where something
    /// of it has expired.
    ///
    /// # Errors
    /// When it cannot be read, or is of another version.
    pub async fn audit_of(url: &StoreUrl) -> Result<Audit, Unavailable> {
        Ok(match url.0.clone() {
            Place::Sqlite { path, .. } => {
                let audit = tokio::task::spawn_blocking(move || Sqlite::audit_of(&path)).await;
                audit.map_err(|why| Unavailable::Database(why.to_string()))??
            }
            Place::Memory => Audit::default(),
            Place::Postgres(url) => Postgres::audit_of(&url).await?,
        })
    }

    /// Does what waits, then lets the database go.
    pub async fn close(self) {
        self.writer.close().await;
        drop(self.store.close().await);
    }
}

async fn connect(place: &Place, opening: Opening) -> Result<Arc<dyn Store>, String> {
    Ok(match place {
        Place::Sqlite { path, durable } => Arc::new(Sqlite::open(path, *durable, opening)?),
        Place::Memory => Arc::new(Sqlite::in_memory(opening)?),
        Place::Postgres(url) => Arc::new(Postgres::open(url, opening).await?),
    })
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("store", &self.store).finish_non_exhaustive()
    }
}
