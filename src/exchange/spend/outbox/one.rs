//! All that is kept for one ledger.
use std::rc::Rc;

use super::super::super::{Call, CallId, Effect, Item, Ledger, Purpose, metric};
use super::super::away;
use super::super::tenant::TenantRecord;
use super::dropped;
use super::holds::OpenHolds;
use super::leases::{Lease, Leases};
use super::queue::{Queue, Sent, Waiting};
use crate::credit::wire::{RENEWALS, SETTLEMENTS, Settled};
use crate::credit::{Credits, Outcome};
use crate::json::{Document, Limits};
use crate::resilience::Records;

/// How long a call may take, in milliseconds. Nobody waits for it.
const TIMEOUT_MS: u64 = 2_000;

/// While streams run, the ledger is called at least so often, in milliseconds: over a connection
/// that is open, a settlement still leaves when this worker ends.
const WARM_MS: u64 = 10_000;

/// How long a cluster may be missing before its ledger is given up, in milliseconds: a new
/// configuration takes seconds to arrive.
const GONE_MS: u64 = 60_000;

/// How long an outbox with nothing in it is kept, in milliseconds.
const IDLE_MS: u64 = 60_000;

/// What is kept for one ledger.
#[derive(Debug)]
pub(super) struct Outbox {
    ledger: Rc<Ledger>,
    waiting: Queue,
    leases: Leases,
    holds: OpenHolds,
    /// When it was called last.
    called_ms: u64,
    /// When there was something in it.
    used_ms: u64,
    /// Since when its cluster is missing.
    gone_ms: Option<u64>,
}

impl Outbox {
    pub(super) fn new(ledger: Rc<Ledger>) -> Self {
        let (waiting, leases, holds) = (Queue::default(), Leases::default(), OpenHolds::default());
        Self { ledger, waiting, leases, holds, called_ms: 0, used_ms: 0, gone_ms: None }
    }

    pub(super) fn is_of(&self, ledger: &Rc<Ledger>) -> bool {
        Rc::ptr_eq(&self.ledger, ledger) || self.ledger == *ledger
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.waiting.bytes()
    }

    pub(super) fn drop_oldest(&mut self) -> bool {
        self.waiting.drop_oldest()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.len() == 0 && self.leases.is_empty() && self.holds.is_empty()
    }

    pub(super) fn is_idle(&self, now_ms: u64) -> bool {
        self.is_empty() && now_ms.saturating_sub(self.used_ms) > IDLE_MS
    }

    pub(super) fn queue(&mut self, item: Item) -> Option<Effect> {
        match item {
            Item::Settlement { json, owed } => self.waiting.push(Waiting { json, owed }),
            Item::Lease { payer, tenant, id, until_ms } => {
                self.leases.push(Lease { payer, tenant, id, until_ms });
            }
            Item::Opened { tenant, id, expires_ms, seconds } => {
                if !self.holds.opened(id, tenant, expires_ms, seconds) {
                    return Some(renewal("none"));
                }
            }
            Item::Closed { id } => self.holds.closed(&id),
        }
        None
    }

    pub(super) fn tick(&mut self, calls: &mut u64, records: Records<'_>) -> Vec<Effect> {
        let now = records.now_ms();
        self.end_leases(now, records);
        if !self.is_empty() {
            self.used_ms = now;
        }
        let lost = |since: u64| now.saturating_sub(since) > TIMEOUT_MS.saturating_mul(2);
        // A call whose caller is gone is never answered.
        self.waiting.sent = self.waiting.sent.filter(|sent| !lost(sent.since_ms));
        self.holds.sent = self.holds.sent.filter(|(_, since)| !lost(*since));
        let mut effects = Vec::new();
        if let Some((body, count)) = self.waiting.next(now) {
            let call = self.call(calls, (Purpose::Settlements, SETTLEMENTS), body, now);
            self.waiting.sent = Some(Sent { call: call.id.number, count, since_ms: now });
            effects.push(Effect::Call(call));
        }
        let warm = now.saturating_sub(self.called_ms) >= WARM_MS;
        if let Some(body) = self.holds.next(now, warm) {
            let call = self.call(calls, (Purpose::Renewals, RENEWALS), body, now);
            self.holds.sent = Some((call.id.number, now));
            effects.push(Effect::Call(call));
        }
        effects
    }

    fn call(
        &mut self,
        calls: &mut u64,
        (purpose, path): (Purpose, &str),
        body: Vec<u8>,
        now_ms: u64,
    ) -> Call {
        *calls = calls.wrapping_add(1).max(1);
        self.called_ms = now_ms;
        self.ledger.call(CallId { purpose, number: *calls }, path, body, TIMEOUT_MS)
    }

    pub(super) fn send_now(&mut self) -> Vec<Effect> {
        let own = CallId { purpose: Purpose::Settlements, number: 0 };
        let call = |body| Effect::Call(self.ledger.call(own, SETTLEMENTS, body, TIMEOUT_MS));
        self.waiting.all().into_iter().map(call).collect()
    }

