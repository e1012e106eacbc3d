//! What outlives a request: settlements on their way to the ledger, and leases to be ended.
//!
//! One keeper per worker. Settlements go in batches, one batch at a time; a batch that is not
//! answered goes again with the same ids, until the ledger has taken it. What does not fit is
//! dropped and counted: its holds expire by themselves.
use std::collections::VecDeque;

use super::super::{Effect, Envoy};
use super::account::Account;
use super::{away, settle};
use crate::credit::wire::{BATCH_MAX, SETTLEMENTS, Settled};
use crate::credit::{Credits, Outcome};
use crate::json::{Document, Limits};
use crate::policy::CreditPolicy;

/// Most settlements that wait: 20,000, some 6 MiB.
const WAITING_MAX: usize = 20_000;

/// Most bytes of a batch: half of what a ledger takes.
const BYTES_MAX: usize = 512 << 10;

/// How long a batch may take, in milliseconds. Nobody waits for it.
const TIMEOUT_MS: u64 = 2_000;

/// How long after a failed batch the next is sent, in milliseconds: doubling from the first to the
/// second.
const PAUSES_MS: (u64, u64) = (200, 800);

/// A call to the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its cluster.
    pub cluster: String,
    /// The `host` header.
    pub authority: String,
    /// The path, after the endpoint's own prefix.
    pub path: String,
    /// A JSON text.
    pub body: Vec<u8>,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

impl Call {
    pub(super) fn new(policy: &CreditPolicy, path: &str, body: Vec<u8>, timeout_ms: u64) -> Self {
        let endpoint = policy.endpoint.as_ref();
        let prefix = endpoint.map_or("", |endpoint| endpoint.prefix.as_str());
        Self {
            cluster: policy.cluster.clone(),
            authority: endpoint.map_or_else(|| policy.cluster.clone(), |own| own.authority()),
            path: format!("{prefix}{path}"),
            body,
            timeout_ms,
        }
    }
}

/// Something to keep when the request is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A settlement.
    Settlement {
        /// One item of a batch.
        json: Vec<u8>,
        /// What it takes from a tenant's grace once the ledger has it.
        owed: Option<(String, Credits)>,
    },
    /// A lease that this worker has taken.
    Lease {
        /// Whose account it is in, by the name of its record.
        payer: String,
        /// Who pays.
        tenant: String,
        /// Its hold.
        id: String,
        /// When it ends, in milliseconds since 1970.
        until_ms: u64,
    },
}

#[derive(Debug)]
struct Waiting {
    json: Vec<u8>,
    owed: Option<(String, Credits)>,
}

/// What outlives the requests of one worker.
#[derive(Debug, Default)]
pub struct Keeper {
    waiting: VecDeque<Waiting>,
    leases: Vec<Lease>,
    /// How many of the first are on their way, and since when.
    sent: Option<(usize, u64)>,
    /// Not before.
    next_ms: u64,
    pause_ms: u64,
}

#[derive(Debug)]
struct Lease {
    payer: String,
    tenant: String,
    id: String,
    until_ms: u64,
}

impl Keeper {
    /// Takes a note over.
    pub fn keep(&mut self, note: Note) -> Vec<Effect> {
        match note {
            Note::Lease { payer, tenant, id, until_ms } => {
                self.leases.push(Lease { payer, tenant, id, until_ms });
            }
            // What its tenant has run up stays: the ledger never learns of it.
            Note::Settlement { .. } if self.waiting.len() >= WAITING_MAX => {
                return vec![Effect::Count("tradewind_settlements_dropped_total".to_owned())];
            }
            Note::Settlement { json, owed } => self.waiting.push_back(Waiting { json, owed }),
        }
        Vec::new()
    }

    /// How many settlements wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Time has passed: ends leases, and sends what waits.
    pub fn tick(&mut self, policy: &CreditPolicy, envoy: &dyn Envoy) -> Vec<Effect> {
        let now = envoy.now_ms();
        let mut effects = self.end_leases(now, envoy);
        let lost = |since: u64| now.saturating_sub(since) > TIMEOUT_MS.saturating_mul(2);
        // A batch whose caller is gone is never answered.
        if self.sent.is_some_and(|(_, since)| lost(since)) {
            self.sent = None;
        }
        if self.sent.is_some() || self.waiting.is_empty() || now < self.next_ms {
            return effects;
        }
        let mut count = 0_usize;
        let mut body = br#"{"settlements":["#.to_vec();
        for waiting in self.waiting.iter().take(BATCH_MAX) {
            if body.len().saturating_add(waiting.json.len()) > BYTES_MAX {
                break;
            }
            if count > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&waiting.json);
            count = count.saturating_add(1);
        }
        body.extend_from_slice(b"]}");
        self.sent = Some((count, now));
        effects.push(Effect::Call(Call::new(policy, SETTLEMENTS, body, TIMEOUT_MS)));
        effects
    }

    fn end_leases(&mut self, now: u64, envoy: &dyn Envoy) -> Vec<Effect> {
        let (over, live) = core::mem::take(&mut self.leases)
            .into_iter()
            .partition::<Vec<_>, _>(|lease| lease.until_ms <= now);
        self.leases = live;
        let mut effects = Vec::new();
        for lease in over {
            let left = Account::end(envoy, &lease.payer, &lease.id);
            if let Some(left) = left.filter(|left| !left.is_zero()) {
                let note = settle::returned(&lease.tenant, &lease.id, left);
                effects.extend(self.keep(note));
            }
        }
        effects
    }

    /// The ledger has answered a batch; status 0 says that it could not be asked.
    pub fn answered(&mut self, status: u16, body: &[u8], envoy: &dyn Envoy) -> Vec<Effect> {
        let Some((count, _)) = self.sent.take() else { return Vec::new() };
        let document = Document::parse(body, Limits::default()).ok();
        let results = document.as_ref().and_then(Settled::read);
        match results.filter(|results| status == 200 && results.len() == count) {
            Some(results) => {
                self.pause_ms = 0;
                results.into_iter().filter_map(|result| self.done(result, envoy)).collect()
            }
            // The batch itself is at fault: sent again it would be refused again, for ever.
            None if matches!(status, 400 | 413 | 422) => {
                let effects = vec![Effect::Log(format!(
                    "the ledger refuses a batch of {count} settlements with {status}: they are \
                     dropped, and their holds expire"
                ))];
                let dropped = self.waiting.drain(..count.min(self.waiting.len()));
                let counts = dropped.map(|waiting| {
                    forgive(waiting.owed, envoy);
                    Effect::Count("tradewind_settlements_dropped_total".to_owned())
                });
                effects.into_iter().chain(counts.collect::<Vec<_>>()).collect()
            }
            None => {
                let (first, longest) = PAUSES_MS;
                self.pause_ms = self.pause_ms.saturating_mul(2).clamp(first, longest);
                self.next_ms = envoy.now_ms().saturating_add(self.pause_ms);
                vec![Effect::Count("tradewind_settlements_retried_total".to_owned())]
            }
        }
    }

    /// The first that waits has been answered.
    fn done(&mut self, result: Settled, envoy: &dyn Envoy) -> Option<Effect> {
        forgive(self.waiting.pop_front()?.owed, envoy);
        let word = result.outcome.map_or("other", |outcome: Outcome| outcome.consequence().name);
        Some(Effect::Count(format!("tradewind_settlements_total.outcome.{word}")))
    }
}

fn forgive(owed: Option<(String, Credits)>, envoy: &dyn Envoy) {
    if let Some((tenant, credits)) = owed {
        away::settled(envoy, &tenant, credits);
    }
}
