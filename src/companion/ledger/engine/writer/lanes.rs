//! Lanes of their own for tenants whose accounts are locked by somebody else.
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::super::Unavailable;
use super::{BATCH, Desk, Job, commands_of, hand_out};
use crate::companion::ledger::store::{Fault, LANES, Locks};

/// Who waits for a locked account is told so after this.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many commands may wait for one account; more are refused.
const WAITING_MAX: usize = 1_000;

/// The first pause between two tries, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(500));

/// The lanes that there are, by tenant: what waits in each.
#[derive(Debug)]
pub(super) struct Lanes {
    waiting: Mutex<BTreeMap<String, VecDeque<Job>>>,
    /// Transactions of theirs at a time: each has a connection meanwhile.
    places: Semaphore,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { waiting: Mutex::default(), places: Semaphore::new(LANES) }
    }
}

impl Lanes {
    /// Takes a job whose tenant has a lane; gives back one whose has none.
    pub(super) fn divert(&self, job: Job) -> Option<Job> {
        let mut waiting = self.waiting();
        let Some(lane) = job.tenant.as_ref().and_then(|tenant| waiting.get_mut(tenant)) else {
            return Some(job);
        };
        let count: usize = lane.iter().map(|job| job.commands.len()).sum();
        if count >= WAITING_MAX {
            job.tell(Err(Unavailable::Busy));
        } else {
            lane.push_back(job);
        }
        None
    }

    /// Gives each of these the lane of its tenant.
    pub(super) fn open(&self, desk: &Arc<Desk>, jobs: Vec<Job>) {
        for job in jobs {
            let Some(tenant) = job.tenant.clone() else { continue };
            if let Some(job) = self.divert(job) {
                self.waiting().insert(tenant.clone(), VecDeque::from([job]));
                tokio::spawn(Arc::clone(desk).drive(tenant));
            }
        }
    }

    /// Waits until there are none.
    pub(super) async fn end(&self) {
        while !self.waiting().is_empty() {
            sleep(PAUSES.0).await;
        }
    }

    /// What one transaction takes of a lane. An empty lane is closed.
    fn next(&self, tenant: &str) -> Vec<Job> {
        let mut waiting = self.waiting();
        let (mut count, mut batch) = (0_usize, Vec::new());
        while count < BATCH
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

impl Desk {
    /// Does what waits in a lane until nothing does.
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

    /// Tries some jobs of one tenant; those that are still to be done.
    async fn attempt(&self, tenant: &str, batch: Vec<Job>) -> Vec<Job> {
        let late = |job: &Job| job.since.elapsed() >= PATIENCE;
        let (late, batch): (Vec<Job>, Vec<Job>) = batch.into_iter().partition(late);
        for job in late {
            let why = format!("the account of `{tenant}` is locked by somebody else");
            job.tell(Err(Unavailable::Database(why)));
        }
        let Some(first) = batch.first() else { return batch };
        let left = PATIENCE.saturating_sub(first.since.elapsed());
        let Ok(place) = timeout(left, self.lanes.places.acquire()).await else { return batch };
        let done = self.transact(commands_of(&batch), Locks::Wait).await;
        drop(place);
        match done {
            Ok(answers) => hand_out(batch, answers),
            Err(Fault::Locked(_) | Fault::Conflict(_)) => batch,
            // One of them cannot be kept: the others can.
            Err(Fault::Refused(_)) if batch.len() > 1 => {
                for job in batch {
                    self.alone(job).await;
                }
                Vec::new()
            }
            Err(fault) => {
                let why = Unavailable::from(fault);
                batch.into_iter().for_each(|job| job.tell(Err(why.clone())));
                Vec::new()
            }
        }
    }
}
