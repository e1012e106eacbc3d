//! What goes by itself: holds that nobody came for, and purchases that were not used in time.
use super::{Book, due};
use crate::credit::amount::Credits;
use crate::credit::budget::MeterKey;
use crate::credit::calendar::Moment;
use crate::credit::record::{HoldState, Lot, Reason};

impl Book {
    /// Comes to an account: what has expired goes. The time there; none without an account.
    pub(super) fn arrive(&mut self, tenant: &str, now: Moment) -> Option<Moment> {
        let now = self.accounts.get(tenant)?.mark.max(now);
        while let Some(key) = self.first_due(tenant, now) {
            self.end(&key, HoldState::Expired, now);
        }
        self.expire(tenant, now);
        Some(now)
    }

    fn first_due(&self, tenant: &str, now: Moment) -> Option<(String, String)> {
        let from = (tenant.to_owned(), Moment::default(), String::new());
        let (first, expires_at, id) = self.due.range(from..).next()?;
        (first == tenant && *expires_at <= now).then(|| (first.clone(), id.clone()))
    }

    /// Ends an open hold: what it still holds is free again.
    pub(super) fn end(&mut self, key: &(String, String), state: HoldState, now: Moment) {
        let remaining = self.holds.get(key).map_or(Credits::ZERO, |hold| hold.remaining);
        self.free(key, remaining, now);
        if let Some(hold) = self.holds.get_mut(key) {
            self.due.remove(&due(hold));
            hold.state = state;
            hold.lapsed = if state == HoldState::Expired { remaining } else { Credits::ZERO };
            self.dirty.hold(key);
        }
    }

    /// Takes so much of what a hold still holds out of it.
    pub(super) fn free(&mut self, key: &(String, String), credits: Credits, now: Moment) {
        let Some(hold) = self.holds.get_mut(key).filter(|_| !credits.is_zero()) else { return };
        hold.remaining = hold.remaining.less(credits);
        self.dirty.hold(key);
        if let Some(account) = self.accounts.get_mut(&hold.tenant) {
            account.held = account.held.less(credits);
            account.mark = account.mark.max(now);
            self.dirty.account(&hold.tenant);
        }
        for key in MeterKey::every(&hold.tenant, hold.labels(), hold.made) {
            let meter = self.meters.entry(key.clone()).or_default();
            meter.held = meter.held.less(credits);
            self.dirty.meters.insert(key);
        }
    }

    /// Lets expired purchases go, but for what open holds may still need: that waits for them.
    pub(super) fn expire(&mut self, tenant: &str, now: Moment) {
        loop {
            let Some(account) = self.accounts.get(tenant) else { return };
            let over = |lot: &&Lot| lot.expires_at.is_some_and(|moment| moment <= now);
            let Some(lot) = account.lots.first().filter(over).copied() else { return };
            let gone = lot.remaining.min(self.unheld(tenant));
            let Some(balance) = account.balance.minus(gone) else { return };
            if gone.is_zero() {
                return;
            }
            self.take(tenant, gone);
            let key = (tenant.to_owned(), lot.number);
            let none = Lot { remaining: Credits::ZERO, ..lot };
            let expired = self.expired.entry(key).or_insert(none);
            expired.remaining = expired.remaining.plus(gone).unwrap_or(Credits::MAX);
            self.post(tenant, balance, Reason::Expiry { lot: lot.number }, now);
        }
    }

    /// Takes so much out of an account's lots, the first to expire first.
    pub(super) fn take(&mut self, tenant: &str, credits: Credits) {
        let Some(account) = self.accounts.get_mut(tenant) else { return };
        account.take(credits, &mut |lot| self.dirty.lot(tenant, lot, false));
    }
}
