//! How a balance changes: an entry, the lots behind it, the meters beside it, the alarms after it.
use super::Book;
use crate::credit::alert::Alert;
use crate::credit::amount::{Balance, Credits};
use crate::credit::budget::{Labels, MeterKey};
use crate::credit::calendar::Moment;
use crate::credit::record::{Charge, Entry, Reason};

impl Book {
    /// Charges an account that can be; what of it went below what holds may take. Nothing is no
    /// charge, and a meter that is full stays full: that drops no charge.
    pub(super) fn charge(
        &mut self,
        tenant: &str,
        credits: Credits,
        mut charge: Charge,
        now: Moment,
    ) -> Credits {
        let Some(account) = self.accounts.get(tenant).filter(|_| !credits.is_zero()) else {
            return Credits::ZERO;
        };
        let Some(balance) = account.balance.minus(credits) else { return Credits::ZERO };
        let overrun = overrun(balance, account.overdraft, credits);
        charge.overrun = overrun;
        let labels = Labels { user: charge.user.as_deref(), key: charge.key.as_deref() };
        let model = MeterKey::model(tenant, charge.spent.model.as_deref(), charge.counts_at);
        for key in MeterKey::every(tenant, labels, charge.counts_at).chain([model]) {
            let meter = self.meters.entry(key.clone()).or_default();
            meter.spent = meter.spent.plus(credits).unwrap_or(Credits::MAX);
            self.dirty.meters.insert(key);
        }
        self.take(tenant, credits);
        self.post(tenant, balance, Reason::Charge(Box::new(charge)), now);
        overrun
    }

    /// Writes an entry. Its lots are right already.
    pub(super) fn post(&mut self, tenant: &str, balance: Balance, reason: Reason, now: Moment) {
        let Some(account) = self.accounts.get_mut(tenant) else { return };
        let amount = balance.micros().saturating_sub(account.balance.micros());
        account.entries = account.entries.saturating_add(1);
        account.balance = balance;
        account.mark = account.mark.max(now);
        self.dirty.entries.push(Entry {
            tenant: tenant.to_owned(),
            number: account.entries,
            at: account.mark,
            amount: Balance::of_micros(amount),
            balance,
            reason,
        });
        self.dirty.account(tenant);
        self.alarm(tenant);
    }

    /// Tells what is below its threshold and was not before.
    pub(super) fn alarm(&mut self, tenant: &str) {
        let Some(account) = self.accounts.get_mut(tenant) else { return };
        let standing = account.standing();
        for alarm in &mut account.alarms {
            if !alarm.observe(standing.balance, standing.last_purchase) {
                continue;
            }
            account.alerts = account.alerts.saturating_add(1);
            self.dirty.alerts.push(Alert {
                tenant: tenant.to_owned(),
                number: account.alerts,
                at: account.mark,
                threshold: alarm.threshold,
                balance: standing.balance,
                available: standing.available,
                last_purchase: standing.last_purchase,
            });
        }
    }
}

/// What of a charge that left a balance went below what holds may take.
fn overrun(balance: Balance, overdraft: Credits, credits: Credits) -> Credits {
    let floor = i128::from(overdraft.micros()).saturating_neg();
    let below = floor.saturating_sub(balance.micros().into());
    u128::try_from(below).map_or(Credits::ZERO, Credits::clamped).min(credits)
}
