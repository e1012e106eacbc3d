//! How a balance changes: an entry, the lots behind it, the meters beside it, the alarms after it.
use super::Book;
use crate::credit::alert::Alert;
use crate::credit::amount::{Balance, Credits};
use crate::credit::budget::{Labels, MeterKey};
use crate::credit::calendar::Moment;
use crate::credit::record::{Charge, Entry, Reason};

/// A charge that is possible. Whatever could go wrong with it has not.
#[derive(Debug)]
pub(super) struct Charging {
    credits: Credits,
    balance: Balance,
    /// What each meter will have counted.
    spent: Vec<(MeterKey, Credits)>,
}

impl Charging {
    /// What of it goes below what holds may take.
    fn overrun(&self, overdraft: Credits) -> Credits {
        let floor = i128::from(overdraft.micros()).saturating_neg();
        let below = floor.saturating_sub(self.balance.micros().into());
        u128::try_from(below).map_or(Credits::ZERO, Credits::clamped).min(self.credits)
    }
}

impl Book {
    /// Looks whether an account can be charged; none when a sum would be more than there can be.
    pub(super) fn charging(
        &self,
        tenant: &str,
        credits: Credits,
        labels: Labels<'_>,
        model: Option<&str>,
        counts_at: Moment,
    ) -> Option<Charging> {
        let balance = self.accounts.get(tenant)?.balance.minus(credits)?;
        let model = MeterKey::model(tenant, model, counts_at);
        let spent = MeterKey::every(tenant, labels, counts_at).chain([model]).map(|key| {
            let spent = self.meter(&key).spent.plus(credits)?;
            Some((key, spent))
        });
        Some(Charging { credits, balance, spent: spent.collect::<Option<_>>()? })
    }

    /// Charges; what of it went below what holds may take. Nothing is no charge.
    pub(super) fn charge(
        &mut self,
        tenant: &str,
        charging: Charging,
        mut charge: Charge,
        now: Moment,
    ) -> Credits {
        if charging.credits.is_zero() {
            return Credits::ZERO;
        }
        let overdraft = self.accounts.get(tenant).map(|account| account.overdraft);
        let overrun = charging.overrun(overdraft.unwrap_or_default());
        charge.overrun = overrun;
        for (key, spent) in charging.spent {
            self.meters.entry(key.clone()).or_default().spent = spent;
            self.dirty.meters.insert(key);
        }
        self.take(tenant, charging.credits);
        self.post(tenant, charging.balance, Reason::Charge(Box::new(charge)), now);
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
            if !alarm.sees(standing.balance, standing.last_purchase) {
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
