//! The one writer of a process: what waits becomes one transaction, and each is answered.
//!
//! A tenant whose account somebody else keeps locked gets a lane of its own until it is free: the
//! others do not wait for it, and what it is asked stays in its order.
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
use super::asked::Asked;
use super::stats::{Counters, Stats};
use super::{Clock, Unavailable};
use crate::companion::ledger::clock::instant;
use crate::companion::ledger::store::{Fault, Locks, Store};
use crate::credit::{Answer, Command};

/// So many commands may wait; more are refused.
const WAITING_MAX: u32 = 20_000;

/// A transaction takes no more once it has so many commands.
pub(super) const BATCH: usize = 500;

/// A transaction that met another writer is tried so often.
const TRIES: u32 = 6;

/// It has failed when it takes longer than this, with every try.
const PATIENCE: Duration = Duration::from_secs(10);

/// So long after it the last failure says nothing of now.
const REMEMBERED: Duration = Duration::from_secs(15);

/// Commands in, answers out.
pub(super) struct Writer {
    /// None once it closes.
    queue: Mutex<Option<UnboundedSender<Vec<Job>>>>,
    room: Arc<Semaphore>,
    task: Mutex<Option<JoinHandle<()>>>,
    desk: Arc<Desk>,
}

/// What an account is asked, in its order, and who waits for the answers.
#[derive(Debug)]
pub(super) struct Job {
    /// Whose account; none where it is about more than one.
    pub(super) tenant: Option<String>,
    pub(super) commands: Vec<Command>,
    pub(super) since: Instant,
    answer: oneshot::Sender<Result<Vec<Answer>, Unavailable>>,
    _room: Arc<OwnedSemaphorePermit>,
}

impl Writer {
    /// Starts the task.
    pub(super) fn start(store: Arc<dyn Store>, clock: Option<Clock>) -> Self {
        let (queue, waiting) = unbounded_channel();
        let desk = Arc::new(Desk {
            store,
            clock,
            counters: Counters::default(),
            failed: Mutex::new(None),
            lanes: Lanes::default(),
        });
        Self {
            queue: Mutex::new(Some(queue)),
            room: Arc::new(Semaphore::new(places())),
            task: Mutex::new(Some(tokio::spawn(Arc::clone(&desk).serve(waiting)))),
            desk,
        }
    }

    /// What it has done so far.
    pub(super) fn stats(&self) -> Stats {
        let waiting = places().saturating_sub(self.room.available_permits());
        self.desk.counters.stats(u64::try_from(waiting).unwrap_or(u64::MAX))
    }

    /// Why the last transaction failed, where that is not long ago.
    pub(super) fn failed(&self) -> Option<String> {
        let failed = self.desk.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        failed.filter(|(_, at)| at.elapsed() < REMEMBERED).map(|(why, _)| why)
    }

