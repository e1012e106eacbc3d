//! What expires by itself: holds that nobody settled, and lots that were not used in time.
use super::{Book, due};
use crate::credit::amount::Credits;
use crate::credit::budget::MeterKey;
use crate::credit::calendar::Moment;
use crate::credit::record::{HoldState, Lot, Reason};

impl Book {
    /// Lets all that is due in an account expire, and gives the account's time: `now`, or the
    /// latest time that it has seen. `None` without an account.
    pub(super) fn bring_up_to_date(&mut self, tenant: &str, now: Moment) -> Option<Moment> {
        let now = self.accounts.get(tenant)?.latest_at.max(now);
        while let Some(key) = self.first_due(tenant, now) {
            self.end_hold(&key, HoldState::Expired, now);
        }
        self.expire_lots(tenant, now);
        Some(now)
    }

    fn first_due(&self, tenant: &str, now: Moment) -> Option<(String, String)> {
        let from = (tenant.to_owned(), Moment::default(), String::new());
        let (first, expires_at, id) = self.due.range(from..).next()?;
        (first == tenant && *expires_at <= now).then(|| (first.clone(), id.clone()))
    }

    /// Ends an open hold: what it still holds becomes available again.
    pub(super) fn end_hold(&mut self, key: &(String, String), state: HoldState, now: Moment) {
        let remaining = self.holds.get(key).map_or(Credits::ZERO, |hold| hold.remaining);
        self.release_held(key, remaining, now);
        if let Some(hold) = self.holds.get_mut(key) {
            self.due.remove(&due(hold));
            hold.state = state;
            hold.lapsed = if state == HoldState::Expired { remaining } else { Credits::ZERO };
            self.unsaved.hold(key);
        }
    }

    /// Makes a part of what a hold still holds available again.
    pub(super) fn release_held(&mut self, key: &(String, String), credits: Credits, now: Moment) {
        let Some(hold) = self.holds.get_mut(key).filter(|_| !credits.is_zero()) else { return };
        hold.remaining = hold.remaining.saturating_sub(credits);
        self.unsaved.hold(key);
        if let Some(account) = self.accounts.get_mut(&hold.tenant) {
            account.held = account.held.saturating_sub(credits);
            account.latest_at = account.latest_at.max(now);
            self.unsaved.account(&hold.tenant);
        }
        for key in MeterKey::every(&hold.tenant, hold.labels(), hold.made) {
            let meter = self.meters.entry(key.clone()).or_default();
            meter.held = meter.held.saturating_sub(credits);
            self.unsaved.meters.insert(key);
        }
    }

    /// Removes lots that are due, except for what open holds may still need: that waits for them.
    pub(super) fn expire_lots(&mut self, tenant: &str, now: Moment) {
        loop {
            let Some(account) = self.accounts.get(tenant) else { return };
            let over = |lot: &&Lot| lot.expires_at.is_some_and(|moment| moment <= now);
            let Some(lot) = account.lots.first().filter(over).copied() else { return };
            let gone = lot.remaining.min(self.unheld(tenant));
            let Some(balance) = account.balance.checked_sub(gone) else { return };
            if gone.is_zero() {
                return;
            }
            self.take_from_lots(tenant, gone);
            let key = (tenant.to_owned(), lot.number);
            let none = Lot { remaining: Credits::ZERO, ..lot };
            let expired = self.expired.entry(key).or_insert(none);
            expired.remaining = expired.remaining.checked_add(gone).unwrap_or(Credits::MAX);
            self.post(tenant, balance, Reason::Expiry { lot: lot.number }, now);
        }
    }

    /// Takes credits from an account's lots, those that expire first before the others.
    pub(super) fn take_from_lots(&mut self, tenant: &str, credits: Credits) {
        let Some(account) = self.accounts.get_mut(tenant) else { return };
        account.take(credits, &mut |lot| self.unsaved.lot(tenant, lot, false));
    }
}
