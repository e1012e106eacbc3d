//! The one writer of a process: commands that wait become one transaction, and each is answered.
//!
//! A tenant whose account somebody else keeps locked gets a lane of its own until the account is
//! free: no other tenant waits for it, and its commands stay in their order.
mod lanes;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use self::lanes::Lanes;
use super::pending::PendingAnswers;
use super::stats::{Counters, Stats};
use super::{Clock, Unavailable};
use crate::companion::ledger::clock::instant;
use crate::companion::ledger::store::{Locks, Store, StoreError};
use crate::credit::{Answer, Command};

/// Most commands that wait; more are refused.
const WAITING_MAX: u32 = 20_000;

/// A transaction takes no more jobs once it has that many commands.
pub(super) const BATCH_COMMANDS: usize = 500;

/// How often a transaction is tried that conflicts with another writer's.
const TRIES: u32 = 6;

/// How long a transaction may take, with all its tries.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);

/// How long after a failure the ledger reports it as its state.
const FAILURE_SHOWN_FOR: Duration = Duration::from_secs(15);

/// Takes commands and hands out their answers.
pub(super) struct Writer {
    /// `None` once the writer is closing.
    queue: Mutex<Option<UnboundedSender<Vec<Job>>>>,
    permits: Arc<Semaphore>,
    task: Mutex<Option<JoinHandle<()>>>,
    state: Arc<WriterState>,
}

/// An account's commands in their order, and the caller that waits for the answers.
#[derive(Debug)]
pub(super) struct Job {
    /// `None` where the commands are about more than one account.
    pub(super) tenant: Option<String>,
    pub(super) commands: Vec<Command>,
    pub(super) since: Instant,
    answer: oneshot::Sender<Result<Vec<Answer>, Unavailable>>,
    _permits: Arc<OwnedSemaphorePermit>,
}

impl Writer {
    pub(super) fn start(store: Arc<dyn Store>, clock: Option<Clock>) -> Self {
        let (queue, waiting) = unbounded_channel();
        let state = Arc::new(WriterState {
            store,
            clock,
            counters: Counters::default(),
            failed: Mutex::new(None),
            lanes: Lanes::default(),
        });
        Self {
            queue: Mutex::new(Some(queue)),
            permits: Arc::new(Semaphore::new(capacity())),
            task: Mutex::new(Some(tokio::spawn(Arc::clone(&state).serve(waiting)))),
            state,
        }
    }

    pub(super) fn stats(&self) -> Stats {
        let waiting = capacity().saturating_sub(self.permits.available_permits());
        self.state.counters.stats(u64::try_from(waiting).unwrap_or(u64::MAX))
    }

    /// Why the last transaction failed, where that is not long ago.
    pub(super) fn failed(&self) -> Option<String> {
        let failed = self.state.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        failed.filter(|(_, at)| at.elapsed() < FAILURE_SHOWN_FOR).map(|(why, _)| why)
    }

    /// Puts commands into the queue, as one job for each account.
    pub(super) fn ask(&self, commands: Vec<Command>) -> Result<PendingAnswers, Unavailable> {
        let count = u32::try_from(commands.len()).unwrap_or(u32::MAX).min(WAITING_MAX);
        let permits = Arc::clone(&self.permits).try_acquire_many_owned(count);
        let permits = permits.map_err(|_| {
            Counters::count(&self.state.counters.refused);
            Unavailable::Busy
        })?;
        let permits = Arc::new(permits);
        let (mut jobs, mut pending) = (Vec::new(), PendingAnswers::default());
        for (tenant, (indices, commands)) in by_account(commands) {
            let (answer, answered) = oneshot::channel();
            let (since, permits) = (instant(), Arc::clone(&permits));
            jobs.push(Job { tenant, commands, since, answer, _permits: permits });
            pending.push(indices, answered);
        }
        drop(permits);
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or(Unavailable::Closing)?;
        if !jobs.is_empty() {
            queue.send(jobs).map_err(|_| Unavailable::Closing)?;
        }
        Ok(pending)
    }

    /// Takes no more commands, and waits until those in the queue are carried out.
    pub(super) async fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // A task that failed has nothing left to finish.
            drop(task.await);
        }
    }
}

/// Commands, with their indices among all that came with them.
type Indexed = (Vec<usize>, Vec<Command>);

/// The commands by account; all together where one of them is about more than one account.
fn by_account(commands: Vec<Command>) -> BTreeMap<Option<String>, Indexed> {
    let apart = commands.iter().all(|command| command.tenant().is_some());
    let mut found: BTreeMap<Option<String>, Indexed> = BTreeMap::new();
    for (index, command) in commands.into_iter().enumerate() {
        let tenant = command.tenant().filter(|_| apart).map(str::to_owned);
        let (indices, own) = found.entry(tenant).or_default();
        indices.push(index);
        own.push(command);
    }
    found
}

fn capacity() -> usize {
    usize::try_from(WAITING_MAX).unwrap_or(usize::MAX)
}

/// What the writer's task and the lanes share.
pub(super) struct WriterState {
    store: Arc<dyn Store>,
    /// None: the store's own.
    clock: Option<Clock>,
    counters: Counters,
    /// Why the last transaction failed, and when.
    failed: Mutex<Option<(String, Instant)>>,
    lanes: Lanes,
}

