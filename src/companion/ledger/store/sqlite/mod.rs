//! Accounts in one file: SQLite, in this process.
//!
//! One thread writes, another reads what was written last, a third tidies up. Several processes on
//! one file wait for each other.
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

use super::{Attempt, Page, Reply, Store};
use crate::companion::ledger::view::{AlertView, Audit, SpendRow, TenantView, Webhook};
use crate::credit::{Answer, Command, Entry, Hold, Moment, Tiers};
use checkpoint::Checkpoints;
use open::{Mode, create, open, prepare};
use worker::Worker;

/// A file of accounts.
#[derive(Debug)]
pub(crate) struct Sqlite {
    writer: Arc<Worker>,
    reader: Arc<Worker>,
    /// None in memory.
    checkpoints: Option<Checkpoints>,
}

impl Sqlite {
    /// Opens a file, made where it is missing. `durable`: an answer waits for the disk.
    pub(crate) fn open(path: &Path, durable: bool) -> Result<Self, String> {
        let mode = Mode::Write { durable };
        let write = create(path, mode)?;
        let read = open(path, Mode::Read).map_err(|fault| fault.to_string())?;
        let checkpoints = Some(Checkpoints::start(path, mode)?);
        let path = Some(path.to_owned());
        Ok(Self {
            checkpoints,
            writer: Arc::new(Worker::new("ledger-writer", write, path.clone(), mode)?),
            reader: Arc::new(Worker::new("ledger-reader", read, path, Mode::Read)?),
        })
    }

    /// Keeps accounts as long as the process lives.
    pub(crate) fn in_memory() -> Result<Self, String> {
        let mode = Mode::Write { durable: false };
        let mut connection = Connection::open_in_memory().map_err(|error| error.to_string())?;
        prepare(&mut connection, mode)?;
        let writer = Arc::new(Worker::new("ledger-writer", connection, None, mode)?);
        Ok(Self { reader: Arc::clone(&writer), writer, checkpoints: None })
    }
}

impl Store for Sqlite {
    fn transact(&self, commands: Arc<[Command]>, now: Moment) -> Reply<'_, Vec<Answer>> {
        self.writer.run(move |connection| batch::batch(connection, &commands, now))
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

    fn claim(&self, now: Moment, until: Moment, limit: u32) -> Reply<'_, Vec<Webhook>> {
        self.writer.run(move |connection| views::claim(connection, now, until, limit))
    }

    fn attempted(&self, tenant: &str, number: u64, attempt: Attempt) -> Reply<'_, ()> {
        let tenant = tenant.to_owned();
        self.writer.run(move |connection| views::attempted(connection, &tenant, number, &attempt))
    }

    fn ready(&self) -> Reply<'_, ()> {
        self.reader.run(|connection| {
            Ok(connection.query_row("SELECT count(*) FROM tiers", [], |_| Ok(()))?)
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
