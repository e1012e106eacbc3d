//! Queues of their own, called lanes, for tenants whose accounts somebody else has locked.
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::super::Unavailable;
use super::{BATCH_COMMANDS, Job, WriterState, commands_of, hand_out};
use crate::companion::ledger::store::{LANES, Locks, StoreError};

/// How long a command waits for a locked account before it fails.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(5);

/// Most commands that wait for one account; more are refused.
const WAITING_MAX: usize = 1_000;

/// The first pause between two tries, doubled after each up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(500));

/// The jobs that wait in each lane, by tenant.
#[derive(Debug)]
pub(super) struct Lanes {
    waiting: Mutex<BTreeMap<String, VecDeque<Job>>>,
    /// A permit for each transaction that lanes may run at a time: each takes a connection.
    connections: Semaphore,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { waiting: Mutex::default(), connections: Semaphore::new(LANES) }
    }
}

impl Lanes {
    /// Puts a job into the lane of its tenant; gives the job back where there is no such lane.
    pub(super) fn divert(&self, job: Job) -> Option<Job> {
        let mut waiting = self.waiting();
        let Some(lane) = job.tenant.as_ref().and_then(|tenant| waiting.get_mut(tenant)) else {
            return Some(job);
        };
        let count: usize = lane.iter().map(|job| job.commands.len()).sum();
        if count >= WAITING_MAX {
            job.reply(Err(Unavailable::Busy));
        } else {
            lane.push_back(job);
        }
        None
    }

    /// Opens lanes for the tenants of these jobs.
    pub(super) fn open(&self, state: &Arc<WriterState>, jobs: Vec<Job>) {
        for job in jobs {
            let Some(tenant) = job.tenant.clone() else { continue };
            if let Some(job) = self.divert(job) {
                self.waiting().insert(tenant.clone(), VecDeque::from([job]));
                tokio::spawn(Arc::clone(state).drive(tenant));
            }
        }
    }

    /// Waits until all lanes are closed.
    pub(super) async fn end(&self) {
        while !self.waiting().is_empty() {
            sleep(PAUSES.0).await;
        }
    }

    /// The jobs of a lane for one transaction. A lane that has none is closed.
    fn next(&self, tenant: &str) -> Vec<Job> {
        let mut waiting = self.waiting();
        let (mut count, mut batch) = (0_usize, Vec::new());
        while count < BATCH_COMMANDS
            && let Some(job) = waiting.get_mut(tenant).and_then(VecDeque::pop_front)
        {
            if !job.is_gone() {
                count = count.saturating_add(job.commands.len());
                batch.push(job);
            }
        }
        if batch.is_empty() {
            waiting.remove(tenant);
        }
        batch
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<String, VecDeque<Job>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WriterState {
    /// Carries out a lane's jobs until none is left.
    async fn drive(self: Arc<Self>, tenant: String) {
        loop {
            let mut batch = self.lanes.next(&tenant);
            if batch.is_empty() {
                return;
            }
            let (mut pause, longest) = PAUSES;
            while !batch.is_empty() {
                batch = self.attempt(&tenant, batch).await;
                if !batch.is_empty() {
                    sleep(pause).await;
                    pause = pause.saturating_mul(2).min(longest);
                }
            }
        }
    }

    /// Tries some jobs of one tenant, and gives back those that have to be tried again.
    async fn attempt(&self, tenant: &str, batch: Vec<Job>) -> Vec<Job> {
        let late = |job: &Job| job.since.elapsed() >= LOCK_WAIT_MAX;
        let (late, batch): (Vec<Job>, Vec<Job>) = batch.into_iter().partition(late);
        for job in late {
            let why = format!("the account of `{tenant}` is locked by somebody else");
            job.reply(Err(Unavailable::Database(why)));
        }
        let Some(first) = batch.first() else { return batch };
        let left = LOCK_WAIT_MAX.saturating_sub(first.since.elapsed());
        let Ok(connection) = timeout(left, self.lanes.connections.acquire()).await else {
            return batch;
        };
        let done = self.transact(commands_of(&batch), Locks::Wait).await;
        drop(connection);
        match done {
            Ok(answers) => hand_out(batch, answers),
            Err(StoreError::Locked(_) | StoreError::Conflict(_)) => batch,
            // The database refuses one of the jobs: alone, the others succeed.
            Err(StoreError::Refused(_)) if batch.len() > 1 => {
                for job in batch {
                    self.run_alone(job).await;
                }
                Vec::new()
            }
            Err(error) => {
                let why = Unavailable::from(error);
                batch.into_iter().for_each(|job| job.reply(Err(why.clone())));
                Vec::new()
            }
        }
    }
}
