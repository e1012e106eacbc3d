//! `repair`: undoes what a clock that was ahead did to an account. Lots that expired too early
//! come back, and the account's time is set back to now.
use super::{Book, due};
use crate::credit::amount::Credits;
use crate::credit::calendar::Moment;
use crate::credit::command::{Answer, Repair, Repairs};
use crate::credit::outcome::Outcome;
use crate::credit::record::{HoldState, Lot, Reason};
use crate::credit::wire::EXPIRES_MAX;

/// How far ahead of the clock an account or a hold may be without a repair, in seconds.
const SLACK: u64 = 30;

impl Book {
    /// What was left of a lot when it expired, and no repair has brought back since.
    pub fn load_expired(&mut self, tenant: String, lot: Lot) {
        self.expired.insert((tenant, lot.number), lot);
    }

    pub(super) fn repair(&mut self, repair: &Repair, now: Moment) -> Answer {
        let tenant = &repair.tenant;
        let Some(account) = self.accounts.get(tenant) else {
            return Answer::only(Outcome::UnknownTenant);
        };
        let ahead = account.latest_at > now.plus_seconds(SLACK);
        let lots = self.expired_too_early(tenant, now);
        let holds = self.expiring_too_late(tenant, now);
        let sum = |sum: Credits, lot: &Lot| sum.checked_add(lot.remaining).unwrap_or(Credits::MAX);
        let repairs = Repairs {
            credits: lots.iter().fold(Credits::ZERO, sum),
            holds: u64::try_from(holds.len()).unwrap_or(u64::MAX),
            from: account.latest_at,
        };
        if !ahead && lots.is_empty() && holds.is_empty() {
            return self.answer(Outcome::NothingToRepair, tenant);
        }
        if repair.apply {
            self.undo(tenant, now, &lots, &holds);
        }
        Answer { repairs: Some(repairs), ..self.answer(Outcome::Repaired, tenant) }
    }

    fn undo(&mut self, tenant: &str, now: Moment, lots: &[Lot], holds: &[(String, String)]) {
        if let Some(account) = self.accounts.get_mut(tenant) {
            account.latest_at = account.latest_at.min(now);
        }
        for key in holds {
            let Some(hold) = self.holds.get_mut(key) else { continue };
            self.due.remove(&due(hold));
            let life = hold.expires_at.millis().saturating_sub(hold.made.millis());
            let life = life.div_ceil(1000).clamp(1, EXPIRES_MAX);
            hold.expires_at = now.plus_seconds(life);
            self.due.insert(due(hold));
            self.unsaved.hold(key);
        }
        for lot in lots {
            self.restore_lot(tenant, *lot, now);
        }
        if lots.is_empty() {
            let balance = self.accounts.get(tenant).map(|account| account.balance);
            self.post(tenant, balance.unwrap_or_default(), Reason::Repair { lot: None }, now);
        }
    }

    fn restore_lot(&mut self, tenant: &str, lot: Lot, now: Moment) {
        let Some(account) = self.accounts.get_mut(tenant) else { return };
        let Some(balance) = account.balance.checked_add(lot.remaining) else { return };
        // What the account owes by now is paid off first.
        let back = lot.remaining.min(balance.credits());
        let left = account.lots.iter().find(|own| own.number == lot.number).copied();
        let remaining = back.checked_add(left.map_or(Credits::ZERO, |own| own.remaining));
        let whole = Lot { remaining: remaining.unwrap_or(Credits::MAX), ..lot };
        account.lots.retain(|own| own.number != lot.number);
        account.add_lot(whole);
        self.unsaved.lot(tenant, whole, left.is_none());
        self.expired.remove(&(tenant.to_owned(), lot.number));
        self.post(tenant, balance, Reason::Repair { lot: Some(lot.number) }, now);
    }

    /// Lots that were let expire before their time.
    fn expired_too_early(&self, tenant: &str, now: Moment) -> Vec<Lot> {
        let early = |lot: &&Lot| lot.expires_at.is_some_and(|at| at > now);
        let own = self.expired.iter().filter(|((name, _), _)| name == tenant);
        let own = own.map(|(_, lot)| lot).filter(early);
        own.filter(|lot| !lot.remaining.is_zero()).copied().collect()
    }

    /// Open holds that would expire later than any hold may.
    fn expiring_too_late(&self, tenant: &str, now: Moment) -> Vec<(String, String)> {
        let last = now.plus_seconds(EXPIRES_MAX).plus_seconds(SLACK);
        let from = (tenant.to_owned(), String::new());
        let own = self.holds.range(from..).take_while(|((name, _), _)| name == tenant);
        let long = own.filter(|(_, hold)| hold.state == HoldState::Open && hold.expires_at > last);
        long.map(|(key, _)| key.clone()).collect()
    }
}
