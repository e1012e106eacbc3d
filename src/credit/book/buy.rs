//! `buy`: credits are bought; the same key buys once.
use super::Book;
use crate::credit::amount::Balance;
use crate::credit::calendar::Moment;
use crate::credit::command::{Answer, Buy};
use crate::credit::outcome::Outcome;
use crate::credit::record::{Account, Lot, Purchase, Reason};
use crate::credit::tier::Deal;

impl Book {
    pub(super) fn buy(&mut self, buy: &Buy, now: Moment) -> Answer {
        let id = (buy.tenant.clone(), buy.key.clone());
        if let Some(purchase) = self.purchases.get(&id) {
            if purchase.buying != buy.buying || purchase.expires_at != buy.expires_at {
                return self.answer(Outcome::PurchasedDifferently, &buy.tenant);
            }
            let (standing, purchase) = (Some(purchase.standing), Some(purchase.clone()));
            return Answer { standing, purchase, ..Answer::only(Outcome::PurchasedBefore) };
        }
        let now = self.bring_up_to_date(&buy.tenant, now).unwrap_or(now);
        let before = self.accounts.get(&buy.tenant).map(|account| account.balance);
        let deal = self.tiers.deal(buy.buying);
        let after = deal.and_then(|deal| before.unwrap_or_default().checked_add(deal.credits));
        let (Some(deal), Some(balance)) = (deal, after) else {
            return self.answer(Outcome::Overflow, &buy.tenant);
        };
        let number = self.credit(buy, deal, balance, now);
        let answer = self.answer(Outcome::Purchased, &buy.tenant);
        let Some(standing) = answer.standing else { return answer };
        let purchase = Purchase {
            tenant: buy.tenant.clone(),
            key: buy.key.clone(),
            number,
            buying: buy.buying,
            deal,
            expires_at: buy.expires_at,
            at: now,
            standing,
        };
        self.purchases.insert(id.clone(), purchase.clone());
        self.unsaved.purchases.push(id);
        Answer { purchase: Some(purchase), ..answer }
    }

    /// Writes what was bought into the account, and gives the number of the purchase's entry.
    fn credit(&mut self, buy: &Buy, deal: Deal, balance: Balance, now: Moment) -> u64 {
        let account = self.account_or_open(&buy.tenant);
        let number = account.entries.saturating_add(1);
        account.last_purchase = deal.credits;
        // What the account owed is paid off first: only the rest becomes a lot.
        let remaining = deal.credits.min(balance.credits());
        let lot = Lot { number, remaining, expires_at: buy.expires_at };
        account.add_lot(lot);
        self.unsaved.lot(&buy.tenant, lot, true);
        let reason = Reason::Purchase { key: buy.key.clone(), expires_at: buy.expires_at };
        self.post(&buy.tenant, balance, reason, now);
        number
    }

    /// The tenant's account, opened where there is none yet.
    pub(super) fn account_or_open(&mut self, tenant: &str) -> &mut Account {
        if !self.accounts.contains_key(tenant) {
            self.unsaved.accounts.insert(tenant.to_owned(), true);
        }
        let new = || Account { tenant: tenant.to_owned(), ..Account::default() };
        self.accounts.entry(tenant.to_owned()).or_insert_with(new)
    }
}
