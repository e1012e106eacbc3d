//! Settlements that wait for one ledger. They go in batches, one batch at a time; a batch that is
//! not answered goes again with the same ids, until the ledger has taken it.
use std::collections::VecDeque;

use crate::credit::Credits;
use crate::credit::wire::BATCH_MAX;

/// Most bytes of a batch: half of what a ledger takes.
const BYTES_MAX: usize = 512 << 10;

/// How long after a failed batch the next is sent, in milliseconds: doubling from the first to the
/// second.
const PAUSES_MS: (u64, u64) = (200, 800);

/// How long what a ledger could not take alone of its batch waits, in milliseconds: somebody may
/// keep that account locked, and no other waits for it. In what order an account's settlements
/// arrive changes nothing.
const LATER_MS: u64 = 2_000;

/// A settlement that its ledger has not taken yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) json: Vec<u8>,
    /// What it takes from a tenant's grace.
    pub(super) owed: Option<(String, Credits)>,
}

/// A batch on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) call: u64,
    /// How many of the first it has.
    pub(super) count: usize,
    pub(super) since_ms: u64,
}

/// The settlements of one ledger.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    /// Those that could not be taken, while others of their batches were.
    later: VecDeque<Waiting>,
    /// When those go again.
    later_ms: u64,
    /// Bytes of all of them.
    bytes: usize,
    pub(super) sent: Option<Sent>,
    /// How many of the first were sent by a worker that is about to end.
    hurried: usize,
    /// No batch goes before this time.
    next_ms: u64,
    pause_ms: u64,
}

impl Queue {
    pub(super) fn push(&mut self, waiting: Waiting) {
        self.bytes = self.bytes.saturating_add(waiting.json.len());
        self.waiting.push_back(waiting);
    }

    /// Keeps a settlement that could not be taken now: it goes again in a while.
    pub(super) fn postpone(&mut self, waiting: Waiting, now_ms: u64) {
        self.bytes = self.bytes.saturating_add(waiting.json.len());
        self.later_ms = now_ms.saturating_add(LATER_MS);
        self.later.push_back(waiting);
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len().saturating_add(self.later.len())
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Drops the oldest that is not on its way; whether there was one.
    pub(super) fn drop_oldest(&mut self) -> bool {
        if let Some(waiting) = self.later.pop_front() {
            self.bytes = self.bytes.saturating_sub(waiting.json.len());
            return true;
        }
        let on_its_way = self.sent.map_or(0, |sent| sent.count);
        match self.waiting.remove(on_its_way) {
            Some(waiting) => {
                self.bytes = self.bytes.saturating_sub(waiting.json.len());
                if self.hurried > on_its_way {
                    self.hurried = self.hurried.saturating_sub(1);
                }
                true
            }
            None => false,
        }
    }

    /// Takes the first settlement out, which has been answered.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let first = self.waiting.pop_front().or_else(|| self.later.pop_front())?;
        self.bytes = self.bytes.saturating_sub(first.json.len());
        self.hurried = self.hurried.saturating_sub(1);
        Some(first)
    }

    /// The next batch and how many settlements it has; `None` while one is on its way, or where it
    /// is too early.
    pub(super) fn next(&mut self, now_ms: u64) -> Option<(Vec<u8>, usize)> {
        if self.sent.is_some() || now_ms < self.next_ms {
            return None;
        }
        if now_ms >= self.later_ms {
            self.waiting.append(&mut self.later);
        }
        (!self.waiting.is_empty()).then(|| self.batch(0))
    }

    /// All that was not sent in a hurry before, in batches.
    pub(super) fn all(&mut self) -> Vec<Vec<u8>> {
        let mut batches = Vec::new();
        self.waiting.append(&mut self.later);
        while self.hurried < self.waiting.len() {
            let (body, count) = self.batch(self.hurried);
            self.hurried = self.hurried.saturating_add(count.max(1));
            batches.push(body);
        }
        batches
    }

    fn batch(&self, from: usize) -> (Vec<u8>, usize) {
        let mut count = 0_usize;
        let mut body = br#"{"settlements":["#.to_vec();
        for waiting in self.waiting.iter().skip(from).take(BATCH_MAX) {
            if count > 0 && body.len().saturating_add(waiting.json.len()) > BYTES_MAX {
                break;
            }
            if count > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&waiting.json);
            count = count.saturating_add(1);
        }
        body.extend_from_slice(b"]}");
        (body, count)
    }

    /// The last batch came to nothing: the next waits a while.
    pub(super) fn pause(&mut self, now_ms: u64) {
        let (first, longest) = PAUSES_MS;
        self.pause_ms = self.pause_ms.saturating_mul(2).clamp(first, longest);
        self.next_ms = now_ms.saturating_add(self.pause_ms);
    }

    /// The last batch was taken.
    pub(super) const fn go_on(&mut self) {
        self.pause_ms = 0;
    }
}
