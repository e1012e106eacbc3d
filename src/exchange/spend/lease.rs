//! The lease that a proxy has for a payer, as its workers share it.
use super::super::Ledger;
use super::Payer;
use crate::credit::{Balance, Credits};
use crate::layout::{Reader, Writer};
use crate::policy::Allowance;
use crate::resilience::{Record, Records};

/// How long one request may be asking for a lease before another does, in milliseconds.
const PENDING_MS: u64 = 1000;

/// A payer's lease; without an id where it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LeaseRecord {
    /// The id of the lease's hold; empty where there is no lease.
    pub(super) id: String,
    /// What of it nobody has reserved.
    pub(super) free: Credits,
    /// Until when it is drawn on, by the proxy's clock in milliseconds.
    pub(super) until_ms: u64,
    /// Until when another request is asking for a lease, by the same clock.
    pending_ms: u64,
    /// What was available at the last answer, beside the lease.
    available: Balance,
}

/// What came of a try to draw on a lease.
pub(super) enum Drawn {
    /// The credits are reserved of this lease.
    Lease { id: String, until_ms: u64, left: Balance },
    /// There is no lease, or not enough of it: this request is to ask for a lease.
    Ask,
    /// Another request is asking for a lease.
    Busy,
}

impl Record for LeaseRecord {
    const KIND: &'static str = "lease.1";

    fn write(&self, out: &mut Writer) {
        out.text(&self.id);
        out.number(self.free.micros());
        out.number(self.until_ms);
        out.number(self.pending_ms);
        out.signed(self.available.micros());
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            id: fields.text()?.to_owned(),
            free: Credits::of_micros(fields.number()?)?,
            until_ms: fields.number()?,
            pending_ms: fields.number()?,
            available: Balance::of_micros(fields.signed()?),
        })
    }

    fn is_pinned(&self, now_ms: u64) -> bool {
        !self.free.is_zero() && now_ms < self.until_ms
    }
}

/// No lease is forgotten while it can be drawn on.
const _: () = assert!(LeaseRecord::STALE_MS > Allowance::SECONDS_MAX.saturating_mul(1000));

impl LeaseRecord {
    /// What is left to spend, as far as this proxy knows.
    fn left(&self) -> Balance {
        self.available.checked_add(self.free).unwrap_or(self.available)
    }

    fn update<T>(
        records: Records<'_>,
        payer: &str,
        mut change: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let changed = records.update(payer, |known| {
            let mut lease: Self = known.unwrap_or_default();
            let answer = change(&mut lease)?;
            Some((lease, answer))
        });
        changed.ok()
    }

    /// Reserves credits of the payer's lease.
    pub(super) fn draw(
        records: Records<'_>,
        ledger: &Ledger,
        payer: &Payer,
        credits: Credits,
    ) -> Drawn {
        let now_ms = records.now_ms();
        let drawn = Self::update(records, &payer.name(ledger), |lease| {
            let live = !lease.id.is_empty() && now_ms < lease.until_ms;
            match lease.free.checked_sub(credits).filter(|_| live) {
                Some(free) => {
                    lease.free = free;
                    let (id, until_ms) = (lease.id.clone(), lease.until_ms);
                    Some(Drawn::Lease { id, until_ms, left: lease.left() })
                }
                None if now_ms < lease.pending_ms => None,
                None => {
                    lease.pending_ms = now_ms.saturating_add(PENDING_MS);
                    Some(Drawn::Ask)
                }
            }
        });
        drawn.unwrap_or(Drawn::Busy)
    }

    /// Notes what is available, where there is a lease to add it to.
    pub(super) fn note(records: Records<'_>, ledger: &Ledger, payer: &Payer, available: Balance) {
        Self::update(records, &payer.name(ledger), |lease| {
            lease.available = available;
            (!lease.id.is_empty()).then_some(())
        });
    }

    /// Takes over a new lease. Gives the id of the lease before, and what was free of that; `None`
    /// where there is no place for the new one.
    pub(super) fn lend(
        records: Records<'_>,
        payer: &str,
        (id, free, until_ms): (&str, Credits, u64),
        available: Balance,
    ) -> Option<(String, Credits)> {
        Self::update(records, payer, |lease| {
            let before = core::mem::replace(&mut lease.id, id.to_owned());
            let left = core::mem::replace(&mut lease.free, free);
            lease.until_ms = until_ms;
            lease.pending_ms = 0;
            lease.available = available;
            Some((before, left))
        })
    }

    /// Gives back what a request reserved and did not need; whether the lease that it came from is
    /// still there.
    pub(super) fn give_back(records: Records<'_>, payer: &str, id: &str, credits: Credits) -> bool {
        let given = Self::update(records, payer, |lease| {
            if lease.id != id || records.now_ms() >= lease.until_ms {
                return None;
            }
            lease.free = lease.free.checked_add(credits)?;
            Some(())
        });
        given.is_some()
    }

    /// Ends a lease, where it is still there; gives what was free of it.
    pub(super) fn end(records: Records<'_>, payer: &str, id: &str) -> Option<Credits> {
        Self::update(records, payer, |lease| {
            if lease.id != id {
                return None;
            }
            lease.id.clear();
            Some(core::mem::take(&mut lease.free))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::LeaseRecord;
    use crate::credit::Credits;
    use crate::resilience::Record as _;

    #[test]
    fn a_lease_keeps_its_place_while_it_can_be_drawn_on() {
        for (micros, now_ms, stays) in
            [(1, 0, true), (1, 499, true), (1, 500, false), (1, 501, false), (0, 499, false)]
        {
            let free = Credits::of_micros(micros).unwrap_or_default();
            let lease = LeaseRecord { free, until_ms: 500, ..LeaseRecord::default() };
            assert_eq!(lease.is_pinned(now_ms), stays, "{micros} at {now_ms}");
        }
    }
}
