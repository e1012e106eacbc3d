//! Holds that streams run on: renewed in batches before they expire, so that a hold may be short
//! and a stream long. A proxy that dies renews nothing, and what it held is soon free.
use std::collections::BTreeMap;

use crate::credit::Outcome;
use crate::credit::wire::{BATCH_MAX, Renewal, Renewed};
use crate::json::{Document, Limits, Writer};

/// Most holds that are renewed in a worker; those beyond expire in their time and are settled late.
const OPEN_MAX: usize = 50_000;

/// How long after a renewal that came to nothing it is tried again, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// How long a ledger that knows no renewals is not asked for any, in milliseconds.
const UNKNOWN_MS: u64 = 60_000;

/// The open holds of one ledger.
#[derive(Debug, Default)]
pub(super) struct OpenHolds {
    holds: BTreeMap<String, Open>,
    /// When the first of them is due, or earlier.
    due_ms: u64,
    /// The call that is on its way, and since when.
    pub(super) sent: Option<(u64, u64)>,
    /// No renewal goes before this time.
    next_ms: u64,
}

#[derive(Debug)]
struct Open {
    tenant: String,
    /// How many requests run on it.
    requests: u32,
    /// For how long it is renewed.
    seconds: u64,
    renew_ms: u64,
}

impl Open {
    /// Renewed at half its life, and with half of it left.
    const fn margin_ms(&self) -> u64 {
        self.seconds.saturating_mul(500)
    }
}

impl OpenHolds {
    /// A request runs on a hold; whether it will be renewed.
    pub(super) fn opened(&mut self, id: String, tenant: String, expires_ms: u64, s: u64) -> bool {
        if self.holds.len() >= OPEN_MAX && !self.holds.contains_key(&id) {
            return false;
        }
        let mut open = Open { tenant, requests: 0, seconds: s, renew_ms: 0 };
        open.renew_ms = expires_ms.saturating_sub(open.margin_ms());
        self.due_ms = self.due_ms.min(open.renew_ms);
        let open = self.holds.entry(id).or_insert(open);
        open.requests = open.requests.saturating_add(1);
        true
    }

    /// That request is over.
    pub(super) fn closed(&mut self, id: &str) {
        let Some(open) = self.holds.get_mut(id) else { return };
        open.requests = open.requests.saturating_sub(1);
        if open.requests == 0 {
            self.holds.remove(id);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.holds.is_empty()
    }

    fn first_due(&self) -> u64 {
        self.holds.values().map(|open| open.renew_ms).min().unwrap_or(u64::MAX)
    }

    /// A batch of the holds that are due; where none is and `warm` asks for a call, of any one.
    pub(super) fn next(&mut self, now_ms: u64, warm: bool) -> Option<Vec<u8>> {
        if self.sent.is_some() || self.holds.is_empty() || now_ms < self.next_ms {
            return None;
        }
        let due = now_ms >= self.due_ms;
        if !due && !warm {
            return None;
        }
        let mut json = Writer::after(Vec::with_capacity(256));
        let mut count = 0_usize;
        json.object(|w| {
            w.key("holds").array(|w| {
                let due = |open: &Open| open.renew_ms <= now_ms;
                let most = if self.holds.values().any(due) { BATCH_MAX } else { 1 };
                let any = most == 1 && warm;
                let wanted = self.holds.iter_mut().filter(|(_, open)| any || due(open));
                for (id, open) in wanted.take(most) {
                    // Should no answer come.
                    open.renew_ms = now_ms.saturating_add(AGAIN_MS);
                    count = count.saturating_add(1);
                    let (tenant, hold_id) = (open.tenant.as_str().into(), id.as_str().into());
                    Renewal { tenant, hold_id, expires_in: open.seconds }.write(w);
                }
            });
        });
        self.due_ms = self.first_due();
        (count > 0).then(|| json.finish())
    }

    /// The ledger has answered; what it said of each hold, or `None` where it knows no renewals.
    pub(super) fn answered(
        &mut self,
        (status, body): (u16, &[u8]),
        now_ms: u64,
    ) -> Option<Vec<&'static str>> {
        let since_ms = self.sent.take().map_or(now_ms, |(_, since_ms)| since_ms);
        if matches!(status, 400 | 404 | 405 | 413 | 422 | 501) {
            self.next_ms = now_ms.saturating_add(UNKNOWN_MS);
            return None;
        }
        let document = Document::parse(body, Limits::default()).ok().filter(|_| status == 200);
        let Some(renewed) = document.as_ref().and_then(Renewed::read) else {
            self.next_ms = now_ms.saturating_add(AGAIN_MS);
            return Some(vec!["unanswered"]);
        };
        let mut words = Vec::new();
        for Renewed { hold_id, outcome, waits } in renewed {
            let Some(open) = self.holds.get_mut(hold_id.as_ref()) else { continue };
            let (life_ms, margin_ms) = (open.seconds.saturating_mul(1000), open.margin_ms());
            let (word, renew_ms) = match outcome {
                Some(Outcome::Renewed) => {
                    ("renewed", since_ms.saturating_add(life_ms).saturating_sub(margin_ms))
                }
                // Once more where credits may come; what has ended has ended.
                Some(Outcome::Insufficient | Outcome::BudgetExceeded) => {
                    ("insufficient", now_ms.saturating_add(margin_ms.max(AGAIN_MS)))
                }
                // Its account is locked: nobody else's renewals wait for it.
                None if waits => ("unanswered", now_ms.saturating_add(AGAIN_MS)),
                _ => ("ended", u64::MAX),
            };
            open.renew_ms = renew_ms;
            words.push(word);
        }
        self.due_ms = self.first_due();
        Some(words)
    }
}
