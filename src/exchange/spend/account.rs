//! The lease that a proxy has for a payer.
use super::super::{Envoy, Ledger};
use super::Payer;
use crate::credit::{Balance, Credits};
use crate::layout::{Reader, Writer};
use crate::resilience::{self as cell, Record};

/// How long one request may be asking for a lease before another does, in milliseconds.
const PENDING_MS: u64 = 1000;

/// A payer's lease.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// The lease's hold; empty for none.
    pub(super) lease: String,
    /// What of it nobody has reserved.
    pub(super) free: Credits,
    /// Until when it is drawn on, by the proxy's clock in milliseconds.
    pub(super) until_ms: u64,
    /// Until when somebody else is asking for one.
    pending_ms: u64,
    /// What was available at the last answer, beside the lease.
    available: Balance,
}

/// What came of a try to draw on a lease.
pub(super) enum Drawn {
    /// The credits are reserved.
    Lease { id: String, until_ms: u64, left: Balance },
    /// There is no lease, or not enough of it: this request is to ask for one.
    Ask,
    /// Another request is asking for one.
    Busy,
}

impl Record for Account {
    const KIND: &'static str = "lease.1";

    fn write(&self, out: &mut Writer) {
        out.text(&self.lease);
        out.number(self.free.micros());
        out.number(self.until_ms);
        out.number(self.pending_ms);
        out.signed(self.available.micros());
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            lease: fields.text()?.to_owned(),
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

impl Account {
    /// What is left to spend, as far as this proxy knows.
    fn left(&self) -> Balance {
        self.available.checked_add(self.free).unwrap_or(self.available)
    }

    fn update<T>(
        envoy: &dyn Envoy,
        payer: &str,
        mut change: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let changed = cell::update(envoy, envoy.now_ms(), payer, |account| {
            let mut account: Self = account.unwrap_or_default();
            let answer = change(&mut account)?;
            Some((account, answer))
        });
        changed.ok()
    }

    /// Reserves credits of the payer's lease.
    pub(super) fn draw(
        envoy: &dyn Envoy,
        ledger: &Ledger,
        payer: &Payer,
        credits: Credits,
    ) -> Drawn {
        let now = envoy.now_ms();
        let drawn = Self::update(envoy, &payer.name(ledger), |account| {
            let live = !account.lease.is_empty() && now < account.until_ms;
            match account.free.checked_sub(credits).filter(|_| live) {
                Some(free) => {
                    account.free = free;
                    let (id, until_ms) = (account.lease.clone(), account.until_ms);
                    Some(Drawn::Lease { id, until_ms, left: account.left() })
                }
                None if now < account.pending_ms => None,
                None => {
                    account.pending_ms = now.saturating_add(PENDING_MS);
                    Some(Drawn::Ask)
                }
            }
        });
        drawn.unwrap_or(Drawn::Busy)
    }

    /// Notes what is available, where there is a lease to add it to.
    pub(super) fn note(envoy: &dyn Envoy, ledger: &Ledger, payer: &Payer, available: Balance) {
        Self::update(envoy, &payer.name(ledger), |account| {
            account.available = available;
            (!account.lease.is_empty()).then_some(())
        });
    }

    /// Takes over a new lease. Gives what was free of the one before; none when the new one cannot
    /// be kept.
    pub(super) fn lend(
        envoy: &dyn Envoy,
        payer: &str,
        (id, free, until_ms): (&str, Credits, u64),
        available: Balance,
    ) -> Option<(String, Credits)> {
        Self::update(envoy, payer, |account| {
            let before = core::mem::replace(&mut account.lease, id.to_owned());
            let left = core::mem::replace(&mut account.free, free);
            account.until_ms = until_ms;
            account.pending_ms = 0;
            account.available = available;
            Some((before, left))
        })
    }

    /// Gives back what a request reserved and did not need; whether the lease is still the one it
    /// came from.
    pub(super) fn give_back(envoy: &dyn Envoy, payer: &str, id: &str, credits: Credits) -> bool {
        let now = envoy.now_ms();
        let given = Self::update(envoy, payer, |account| {
            if account.lease != id || now >= account.until_ms {
                return None;
            }
            account.free = account.free.checked_add(credits)?;
            Some(())
        });
        given.is_some()
    }

    /// Ends a lease, if it is still there; gives what was free of it.
    pub(super) fn end(envoy: &dyn Envoy, payer: &str, id: &str) -> Option<Credits> {
        Self::update(envoy, payer, |account| {
            if account.lease != id {
                return None;
            }
            account.lease.clear();
            Some(core::mem::take(&mut account.free))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Account;
    use crate::credit::Credits;
    use crate::resilience::Record as _;

    #[test]
    fn a_lease_keeps_its_place_while_it_can_be_drawn_on() {
        for (micros, now_ms, stays) in
            [(1, 0, true), (1, 499, true), (1, 500, false), (1, 501, false), (0, 499, false)]
        {
            let free = Credits::of_micros(micros).unwrap_or_default();
            let account = Account { free, until_ms: 500, ..Account::default() };
            assert_eq!(account.is_pinned(now_ms), stays, "{micros} at {now_ms}");
        }
    }
}