impl WriterState {
    async fn serve(self: Arc<Self>, mut queue: UnboundedReceiver<Vec<Job>>) {
        while let Some(first) = queue.recv().await {
            let batch = self.gather(first, &mut queue);
            if batch.is_empty() {
                continue;
            }
            if let Err(why) = self.run_batch(batch).await {
                // The jobs behind would only wait as long for the same failure.
                while let Ok(jobs) = queue.try_recv() {
                    jobs.into_iter().for_each(|job| job.reply(Err(why.clone())));
                }
            }
        }
        self.lanes.end().await;
    }

    /// The jobs that wait now, up to a full transaction, without those that have a lane. Jobs whose
    /// callers have gone are dropped: such a caller sends the command again.
    fn gather(&self, first: Vec<Job>, queue: &mut UnboundedReceiver<Vec<Job>>) -> Vec<Job> {
        let (mut count, mut batch, mut next) = (0_usize, Vec::new(), Some(first));
        while let Some(jobs) = next.take() {
            for job in jobs.into_iter().filter(|job| !job.answer.is_closed()) {
                if let Some(job) = self.lanes.divert(job) {
                    count = count.saturating_add(job.commands.len());
                    batch.push(job);
                }
            }
            if count < BATCH_COMMANDS {
                next = queue.try_recv().ok();
            }
        }
        batch
    }

    /// Carries out a batch and answers it; `Err` when the database cannot be reached.
    async fn run_batch(self: &Arc<Self>, batch: Vec<Job>) -> Result<(), Unavailable> {
        // A job about more than one account runs alone, and waits for the locks of all of them.
        let (apart, batch): (Vec<Job>, Vec<Job>) =
            batch.into_iter().partition(|job| job.tenant.is_none());
        if !batch.is_empty() {
            self.run_together(batch).await?;
        }
        for job in apart {
            self.run_alone(job).await;
        }
        Ok(())
    }

    async fn run_together(self: &Arc<Self>, batch: Vec<Job>) -> Result<(), Unavailable> {
        match self.transact(commands_of(&batch), Locks::Skip).await {
            Ok(answers) => {
                self.lanes.open(self, hand_out(batch, answers));
                Ok(())
            }
            // One of the accounts is locked, and the error does not say which.
            Err(StoreError::Locked(_)) => {
                self.lanes.open(self, batch);
                Ok(())
            }
            // The database refuses one of the jobs: alone, the others succeed.
            Err(StoreError::Refused(_)) if batch.len() > 1 => {
                for job in batch {
                    self.run_alone(job).await;
                }
                Ok(())
            }
            Err(error) => {
                let away = matches!(error, StoreError::Away(_));
                let why = Unavailable::from(error);
                batch.into_iter().for_each(|job| job.reply(Err(why.clone())));
                if away { Err(why) } else { Ok(()) }
            }
        }
    }

    pub(super) async fn run_alone(&self, job: Job) {
        let done = self.transact(job.commands.clone().into(), Locks::Wait).await;
        let whole = |answers: Vec<Option<Answer>>| answers.into_iter().flatten().collect();
        job.reply(done.map(whole).map_err(Unavailable::from));
    }

    /// Runs a transaction, again after a conflict with another writer.
    pub(super) async fn transact(
        &self,
        commands: Arc<[Command]>,
        locks: Locks,
    ) -> Result<Vec<Option<Answer>>, StoreError> {
        let (now, count) = (self.clock.as_ref().map(|clock| clock()), commands.len());
        let mut met = None;
        let tries = async {
            let mut pause = Duration::from_millis(2);
            for _ in 1..TRIES {
                match self.store.transact(Arc::clone(&commands), now, locks).await {
                    Err(StoreError::Conflict(why)) => {
                        Counters::count(&self.counters.conflicts);
                        met = Some(why);
                    }
                    result => return result,
                }
                sleep(pause).await;
                pause = pause.saturating_mul(3);
            }
            self.store.transact(Arc::clone(&commands), now, locks).await
        };
        let result = timeout(TRANSACTION_TIMEOUT, tries).await;
        let late =
            |_| StoreError::Away(met.unwrap_or_else(|| "it takes too long to answer".to_owned()));
        let result = result.map_err(late).flatten();
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match &result {
            Ok(_) => {
                self.counters.made(count);
                *failed = None;
            }
            Err(error) => {
                Counters::count(&self.counters.failures);
                if let StoreError::Away(why) | StoreError::Conflict(why) = error {
                    *failed = Some((why.clone(), instant()));
                }
            }
        }
        drop(failed);
        result
    }
}

/// The commands of all these jobs, in their order.
pub(super) fn commands_of(jobs: &[Job]) -> Arc<[Command]> {
    jobs.iter().flat_map(|job| job.commands.iter().cloned()).collect()
}

/// Hands answers out, and gives back the jobs that got none.
pub(super) fn hand_out(batch: Vec<Job>, answers: Vec<Option<Answer>>) -> Vec<Job> {
    let mut answers = answers.into_iter();
    let mut left = Vec::new();
    for job in batch {
        let own = answers.by_ref().take(job.commands.len());
        match own.collect::<Option<Vec<Answer>>>() {
            Some(own) => job.reply(Ok(own)),
            None => left.push(job),
        }
    }
    left
}

impl Job {
    pub(super) fn is_gone(&self) -> bool {
        self.answer.is_closed()
    }

    pub(super) fn reply(self, result: Result<Vec<Answer>, Unavailable>) {
        // The caller may be gone.
        drop(self.answer.send(result));
    }
}
