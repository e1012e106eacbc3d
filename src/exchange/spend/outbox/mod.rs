//! What outlives a request: settlements on their way to their ledger, leases to be ended, and holds
//! to be renewed for as long as their streams run.
//!
//! One for each worker, for all its plugins: a new policy finds what the last one left to settle,
//! and each item goes to the ledger that it names, whatever the policy says by then.
mod holds;
mod leases;
mod one;
mod queue;

use std::rc::Rc;

use self::one::Outbox;
use super::super::shadow::Postbox;
use super::super::{CallId, Effect, Host, Item, OutboxItem, Parcel, Purpose, metric};
use crate::resilience::Records;

/// Most settlements that wait in a worker, for all ledgers together.
const WAITING_MAX: usize = 20_000;

/// Most bytes of them.
const WAITING_BYTES_MAX: usize = 16 << 20;

/// What outlives the requests of one worker.
#[derive(Debug, Default)]
pub struct Outboxes {
    boxes: Vec<Outbox>,
    /// What is sent once, and is nobody's loss where it is not.
    postbox: Postbox,
    /// The number of the last call.
    calls: u64,
}

impl Outboxes {
    /// Queues an item for delivery.
    pub fn queue(&mut self, item: OutboxItem) -> Vec<Effect> {
        let mut effects = Vec::new();
        if matches!(item.item, Item::Settlement { .. }) {
            while self.waiting() >= WAITING_MAX || self.bytes() >= WAITING_BYTES_MAX {
                // What its tenant has run up stays: the ledger never learns of it.
                let longest = self.boxes.iter_mut().max_by_key(|outbox| outbox.waiting());
                if !longest.is_some_and(Outbox::drop_oldest) {
                    break;
                }
                effects.push(dropped());
            }
        }
        let known = self.boxes.iter().position(|outbox| outbox.is_of(&item.ledger));
        let at = known.unwrap_or_else(|| {
            self.boxes.push(Outbox::new(Rc::clone(&item.ledger)));
            self.boxes.len().saturating_sub(1)
        });
        if let Some(outbox) = self.boxes.get_mut(at) {
            effects.extend(outbox.queue(item.item));
        }
        effects
    }

    /// Takes in what is to be sent once.
    pub fn post(&mut self, parcel: Parcel) -> Vec<Effect> {
        self.postbox.post(parcel).into_iter().collect()
    }

    /// How many settlements wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.boxes.iter().map(Outbox::waiting).fold(0, usize::saturating_add)
    }

    fn bytes(&self) -> usize {
        self.boxes.iter().map(Outbox::bytes).fold(0, usize::saturating_add)
    }

    /// Whether nothing is left to do that must be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.boxes.iter().all(Outbox::is_empty)
    }

    /// Time has passed: ends leases, sends what waits, renews what is open.
    pub fn tick(&mut self, host: &dyn Host) -> Vec<Effect> {
        let (calls, records) = (&mut self.calls, now(host));
        let boxes = self.boxes.iter_mut();
        let mut effects: Vec<_> = boxes.flat_map(|outbox| outbox.tick(calls, records)).collect();
        effects.extend(self.postbox.tick(calls, records.now_ms()));
        // A ledger that nobody uses any more is forgotten.
        self.boxes.retain(|outbox| !outbox.is_idle(records.now_ms()));
        effects
    }

    /// A ledger has answered a call; status 0 says that it could not be asked.
    pub fn answered(
        &mut self,
        call: CallId,
        (status, body): (u16, &[u8]),
        host: &dyn Host,
    ) -> Vec<Effect> {
        if matches!(call.purpose, Purpose::Copy | Purpose::Record) {
            return self.postbox.answered(call, status).into_iter().collect();
        }
        let (mut boxes, records) = (self.boxes.iter_mut(), now(host));
        boxes.find_map(|outbox| outbox.answered(call, (status, body), records)).unwrap_or_default()
    }

    /// A call could not be made: the ledger's cluster is not there.
    pub fn no_cluster(&mut self, call: CallId, host: &dyn Host) -> Vec<Effect> {
        if matches!(call.purpose, Purpose::Copy | Purpose::Record) {
            return self.postbox.answered(call, 0).into_iter().collect();
        }
        let (mut boxes, records) = (self.boxes.iter_mut(), now(host));
        boxes.find_map(|outbox| outbox.no_cluster(call, records)).unwrap_or_default()
    }

    /// The worker is about to end: all that waits is sent at once, and no answer is waited for.
    /// Should the worker go on all the same, it is sent again, and charged once.
    pub fn send_now(&mut self) -> Vec<Effect> {
        self.boxes.iter_mut().flat_map(Outbox::send_now).collect()
    }

    /// Ends all leases now, before their time.
    pub fn end_leases(&mut self, host: &dyn Host) {
        let records = now(host);
        self.boxes.iter_mut().for_each(|outbox| outbox.end_leases(u64::MAX, records));
    }
}

/// What the proxy's workers share, now.
fn now(host: &dyn Host) -> Records<'_> {
    Records::at(host, host.now_ms())
}

fn dropped() -> Effect {
    metric::SETTLEMENTS_DROPPED.count(&[])
}
