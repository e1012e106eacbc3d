//! A thread with a connection of its own, which runs one job after the other.
use core::fmt;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::open::{Mode, open};
use crate::companion::ledger::store::{Reply, StoreError};

type Job = Box<dyn FnOnce(&mut Link) + Send>;

/// A connection that is opened again when it broke.
pub(super) struct Link {
    path: Option<PathBuf>,
    mode: Mode,
    connection: Option<Connection>,
}

/// The thread's other end.
pub(super) struct Worker {
    jobs: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts a thread with a connection. Without a path it cannot be opened again.
    pub(super) fn new(
        name: &str,
        connection: Connection,
        path: Option<PathBuf>,
        mode: Mode,
    ) -> Result<Self, String> {
        let (jobs, waiting): (Sender<Job>, Receiver<Job>) = channel();
        let mut link = Link { path, mode, connection: Some(connection) };
        let thread = Builder::new().name(name.to_owned()).spawn(move || {
            while let Ok(job) = waiting.recv() {
                job(&mut link);
            }
        });
        let thread = thread.map_err(|error| format!("no thread for the database: {error}"))?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) })
    }

    /// Runs a job with the connection, after those that were given before.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<'_, T> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |link| {
            // The caller may be gone.
            drop(answer.send(link.run(work)));
        });
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        Box::pin(async move {
            let closed = || StoreError::Away("the database is closed".to_owned());
            if sent { answered.await.map_err(|_| closed())? } else { Err(closed()) }
        })
    }

    /// Runs the jobs that wait, then closes the connection.
    pub(super) fn close(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that failed has closed its connection as well.
            drop(thread.join());
        }
    }
}

impl Link {
    fn run<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.connection.is_none() {
            let path =
                self.path.as_ref().ok_or_else(|| StoreError::Away("it is gone".to_owned()))?;
            self.connection = Some(open(path, self.mode)?);
        }
        let gone = || StoreError::Away("it is gone".to_owned());
        let result = work(self.connection.as_mut().ok_or_else(gone)?);
        if matches!(result, Err(StoreError::Away(_))) && self.path.is_some() {
            self.connection = None;
        }
        result
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}
