//! Who is connected: callers that have shown a token, and strangers, who get little room and time.
//!
//! A stranger is a connection on which no request was let in yet, whatever it sends and in whatever
//! protocol. Too many of them cost the oldest its place, so that whoever comes with a token is
//! always heard; one that has been let in stays for as long as it likes.
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Most strangers at a time. A service is often given 1,024 descriptors, and needs some itself.
pub(super) const STRANGERS_MAX: usize = 256;

/// Every stranger, by the order of arrival.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    by_arrival: BTreeMap<u64, Arc<Notify>>,
}

/// What a connection's requests carry: whether one of them was let in.
#[derive(Debug, Clone)]
pub(super) struct Caller(Arc<Known>);

#[derive(Debug)]
struct Known {
    arrival: u64,
    let_in: AtomicBool,
    strangers: Arc<Strangers>,
}

impl Strangers {
    /// A new connection: its caller, and what tells it that its place is needed.
    pub(super) fn arrive(self: &Arc<Self>) -> (Caller, Arc<Notify>) {
        let leave = Arc::new(Notify::new());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let arrival = waiting.next;
        waiting.next = arrival.saturating_add(1);
        waiting.by_arrival.insert(arrival, Arc::clone(&leave));
        let full = waiting.by_arrival.len() > STRANGERS_MAX;
        drop(waiting);
        if full {
            self.make_room();
        }
        let known = Known { arrival, let_in: AtomicBool::new(false), strangers: Arc::clone(self) };
        (Caller(Arc::new(known)), leave)
    }

    /// Sends the oldest away, if there is one.
    pub(super) fn make_room(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, oldest)) = waiting.by_arrival.pop_first() {
            oldest.notify_one();
        }
    }

    fn forget(&self, arrival: u64) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.by_arrival.remove(&arrival);
    }
}

impl Caller {
    /// One of its requests was let in: it is no stranger any more.
    pub(super) fn let_in(&self) {
        if !self.0.let_in.swap(true, Relaxed) {
            self.0.strangers.forget(self.0.arrival);
        }
    }

    /// Whether one was.
    pub(super) fn is_known(&self) -> bool {
        self.0.let_in.load(Relaxed)
    }
}

/// A connection that is gone is no stranger either.
impl Drop for Known {
    fn drop(&mut self) {
        self.strangers.forget(self.arrival);
    }
}