    pub(super) fn end_leases(&mut self, until_ms: u64, records: Records<'_>) {
        for item in self.leases.end(until_ms, &self.ledger, records) {
            self.queue(item.item);
        }
    }

    /// Takes the answer to a call; `None` where the call is another's.
    pub(super) fn answered(
        &mut self,
        call: CallId,
        answer: (u16, &[u8]),
        records: Records<'_>,
    ) -> Option<Vec<Effect>> {
        match call.purpose {
            Purpose::Renewals => {
                self.holds.sent.filter(|(sent, _)| *sent == call.number)?;
                if answer.0 != 0 {
                    self.gone_ms = None;
                }
                Some(self.renewed(answer, records))
            }
            Purpose::Settlements => {
                let sent = self.waiting.sent.take_if(|sent| sent.call == call.number)?;
                self.gone_ms = None;
                Some(self.taken(sent.count, answer, records))
            }
            // A request makes this call, and nobody keeps the others.
            Purpose::Hold | Purpose::Copy | Purpose::Record | Purpose::Resume => None,
        }
    }

    fn renewed(&mut self, answer: (u16, &[u8]), records: Records<'_>) -> Vec<Effect> {
        match self.holds.answered(answer, records.now_ms()) {
            Some(words) => words.into_iter().map(renewal).collect(),
            None if away::may_log(records, &self.ledger) => vec![Effect::Log(format!(
                "the ledger {} answers renewals with {}: holds of long streams expire, and what \
                 those cost is charged late",
                self.ledger.shown(),
                answer.0
            ))],
            None => Vec::new(),
        }
    }

    fn taken(&mut self, count: usize, answer: (u16, &[u8]), records: Records<'_>) -> Vec<Effect> {
        let (status, body) = answer;
        let document = Document::parse(body, Limits::default()).ok();
        let results = document.as_ref().and_then(Settled::read);
        match results.filter(|results| status == 200 && results.len() == count) {
            Some(results) => {
                self.waiting.go_on();
                results.into_iter().filter_map(|result| self.done(result, records)).collect()
            }
            // The batch itself is at fault: sent again it would be refused again, for ever.
            None if matches!(status, 400 | 413 | 422) => {
                let why = format!("refuses a batch of {count} settlements with {status}");
                self.give_up(count, &why, records)
            }
            None => {
                self.waiting.pause(records.now_ms());
                let refused = matches!(status, 401 | 403) && away::may_log(records, &self.ledger);
                let log = refused.then(|| Effect::Log(self.ledger.token_refused(status)));
                log.into_iter().chain([retried()]).collect()
            }
        }
    }

    /// The cluster that a call names is not there; `None` where the call is another's.
    pub(super) fn no_cluster(&mut self, call: CallId, records: Records<'_>) -> Option<Vec<Effect>> {
        let now = records.now_ms();
        let sent = match call.purpose {
            Purpose::Renewals => {
                self.holds.sent.filter(|(sent, _)| *sent == call.number)?;
                self.holds.answered((0, &[]), now);
                return Some(Vec::new());
            }
            Purpose::Settlements => self.waiting.sent.filter(|sent| sent.call == call.number)?,
            Purpose::Hold | Purpose::Copy | Purpose::Record | Purpose::Resume => return None,
        };
        let since = *self.gone_ms.get_or_insert(now);
        if now.saturating_sub(since) < GONE_MS {
            self.waiting.sent = None;
            return Some(self.taken(sent.count, (0, &[]), records));
        }
        self.waiting.sent = None;
        let count = self.waiting.len();
        let why = format!("is gone, its cluster is missing, and {count} settlements wait for it");
        Some(self.give_up(count, &why, records))
    }

    /// Drops the first `count` settlements, which nobody will ever take. Their tenants have their
    /// grace back.
    fn give_up(&mut self, count: usize, why: &str, records: Records<'_>) -> Vec<Effect> {
        let shown = self.ledger.shown();
        let line = format!("the ledger {shown} {why}: they are dropped, and their holds expire");
        let mut effects = vec![Effect::Log(line)];
        for _ in 0..count {
            let Some(waiting) = self.waiting.pop() else { break };
            self.forgive(waiting.owed, records);
            effects.push(dropped());
        }
        effects
    }

    /// The first that waits has been answered.
    fn done(&mut self, result: Settled, records: Records<'_>) -> Option<Effect> {
        let waiting = self.waiting.pop()?;
        if result.waits {
            self.waiting.postpone(waiting, records.now_ms());
            return Some(retried());
        }
        self.forgive(waiting.owed, records);
        let word = result.outcome.map_or("other", |outcome: Outcome| outcome.consequence().name);
        Some(metric::SETTLEMENTS.count(&[word]))
    }

    fn forgive(&self, owed: Option<(String, Credits)>, records: Records<'_>) {
        if let Some((tenant, credits)) = owed {
            TenantRecord::settled(records, &self.ledger, &tenant, credits);
        }
    }
}

fn retried() -> Effect {
    metric::SETTLEMENTS_RETRIED.count(&[])
}

fn renewal(outcome: &str) -> Effect {
    metric::RENEWALS.count(&[outcome])
}
