//! The one writer of a process: what waits becomes one transaction, and each is answered.
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::stats::{Counters, Stats};
use super::{Clock, Unavailable};
use crate::companion::ledger::store::{Fault, Store};
use crate::credit::{Answer, Command};

/// So many commands may wait; more are refused.
const WAITING_MAX: u32 = 20_000;

/// A transaction takes no more once it has so many commands.
const BATCH: usize = 500;

/// A transaction that met another writer is tried so often.
const TRIES: u32 = 6;

/// It has failed when it takes longer than this, with every try.
const PATIENCE: Duration = Duration::from_secs(10);

/// Commands in, answers out.
pub(super) struct Writer {
    /// None once it closes.
    queue: Mutex<Option<UnboundedSender<Waiting>>>,
    room: Arc<Semaphore>,
    task: Mutex<Option<JoinHandle<()>>>,
    counters: Arc<Counters>,
}

/// Commands that belong together, and who waits for their answers.
struct Waiting {
    commands: Vec<Command>,
    answer: oneshot::Sender<Result<Vec<Answer>, Unavailable>>,
    _room: OwnedSemaphorePermit,
}

impl Writer {
    /// Starts the task.
    pub(super) fn start(store: Arc<dyn Store>, clock: Clock) -> Self {
        let (queue, waiting) = unbounded_channel();
        let counters = Arc::new(Counters::default());
        let desk = Desk { store, clock, counters: Arc::clone(&counters) };
        Self {
            queue: Mutex::new(Some(queue)),
            room: Arc::new(Semaphore::new(places())),
            task: Mutex::new(Some(tokio::spawn(desk.serve(waiting)))),
            counters,
        }
    }

    /// What it has done so far.
    pub(super) fn stats(&self) -> Stats {
        let waiting = places().saturating_sub(self.room.available_permits());
        self.counters.stats(u64::try_from(waiting).unwrap_or(u64::MAX))
    }

    /// Waits in the queue and for the answers.
    pub(super) async fn apply(&self, commands: Vec<Command>) -> Result<Vec<Answer>, Unavailable> {
        let count = u32::try_from(commands.len()).unwrap_or(u32::MAX).min(WAITING_MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(count);
        let room = room.map_err(|_| {
            Counters::count(&self.counters.refused);
            Unavailable::Busy
        })?;
        let (answer, answered) = oneshot::channel();
        {
            let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let queue = queue.as_ref().ok_or(Unavailable::Closing)?;
            if commands.is_empty() {
                return Ok(Vec::new());
            }
            let waiting = Waiting { commands, answer, _room: room };
            queue.send(waiting).map_err(|_| Unavailable::Closing)?;
        }
        answered.await.map_err(|_| Unavailable::Closing)?
    }

    /// Does what waits, and takes nothing more.
    pub(super) async fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // One that fell has nothing to finish.
            drop(task.await);
        }
    }
}

fn places() -> usize {
    usize::try_from(WAITING_MAX).unwrap_or(usize::MAX)
}

/// The task's own side.
struct Desk {
    store: Arc<dyn Store>,
    clock: Clock,
    counters: Arc<Counters>,
}

impl Desk {
    async fn serve(self, mut queue: UnboundedReceiver<Waiting>) {
        while let Some(first) = queue.recv().await {
            let batch = gather(first, &mut queue);
            if let Err(why) = self.settle(batch).await {
                // Whoever waits behind would only wait as long again, and one after the other.
                while let Ok(waiting) = queue.try_recv() {
                    waiting.tell(Err(why.clone()));
                }
            }
        }
    }

    /// Does a batch and answers it. An error when the database is away.
    async fn settle(&self, mut batch: Vec<Waiting>) -> Result<(), Unavailable> {
        let counts: Vec<usize> = batch.iter().map(|waiting| waiting.commands.len()).collect();
        let commands: Arc<[Command]> =
            batch.iter_mut().flat_map(|waiting| waiting.commands.drain(..)).collect();
        match self.transact(Arc::clone(&commands)).await {
            Ok(answers) => {
                let mut answers = answers.into_iter();
                for (waiting, count) in batch.into_iter().zip(counts) {
                    waiting.tell(Ok(answers.by_ref().take(count).collect()));
                }
                Ok(())
            }
            // One of them cannot be kept, whatever it is: the others can.
            Err(Fault::Refused(_)) if batch.len() > 1 => {
                let mut commands = commands.iter();
                for (waiting, count) in batch.into_iter().zip(counts) {
                    let own = commands.by_ref().take(count).cloned().collect();
                    waiting.tell(self.transact(own).await.map_err(Unavailable::from));
                }
                Ok(())
            }
            Err(fault) => {
                let away = matches!(fault, Fault::Away(_));
                let why = Unavailable::from(fault);
                for waiting in batch {
                    waiting.tell(Err(why.clone()));
                }
                if away { Err(why) } else { Ok(()) }
            }
        }
    }

    /// One transaction, again when another writer was in its way.
    async fn transact(&self, commands: Arc<[Command]>) -> Result<Vec<Answer>, Fault> {
        let (now, count) = ((self.clock)(), commands.len());
        let tries = async {
            let mut pause = Duration::from_millis(2);
            for _ in 1..TRIES {
                match self.store.transact(Arc::clone(&commands), now).await {
                    Err(Fault::Conflict(_)) => Counters::count(&self.counters.conflicts),
                    result => return result,
                }
                sleep(pause).await;
                pause = pause.saturating_mul(3);
            }
            self.store.transact(Arc::clone(&commands), now).await
        };
        let late = |_| Fault::Away("it takes too long to answer".to_owned());
        let result = timeout(PATIENCE, tries).await.map_err(late).flatten();
        match &result {
            Ok(_) => self.counters.made(count),
            Err(_) => Counters::count(&self.counters.failures),
        }
        result
    }
}

/// What waits now, up to a full transaction. Whoever has gone is not served: it asks again.
fn gather(first: Waiting, queue: &mut UnboundedReceiver<Waiting>) -> Vec<Waiting> {
    let mut count = first.commands.len();
    let mut batch = vec![first];
    while count < BATCH {
        let Ok(waiting) = queue.try_recv() else { break };
        if !waiting.answer.is_closed() {
            count = count.saturating_add(waiting.commands.len());
            batch.push(waiting);
        }
    }
    batch
}

impl Waiting {
    fn tell(self, result: Result<Vec<Answer>, Unavailable>) {
        // Whoever asked may be gone.
        drop(self.answer.send(result));
    }
}
