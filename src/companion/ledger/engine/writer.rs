//! The one writer of a process: what waits becomes one transaction, and each is answered.
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::load::{Load, Tally};
use super::{Clock, Unavailable};
use crate::companion::ledger::store::{Fault, Store};
use crate::credit::{Answer, Command, Moment};

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
    tally: Arc<Tally>,
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
        let tally = Arc::new(Tally::default());
        let task = tokio::spawn(write(store, clock, waiting, Arc::clone(&tally)));
        Self {
            queue: Mutex::new(Some(queue)),
            room: Arc::new(Semaphore::new(usize::try_from(WAITING_MAX).unwrap_or(usize::MAX))),
            task: Mutex::new(Some(task)),
            tally,
        }
    }

    /// What there is to do, and was done.
    pub(super) fn load(&self) -> Load {
        let room = u32::try_from(self.room.available_permits()).unwrap_or(WAITING_MAX);
        self.tally.load(WAITING_MAX.saturating_sub(room).into())
    }

    /// Waits in the queue and for the answers.
    pub(super) async fn apply(&self, commands: Vec<Command>) -> Result<Vec<Answer>, Unavailable> {
        let count = u32::try_from(commands.len()).unwrap_or(u32::MAX).min(WAITING_MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(count);
        let room = room.map_err(|_| Unavailable::Busy)?;
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

async fn write(
    store: Arc<dyn Store>,
    clock: Clock,
    mut queue: UnboundedReceiver<Waiting>,
    tally: Arc<Tally>,
) {
    while let Some(first) = queue.recv().await {
        let batch = gather(first, &mut queue);
        let commands = batch.iter().map(|waiting| waiting.commands.len()).sum();
        let done = settle(&*store, clock(), batch).await;
        tally.transaction(commands, done.is_ok());
        if let Err(why) = done {
            // Whoever waits behind would only wait as long again, and one after the other.
            while let Ok(waiting) = queue.try_recv() {
                waiting.tell(Err(why.clone()));
            }
        }
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

/// Does a batch and answers it. An error when the database is away.
async fn settle(store: &dyn Store, now: Moment, batch: Vec<Waiting>) -> Result<(), Unavailable> {
    let commands = batch.iter().flat_map(|waiting| waiting.commands.iter().cloned()).collect();
    match transact(store, now, commands).await {
        Ok(mut answers) => {
            for waiting in batch {
                let rest = answers.split_off(waiting.commands.len().min(answers.len()));
                waiting.tell(Ok(core::mem::replace(&mut answers, rest)));
            }
            Ok(())
        }
        // One of them cannot be kept, whatever it is: the others can.
        Err(Fault::Refused(_)) if batch.len() > 1 => {
            for waiting in batch {
                let commands = waiting.commands.clone().into();
                let result = transact(store, now, commands).await;
                waiting.tell(result.map_err(Unavailable::from));
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
async fn transact(
    store: &dyn Store,
    now: Moment,
    commands: Arc<[Command]>,
) -> Result<Vec<Answer>, Fault> {
    let tries = async {
        let mut pause = Duration::from_millis(2);
        for _ in 1..TRIES {
            match store.transact(Arc::clone(&commands), now).await {
                Err(Fault::Conflict(_)) => sleep(pause).await,
                result => return result,
            }
            pause = pause.saturating_mul(3);
        }
        store.transact(commands, now).await
    };
    let late = |_| Fault::Away("it takes too long to answer".to_owned());
    timeout(PATIENCE, tries).await.map_err(late)?
}

impl Waiting {
    fn tell(self, result: Result<Vec<Answer>, Unavailable>) {
        // Whoever asked may be gone.
        drop(self.answer.send(result));
    }
}