    /// Puts commands into the queue: each account's by themselves.
    pub(super) fn ask(&self, commands: Vec<Command>) -> Result<Asked, Unavailable> {
        let count = u32::try_from(commands.len()).unwrap_or(u32::MAX).min(WAITING_MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(count);
        let room = room.map_err(|_| {
            Counters::count(&self.desk.counters.refused);
            Unavailable::Busy
        })?;
        let room = Arc::new(room);
        let (mut jobs, mut asked) = (Vec::new(), Asked::default());
        for (tenant, (places, commands)) in by_account(commands) {
            let (answer, answered) = oneshot::channel();
            let (since, room) = (instant(), Arc::clone(&room));
            jobs.push(Job { tenant, commands, since, answer, _room: room });
            asked.push(places, answered);
        }
        drop(room);
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or(Unavailable::Closing)?;
        if !jobs.is_empty() {
            queue.send(jobs).map_err(|_| Unavailable::Closing)?;
        }
        Ok(asked)
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

/// Where commands stand among those that came with them, and they.
type Placed = (Vec<usize>, Vec<Command>);

/// What each account is asked; all in one where something is about more than one.
fn by_account(commands: Vec<Command>) -> BTreeMap<Option<String>, Placed> {
    let apart = commands.iter().all(|command| command.tenant().is_some());
    let mut found: BTreeMap<Option<String>, Placed> = BTreeMap::new();
    for (place, command) in commands.into_iter().enumerate() {
        let tenant = command.tenant().filter(|_| apart).map(str::to_owned);
        let (places, own) = found.entry(tenant).or_default();
        places.push(place);
        own.push(command);
    }
    found
}

fn places() -> usize {
    usize::try_from(WAITING_MAX).unwrap_or(usize::MAX)
}

/// The task's own side.
pub(super) struct Desk {
    store: Arc<dyn Store>,
    /// None: the store's own.
    clock: Option<Clock>,
    counters: Counters,
    /// Why the last transaction failed, and when.
    failed: Mutex<Option<(String, Instant)>>,
    lanes: Lanes,
}

impl Desk {
    async fn serve(self: Arc<Self>, mut queue: UnboundedReceiver<Vec<Job>>) {
        while let Some(first) = queue.recv().await {
            let batch = self.gather(first, &mut queue);
            if batch.is_empty() {
                continue;
            }
            if let Err(why) = self.settle(batch).await {
                // Whoever waits behind would only wait as long again, and one after the other.
                while let Ok(jobs) = queue.try_recv() {
                    jobs.into_iter().for_each(|job| job.tell(Err(why.clone())));
                }
            }
        }
        self.lanes.end().await;
    }

    /// What waits now, up to a full transaction, but for those who have a lane. Whoever has gone is
    /// not served: it asks again.
    fn gather(&self, first: Vec<Job>, queue: &mut UnboundedReceiver<Vec<Job>>) -> Vec<Job> {
        let (mut count, mut batch, mut next) = (0_usize, Vec::new(), Some(first));
        while let Some(jobs) = next.take() {
            for job in jobs.into_iter().filter(|job| !job.answer.is_closed()) {
                if let Some(job) = self.lanes.divert(job) {
                    count = count.saturating_add(job.commands.len());
                    batch.push(job);
                }
            }
            if count < BATCH {
                next = queue.try_recv().ok();
            }
        }
        batch
    }

    /// Does a batch and answers it. An error when the database is away.
    async fn settle(self: &Arc<Self>, batch: Vec<Job>) -> Result<(), Unavailable> {
        // What is about more than one account is done alone, and waits for all of them.
        let (apart, batch): (Vec<Job>, Vec<Job>) =
            batch.into_iter().partition(|job| job.tenant.is_none());
        if !batch.is_empty() {
            self.settle_some(batch).await?;
        }
        for job in apart {
            self.alone(job).await;
        }
        Ok(())
    }

    async fn settle_some(self: &Arc<Self>, batch: Vec<Job>) -> Result<(), Unavailable> {
        match self.transact(commands_of(&batch), Locks::Skip).await {
            Ok(answers) => {
                self.lanes.open(self, hand_out(batch, answers));
                Ok(())
            }
            // Somebody holds something of one of them, and who that is is not said.
            Err(Fault::Locked(_)) => {
                self.lanes.open(self, batch);
                Ok(())
            }
            // One of them cannot be kept, whatever it is: the others can.
            Err(Fault::Refused(_)) if batch.len() > 1 => {
                for job in batch {
                    self.alone(job).await;
                }
                Ok(())
            }
            Err(fault) => {
                let away = matches!(fault, Fault::Away(_));
                let why = Unavailable::from(fault);
                batch.into_iter().for_each(|job| job.tell(Err(why.clone())));
                if away { Err(why) } else { Ok(()) }
            }
        }
    }

    pub(super) async fn alone(&self, job: Job) {
        let done = self.transact(job.commands.clone().into(), Locks::Wait).await;
        let whole = |answers: Vec<Option<Answer>>| answers.into_iter().flatten().collect();
        job.tell(done.map(whole).map_err(Unavailable::from));
    }

    /// One transaction, again when another writer was in its way.
    pub(super) async fn transact(
        &self,
        commands: Arc<[Command]>,
        locks: Locks,
    ) -> Result<Vec<Option<Answer>>, Fault> {
        let (now, count) = (self.clock.as_ref().map(|clock| clock()), commands.len());
        let mut met = None;
        let tries = async {
            let mut pause = Duration::from_millis(2);
            for _ in 1..TRIES {
                match self.store.transact(Arc::clone(&commands), now, locks).await {
                    Err(Fault::Conflict(why)) => {
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
        let result = timeout(PATIENCE, tries).await;
        let late = |_| Fault::Away(met.unwrap_or_else(|| "it takes too long to answer".to_owned()));
        let result = result.map_err(late).flatten();
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match &result {
            Ok(_) => {
                self.counters.made(count);
                *failed = None;
            }
            Err(fault) => {
                Counters::count(&self.counters.failures);
                if let Fault::Away(why) | Fault::Conflict(why) = fault {
                    *failed = Some((why.clone(), instant()));
                }
            }
        }
        drop(failed);
        result
    }
}

/// All that some jobs ask, in their order.
pub(super) fn commands_of(jobs: &[Job]) -> Arc<[Command]> {
    jobs.iter().flat_map(|job| job.commands.iter().cloned()).collect()
}

/// Hands answers out; those that got none.
pub(super) fn hand_out(batch: Vec<Job>, answers: Vec<Option<Answer>>) -> Vec<Job> {
    let mut answers = answers.into_iter();
    let mut left = Vec::new();
    for job in batch {
        let own = answers.by_ref().take(job.commands.len());
        match own.collect::<Option<Vec<Answer>>>() {
            Some(own) => job.tell(Ok(own)),
            None => left.push(job),
        }
    }
    left
}

impl Job {
    pub(super) fn is_gone(&self) -> bool {
        self.answer.is_closed()
    }

    pub(super) fn tell(self, result: Result<Vec<Answer>, Unavailable>) {
        // Whoever asked may be gone.
        drop(self.answer.send(result));
    }
}
