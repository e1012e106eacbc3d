//! `adjust`: an operator changes an account by hand; the same key changes it once.
use super::Book;
use crate::credit::adjustment::{Adjust, Adjusted, Adjustment, Change};
use crate::credit::amount::{Balance, Credits};
use crate::credit::calendar::Moment;
use crate::credit::command::Answer;
use crate::credit::outcome::Outcome;
use crate::credit::record::{Lot, Reason};

/// What an adjustment comes to, once it is known to be possible.
struct Planned {
    amount: Balance,
    /// The lot that is taken from; `None` for those that expire first.
    lot: Option<u64>,
    expires_at: Option<Moment>,
    paid: Credits,
}

impl Book {
    pub(super) fn adjust(&mut self, adjust: &Adjust, now: Moment) -> Answer {
        let (tenant, id) = (&adjust.tenant, (adjust.tenant.clone(), adjust.key.clone()));
        let Some(now) = self.bring_up_to_date(tenant, now) else {
            return Answer::only(Outcome::UnknownTenant);
        };
        if let Some(made) = self.adjustments.get(&id) {
            if made.asked != *adjust {
                return self.answer(Outcome::AdjustedDifferently, tenant);
            }
            let (standing, adjustment) = (Some(made.standing), Some(made.clone()));
            return Answer { standing, adjustment, ..Answer::only(Outcome::AdjustedBefore) };
        }
        let planned = match self.plan(adjust) {
            Ok(planned) => planned,
            Err(outcome) => return self.answer(outcome, tenant),
        };
        let number = self.account(tenant).map_or(0, |account| account.entries).saturating_add(1);
        let Some(balance) = self.change(adjust, &planned, number) else {
            return self.answer(Outcome::Overflow, tenant);
        };
        let reason = Reason::Adjustment(Box::new(Adjusted {
            change: adjust.change.name(),
            key: adjust.key.clone(),
            lot: planned.lot,
            expires_at: planned.expires_at,
            reason: adjust.reason.clone(),
        }));
        self.post(tenant, balance, reason, now);
        let answer = self.answer(Outcome::Adjusted, tenant);
        let Some(standing) = answer.standing else { return answer };
        let (asked, Planned { amount, paid, .. }) = (adjust.clone(), planned);
        let adjustment = Adjustment { asked, number, amount, paid, at: now, standing };
        self.adjustments.insert(id.clone(), adjustment.clone());
        self.unsaved.adjustments.push(id);
        Answer { adjustment: Some(adjustment), ..answer }
    }

    /// What the adjustment comes to.
    ///
    /// # Errors
    /// The outcome to answer where it is not possible.
    fn plan(&self, adjust: &Adjust) -> Result<Planned, Outcome> {
        let plan = |amount: Option<Balance>| Planned {
            amount: amount.unwrap_or_default(),
            lot: None,
            expires_at: None,
            paid: Credits::ZERO,
        };
        match &adjust.change {
            Change::Credit { credits, expires_at } => {
                let expires_at = *expires_at;
                Ok(Planned { expires_at, ..plan(Balance::ZERO.checked_add(*credits)) })
            }
            Change::Debit { credits } => Ok(plan(Balance::ZERO.checked_sub(*credits))),
            Change::Refund { purchase, credits } => {
                let key = (adjust.tenant.clone(), purchase.clone());
                let purchase = self.purchases.get(&key).ok_or(Outcome::UnknownPurchase)?;
                let left = self.left_of(&adjust.tenant, purchase.number);
                let left = left.min(self.unheld(&adjust.tenant));
                let credits = credits.unwrap_or(left);
                if credits > left || credits.is_zero() {
                    return Err(Outcome::NotLeft);
                }
                let paid = purchase.deal.paid.part(credits, purchase.deal.credits);
                let lot = Some(purchase.number);
                Ok(Planned { lot, paid, ..plan(Balance::ZERO.checked_sub(credits)) })
            }
            Change::Void { lot } => {
                let left = self.left_of(&adjust.tenant, *lot);
                if left.is_zero() {
                    return Err(Outcome::NotLeft);
                }
                Ok(Planned { lot: Some(*lot), ..plan(Balance::ZERO.checked_sub(left)) })
            }
        }
    }

    /// What is left of a lot; zero for a lot that is used up or unknown.
    fn left_of(&self, tenant: &str, number: u64) -> Credits {
        let lots = self.accounts.get(tenant).into_iter().flat_map(|account| &account.lots);
        lots.filter(|lot| lot.number == number).map(|lot| lot.remaining).next().unwrap_or_default()
    }

    /// The part of the balance that no open hold may need.
    pub(super) fn unheld(&self, tenant: &str) -> Credits {
        let account = self.accounts.get(tenant);
        let free = account.and_then(|account| account.balance.checked_sub(account.held));
        free.unwrap_or_default().credits()
    }

    /// Changes the lots, and gives the new balance; `None` when that would overflow.
    fn change(&mut self, adjust: &Adjust, planned: &Planned, number: u64) -> Option<Balance> {
        let tenant = &adjust.tenant;
        let account = self.accounts.get_mut(tenant)?;
        let micros = account.balance.micros().checked_add(planned.amount.micros())?;
        let (balance, expires_at) = (Balance::of_micros(micros), planned.expires_at);
        if planned.amount > Balance::ZERO {
            // What the account owed is paid off first: only the rest becomes a lot.
            let remaining = planned.amount.credits().min(balance.credits());
            let lot = Lot { number, remaining, expires_at };
            account.add_lot(lot);
            self.unsaved.lot(tenant, lot, true);
            return Some(balance);
        }
        let credits = Credits::clamped(planned.amount.micros().unsigned_abs().into());
        match planned.lot {
            Some(lot) => account.take_from(lot, credits, &mut |lot| {
                self.unsaved.lot(tenant, lot, false);
            }),
            None => self.take_from_lots(tenant, credits),
        }
        Some(balance)
    }
}
