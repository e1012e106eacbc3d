//! Accounts in one file: SQLite, in this process.
//!
//! One thread writes, another reads, a third moves what was written from the log into the file.
//! Several processes on one file wait for each other.
mod audit;
mod batch;
mod checkpoint;
mod open;
mod rows;
mod views;
mod worker;

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::{Attempt, Locks, OpenOptions, Page, Reply, Store, StoreError};
use crate::companion::ledger::clock::{Start, WatchedClock, instant, system_time};
use crate::companion::ledger::view::{AlertView, Audit, SpendRow, TenantView, Webhook};
use crate::credit::{Answer, Command, Entry, Hold, Moment, Tiers};
use checkpoint::Checkpoints;
use open::{Mode, create, open, prepare};
use worker::Worker;

/// Accounts in a file, or in memory.
#[derive(Debug)]
pub(crate) struct Sqlite {
    clock: Arc<WatchedClock>,
    writer: Arc<Worker>,
    reader: Arc<Worker>,
    /// `None` for a database in memory.
    checkpoints: Option<Checkpoints>,
}

impl Sqlite {
    /// Opens a file, made where it is missing. `durable`: an answer waits for the disk.
    pub(crate) fn open(path: &Path, durable: bool, options: OpenOptions) -> Result<Self, String> {
        let mode = Mode::Write { durable };
        let write = create(path, mode)?;
        let clock = watch(&write, options)?;
        let read = open(path, Mode::Read).map_err(|error| error.to_string())?;
        let checkpoints = Some(Checkpoints::start(path, mode)?);
        let path = Some(path.to_owned());
        Ok(Self {
            clock,
            checkpoints,
            writer: Arc::new(Worker::new("ledger-writer", write, path.clone(), mode)?),
            reader: Arc::new(Worker::new("ledger-reader", read, path, Mode::Read)?),
        })
    }

    /// Accounts in memory, for as long as the process lives.
    pub(crate) fn in_memory(options: OpenOptions) -> Result<Self, String> {
        let mode = Mode::Write { durable: false };
        let mut connection = Connection::open_in_memory().map_err(|error| error.to_string())?;
        prepare(&mut connection, mode)?;
        let clock = watch(&connection, options)?;
        let writer = Arc::new(Worker::new("ledger-writer", connection, None, mode)?);
        Ok(Self { clock, reader: Arc::clone(&writer), writer, checkpoints: None })
    }
}

fn watch(connection: &Connection, options: OpenOptions) -> Result<Arc<WatchedClock>, String> {
    let newest = views::newest(connection).map_err(|error| error.to_string())?;
    let start = Start { reading: system_time(), newest, trusted: options.trusts_clock };
    Ok(Arc::new(WatchedClock::new(start, instant())))
}

impl Sqlite {
    /// Audits a file that nothing else is done to: it is only read.
    pub(crate) fn audit_of(path: &Path) -> Result<Audit, StoreError> {
        audit::audit_file(path)
    }
}

impl Store for Sqlite {
    fn transact(
        &self,
        commands: Arc<[Command]>,
        now: Option<Moment>,
        _locks: Locks,
    ) -> Reply<'_, Vec<Option<Answer>>> {
        let clock = Arc::clone(&self.clock);
        let time = move || now.unwrap_or_else(|| clock.read(system_time(), instant()));
        self.writer.run(move |connection| batch::batch(connection, &commands, time))
    }

    fn now(&self) -> Moment {
        self.clock.read(system_time(), instant())
    }

    fn clock_warning(&self) -> Option<String> {
        self.clock.read(system_time(), instant());
        self.clock.warning(instant())
    }

    fn tenants(&self, after: Option<&str>, limit: u32, now: Moment) -> Reply<'_, Vec<TenantView>> {
        let after = after.unwrap_or_default().to_owned();
        self.reader.run(move |connection| views::tenants(connection, &after, limit, now))
    }

    fn tenant(&self, tenant: &str, now: Moment) -> Reply<'_, Option<TenantView>> {
        let tenant = tenant.to_owned();
        self.reader.run(move |connection| views::tenant(connection, &tenant, now))
    }

    fn hold(&self, tenant: &str, id: &str) -> Reply<'_, Option<Hold>> {
        let (tenant, id) = (tenant.to_owned(), id.to_owned());
        self.reader.run(move |connection| views::hold(connection, &tenant, &id))
    }

    fn entries(&self, tenant: &str, page: Page, limit: u32) -> Reply<'_, Vec<Entry>> {
        let tenant = tenant.to_owned();
        self.reader.run(move |connection| views::entries(connection, &tenant, page, limit))
    }

    fn alerts(&self, tenant: Option<&str>, limit: u32) -> Reply<'_, Vec<AlertView>> {
        let tenant = tenant.map(str::to_owned);
        self.reader.run(move |connection| views::alerts(connection, tenant.as_deref(), limit))
    }

    fn spend(&self, tenant: Option<&str>, since: &str) -> Reply<'_, Vec<SpendRow>> {
        let (tenant, since) = (tenant.map(str::to_owned), since.to_owned());
        self.reader.run(move |connection| views::spend(connection, tenant.as_deref(), &since))
    }

    fn tiers(&self) -> Reply<'_, Tiers> {
        self.reader.run(|connection| batch::tiers(connection))
    }

    fn expired(&self, now: Moment, limit: usize) -> Reply<'_, Vec<String>> {
        self.reader.run(move |connection| views::expired(connection, now, limit))
    }

    fn needing_repair(&self, now: Moment) -> Reply<'_, Vec<String>> {
        self.reader.run(move |connection| views::needing_repair(connection, now))
    }

    fn claim(&self, now: Moment, until: Moment, limit: u32) -> Reply<'_, Vec<Webhook>> {
        self.writer.run(move |connection| views::claim(connection, now, until, limit))
    }

    fn attempted(&self, tenant: &str, number: u64, attempt: Attempt) -> Reply<'_, ()> {
        let tenant = tenant.to_owned();
        self.writer.run(move |connection| views::attempted(connection, &tenant, number, &attempt))
    }

    fn ready(&self) -> Reply<'_, ()> {
        let clock = Arc::clone(&self.clock);
        self.writer.run(move |connection| {
            if clock.is_ahead() {
                clock.set_ahead(views::newest(connection)?, instant());
            }
            views::probe(connection, system_time())
        })
    }

    fn audit(&self) -> Reply<'_, Audit> {
        self.reader.run(audit::audit)
    }

    fn close(&self) -> Reply<'_, ()> {
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.stop();
        }
        self.reader.close();
        self.writer.close();
        Box::pin(core::future::ready(Ok(())))
    }
}
