//! Accounts on a server: PostgreSQL, or what speaks its protocol. Several ledgers may share it.
mod audit;
mod batch;
mod open;
mod rows;
mod views;
mod write;

use std::sync::Arc;

use sqlx::postgres::PgPool;

use super::{Attempt, LANES, Locks, OpenOptions, Page, Reply, Store, StoreError};
use crate::companion::ledger::clock::{Start, WatchedClock, instant};
use crate::companion::ledger::view::{AlertView, Audit, SpendRow, TenantView, Webhook};
use crate::credit::{Answer, Command, Entry, Hold, Moment, Tiers};

/// Connections that read, at most.
const READERS: u32 = 6;

/// A database of accounts.
#[derive(Debug)]
pub(crate) struct Postgres {
    clock: WatchedClock,
    writer: PgPool,
    reader: PgPool,
}

impl Postgres {
    /// Brings the tables up to date; connections are made when they are needed.
    pub(crate) async fn open(url: &str, options: OpenOptions) -> Result<Self, String> {
        let server = open::options(url)?;
        let (reading, newest) = open::migrate(&server).await?;
        let start = Start { reading, newest, trusted: options.trusts_clock };
        let clock = WatchedClock::new(start, instant());
        // One for the writer, one for alerts and for a batch whose first is broken; and the lanes'.
        let lanes = u32::try_from(LANES).unwrap_or(u32::MAX);
        let writer = open::pool(&server, lanes.saturating_add(2), true);
        Ok(Self { clock, writer, reader: open::pool(&server, READERS, false) })
    }
}

impl Postgres {
    /// Audits a server that nothing else is done to: it is only read.
    pub(crate) async fn audit_of(url: &str) -> Result<Audit, StoreError> {
        audit::audit_server(url).await
    }
}

impl Store for Postgres {
    fn transact(
        &self,
        commands: Arc<[Command]>,
        now: Option<Moment>,
        locks: Locks,
    ) -> Reply<'_, Vec<Option<Answer>>> {
        Box::pin(async move {
            let time = batch::Time { given: now, clock: &self.clock };
            batch::batch(&self.writer, &commands, time, locks).await
        })
    }

    fn now(&self) -> Moment {
        self.clock.now(instant())
    }

    fn clock_warning(&self) -> Option<String> {
        self.clock.warning(instant())
    }

    fn tenants(&self, after: Option<&str>, limit: u32, now: Moment) -> Reply<'_, Vec<TenantView>> {
        let after = after.unwrap_or_default().to_owned();
        Box::pin(async move {
            views::tenants(&mut *self.reader.acquire().await?, &after, limit, now).await
        })
    }

    fn tenant(&self, tenant: &str, now: Moment) -> Reply<'_, Option<TenantView>> {
        let tenant = tenant.to_owned();
        Box::pin(
            async move { views::tenant(&mut *self.reader.acquire().await?, &tenant, now).await },
        )
    }

    fn hold(&self, tenant: &str, id: &str) -> Reply<'_, Option<Hold>> {
        let (tenant, id) = (tenant.to_owned(), id.to_owned());
        Box::pin(async move { views::hold(&mut *self.reader.acquire().await?, &tenant, &id).await })
    }

    fn entries(&self, tenant: &str, page: Page, limit: u32) -> Reply<'_, Vec<Entry>> {
        let tenant = tenant.to_owned();
        Box::pin(async move {
            views::entries(&mut *self.reader.acquire().await?, &tenant, page, limit).await
        })
    }

    fn alerts(&self, tenant: Option<&str>, limit: u32) -> Reply<'_, Vec<AlertView>> {
        let tenant = tenant.map(str::to_owned);
        Box::pin(async move {
            views::alerts(&mut *self.reader.acquire().await?, tenant.as_deref(), limit).await
        })
    }

    fn spend(&self, tenant: Option<&str>, since: &str) -> Reply<'_, Vec<SpendRow>> {
        let (tenant, since) = (tenant.map(str::to_owned), since.to_owned());
        Box::pin(async move {
            views::spend(&mut *self.reader.acquire().await?, tenant.as_deref(), &since).await
        })
    }

    fn tiers(&self) -> Reply<'_, Tiers> {
        Box::pin(async move { batch::tiers(&mut *self.reader.acquire().await?).await })
    }

    fn expired(&self, now: Moment, limit: usize) -> Reply<'_, Vec<String>> {
        Box::pin(
            async move { views::expired(&mut *self.reader.acquire().await?, now, limit).await },
        )
    }

    fn needing_repair(&self, now: Moment) -> Reply<'_, Vec<String>> {
        Box::pin(
            async move { views::needing_repair(&mut *self.reader.acquire().await?, now).await },
        )
    }

    fn claim(&self, now: Moment, until: Moment, limit: u32) -> Reply<'_, Vec<Webhook>> {
        Box::pin(async move {
            views::claim(&mut *self.writer.acquire().await?, now, until, limit).await
        })
    }

    fn attempted(&self, tenant: &str, number: u64, attempt: Attempt) -> Reply<'_, ()> {
        let tenant = tenant.to_owned();
        Box::pin(async move {
            views::attempted(&mut *self.writer.acquire().await?, &tenant, number, attempt).await
        })
    }

    fn ready(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            let mut connection = self.writer.acquire().await?;
            let reading = views::time(&mut connection).await?;
            self.clock.read(reading, instant());
            if self.clock.is_ahead() {
                self.clock.set_ahead(views::newest(&mut connection).await?, instant());
            }
            views::probe(&mut connection, reading).await
        })
    }

    fn audit(&self) -> Reply<'_, Audit> {
        Box::pin(async move { audit::audit(&self.reader).await })
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            self.writer.close().await;
            self.reader.close().await;
            Ok(())
        })
    }
}
