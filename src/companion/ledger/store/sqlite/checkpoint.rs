//! Moves what was written from the log into the file, so that no command waits for that.
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
    /// It ends when this is gone.
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
            // One that fell has stopped as well.
            drop(thread.join());
        }
    }
}

fn keep_moving(path: &Path, mode: Mode, stopped: &Receiver<()>) {
    let mut connection: Option<Connection> = None;
    while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        connection = connection.or_else(|| open(path, mode).ok());
        let moved = connection.as_ref().map(|connection| {
            // In nobody's way: it moves what nobody reads any more, and waits for nobody.
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        });
        if moved.is_none_or(|moved| moved.is_err()) {
            // Full or away: the log keeps what was written, and it is tried again.
            connection = None;
        }
    }
}
