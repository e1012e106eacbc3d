//! Real stores behind the real engine.
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::{Builder, Runtime};
use tradewind::companion::ledger::{Ledger, StoreUrl};
use tradewind::credit::{Command, Moment};

use crate::subject::{self, Question, Subject, Told};

/// A ledger, its clock, and what runs it.
pub(crate) struct Kept {
    pub(crate) ledger: Ledger,
    clock: Arc<AtomicU64>,
    pub(crate) runtime: Runtime,
}

impl Kept {
    pub(crate) fn open(url: &str) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = Arc::new(AtomicU64::new(0));
        let tells = Arc::clone(&clock);
        let tells = Arc::new(move || Moment::of_millis(tells.load(Ordering::SeqCst)));
        let url: StoreUrl = url.parse().unwrap();
        let ledger = runtime.block_on(Ledger::open_with(&url, tells)).unwrap();
        Self { ledger, clock, runtime }
    }
}

impl Subject for Kept {
    fn at(&mut self, now: Moment) {
        self.clock.store(now.millis(), Ordering::SeqCst);
    }

    fn apply(&mut self, commands: Vec<Command>) -> Vec<Told> {
        let answers = self.runtime.block_on(self.ledger.apply_all(commands)).unwrap();
        answers.iter().map(Told::of).collect()
    }

    fn sees(&mut self, question: &Question) -> String {
        let ledger = &self.ledger;
        let tenant = |tenant: &str| self.runtime.block_on(ledger.tenant(tenant)).unwrap();
        match question {
            Question::Account(name) => subject::account(tenant(name).map(|v| v.account).as_ref()),
            Question::Lots(name) => subject::lots(tenant(name).map(|v| v.account).as_ref()),
            Question::Hold(tenant, id) => {
                subject::hold(self.runtime.block_on(ledger.hold(tenant, id)).unwrap().as_ref())
            }
            Question::Charges(name, id) => {
                let all = self.runtime.block_on(ledger.entries(name, 0, 1_000)).unwrap();
                subject::charges(all.iter(), id)
            }
            Question::Spent(name) => {
                let rows = self.runtime.block_on(ledger.spend(Some(name), 10_000)).unwrap();
                subject::spent(rows.into_iter().map(|row| (row.model, row.credits)))
            }
            Question::Last(name) => {
                let last = self.runtime.block_on(ledger.last_entries(name, 1)).unwrap();
                subject::entry(last.first())
            }
            Question::Entries(name) => {
                let all = self.runtime.block_on(ledger.entries(name, 0, 1_000)).unwrap();
                all.len().to_string()
            }
            Question::Budget(name, index) => {
                subject::budget(tenant(name).and_then(|view| view.budgets.get(*index)?.1))
            }
            Question::Alerts(name) => {
                let alerts = self.runtime.block_on(ledger.alerts(Some(name), 1_000)).unwrap();
                subject::alerts(alerts.iter().rev().map(|view| &view.alert))
            }
        }
    }

    fn audit(&mut self) -> Vec<String> {
        self.runtime.block_on(self.ledger.audit()).unwrap().differences
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.runtime.block_on(self.ledger.clone().close());
    }
}

/// A folder that is gone afterwards.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = path.join(format!("ledger-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in the target folder.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A PostgreSQL that the environment names.
pub(crate) struct Server {
    url: String,
    runtime: Runtime,
}

impl Server {
    /// Says loudly that nothing is proved where there is none.
    pub(crate) fn from_environment() -> Option<Self> {
        let Some(url) = std::env::var("POSTGRES_URL").ok().filter(|url| !url.is_empty()) else {
            // Not by a macro: those are silent in a test that passes.
            let said = b"\n  SKIPPED: nothing ran on PostgreSQL, POSTGRES_URL names none\n";
            std::io::stderr().write_all(said).unwrap();
            return None;
        };
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Some(Self { url, runtime })
    }

    /// The URL of a schema in which nothing is yet.
    pub(crate) fn fresh(&self) -> String {
        static SCHEMAS: AtomicU64 = AtomicU64::new(0);
        let number = SCHEMAS.fetch_add(1, Ordering::SeqCst);
        let name = format!("test_{}_{number}", std::process::id());
        self.run(&format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"));
        let and = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{and}options=-csearch_path%3D{name}", self.url)
    }

    /// The URL of a database that nobody else is connected to, and its name.
    pub(crate) fn alone(&self) -> (String, String) {
        let name = format!("test_{}_alone", std::process::id());
        self.run(&format!("DROP DATABASE IF EXISTS {name}"));
        self.run(&format!("CREATE DATABASE {name}"));
        let (url, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (place, _) = url.rsplit_once('/').unwrap();
        (format!("{place}/{name}?{query}"), name)
    }

    /// Runs statements, on a connection of their own.
    pub(crate) fn run(&self, sql: &str) {
        self.runtime.block_on(async {
            use sqlx::Connection as _;
            let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
            let sql = sqlx::AssertSqlSafe(sql.to_owned());
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        });
    }
}
