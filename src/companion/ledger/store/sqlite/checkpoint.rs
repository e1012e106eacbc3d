//! Moves what was written from the log into the file, so that no command has to wait for it.
use core::time::Duration;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;

use super::open::{Mode, open};

const PAUSE: Duration = Duration::from_millis(500);

/// A thread of its own.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// The thread ends when this is dropped.
    stop: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

impl Checkpoints {
    pub(super) fn start(path: &Path, mode: Mode) -> Result<Self, String> {
        let (stop, stopped) = channel();
        let path = path.to_owned();
        let thread = Builder::new().name("ledger-checkpoint".to_owned());
        let thread = thread.spawn(move || keep_moving(&path, mode, &stopped));
        let thread = thread.map_err(|error| format!("no thread for the database: {error}"))?;
        Ok(Self { stop: Mutex::new(Some((stop, thread))) })
    }

    pub(super) fn stop(&self) {
        let stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stop, thread)) = stop {
            drop(stop);
            // A thread that failed has stopped as well.
            drop(thread.join());
        }
    }
}

fn keep_moving(path: &Path, mode: Mode, stopped: &Receiver<()>) {
    let mut connection: Option<Connection> = None;
    while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        connection = connection.or_else(|| open(path, mode).ok());
        let moved = connection.as_ref().map(|connection| {
            // A passive checkpoint: it moves what no one reads any more, and waits for no one.
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        });
        if moved.is_none_or(|moved| moved.is_err()) {
            // The disk may be full or gone: the log keeps what was written until the next try.
            connection = None;
        }
    }
}
