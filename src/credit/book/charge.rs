//! How a balance changes: an entry, the lots behind it, the meters beside it, the alerts after it.
use super::Book;
use crate::credit::alert::Alert;
use crate::credit::amount::{Balance, Credits};
use crate::credit::budget::{Labels, MeterKey};
use crate::credit::calendar::Moment;
use crate::credit::record::{Charge, Entry, Reason};

impl Book {
    /// Charges an account, and gives the overrun: what of the charge went below the overdraft. A
    /// charge of zero makes no entry. A meter that has reached [`Credits::MAX`] stays, and the
    /// charge is made all the same.
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
        let Some(balance) = account.balance.checked_sub(credits) else { return Credits::ZERO };
        let overrun = overrun(balance, account.overdraft, credits);
        charge.overrun = overrun;
        let labels = Labels { user: charge.user.as_deref(), key: charge.key.as_deref() };
        let model = MeterKey::model(tenant, charge.details.model.as_deref(), charge.counts_at);
        for key in MeterKey::every(tenant, labels, charge.counts_at).chain([model]) {
            let meter = self.meters.entry(key.clone()).or_default();
            meter.spent = meter.spent.checked_add(credits).unwrap_or(Credits::MAX);
            self.unsaved.meters.insert(key);
        }
        self.take_from_lots(tenant, credits);
        self.post(tenant, balance, Reason::Charge(Box::new(charge)), now);
        overrun
    }

    /// Writes an entry, after the account's lots were changed.
    pub(super) fn post(&mut self, tenant: &str, balance: Balance, reason: Reason, now: Moment) {
        let Some(account) = self.accounts.get_mut(tenant) else { return };
        let amount = balance.micros().saturating_sub(account.balance.micros());
        account.entries = account.entries.saturating_add(1);
        account.balance = balance;
        account.latest_at = account.latest_at.max(now);
        self.unsaved.entries.push(Entry {
            tenant: tenant.to_owned(),
            number: account.entries,
            at: account.latest_at,
            amount: Balance::of_micros(amount),
            balance,
            reason,
        });
        self.unsaved.account(tenant);
        self.raise_alerts(tenant);
    }

    /// Raises an alert for each threshold that the balance has just fallen below.
    pub(super) fn raise_alerts(&mut self, tenant: &str) {
        let Some(account) = self.accounts.get_mut(tenant) else { return };
        let standing = account.standing();
        for rule in &mut account.alert_rules {
            if !rule.observe(standing.balance, standing.last_purchase) {
                continue;
            }
            account.alerts = account.alerts.saturating_add(1);
            self.unsaved.alerts.push(Alert {
                tenant: tenant.to_owned(),
                number: account.alerts,
                at: account.latest_at,
                threshold: rule.threshold,
                balance: standing.balance,
                available: standing.available,
                last_purchase: standing.last_purchase,
            });
        }
    }
}

/// What of a charge, after which the balance is `balance`, went below the overdraft.
fn overrun(balance: Balance, overdraft: Credits, credits: Credits) -> Credits {
    let floor = i128::from(overdraft.micros()).saturating_neg();
    let below = floor.saturating_sub(balance.micros().into());
    u128::try_from(below).map_or(Credits::ZERO, Credits::clamped).min(credits)
}
