//! `hold` and `release`: credits are set aside, and given back.
use super::{Book, due};
use crate::credit::amount::Credits;
use crate::credit::budget::{ExceededBudget, Labels, MeterKey};
use crate::credit::calendar::{Moment, Window};
use crate::credit::command::{Answer, NewHold, Release};
use crate::credit::outcome::Outcome;
use crate::credit::record::{Account, Hold, HoldState};

impl Book {
    pub(super) fn hold(&mut self, new: &NewHold, now: Moment) -> Answer {
        let Some(now) = self.bring_up_to_date(&new.tenant, now) else {
            return Answer::only(Outcome::UnknownTenant);
        };
        let key = (new.tenant.clone(), new.hold_id.clone());
        if let Some(hold) = self.holds.get(&key) {
            let outcome = if hold.state != HoldState::Open {
                Outcome::HoldEnded
            } else if hold.credits != new.credits {
                Outcome::HeldDifferently
            } else {
                Outcome::HeldBefore
            };
            return self.answer_of_hold(outcome, &key);
        }
        let Some(account) = self.accounts.get(&new.tenant) else {
            return Answer::only(Outcome::UnknownTenant);
        };
        if i128::from(new.credits.micros()) > available_to_hold(account) {
            return self.answer(Outcome::Insufficient, &new.tenant);
        }
        if let Some(exceeded) = self.exceeded(account, new.labels(), new.credits, now) {
            let answer = self.answer(Outcome::BudgetExceeded, &new.tenant);
            return Answer { exceeded: Some(exceeded), ..answer };
        }
        match self.set_aside(new, now) {
            Some(()) => self.answer_of_hold(Outcome::Held, &key),
            None => self.answer(Outcome::Overflow, &new.tenant),
        }
    }

    /// The first budget that `credits` more would exceed, in the windows that contain `at`.
    pub(super) fn exceeded(
        &self,
        account: &Account,
        labels: Labels<'_>,
        credits: Credits,
        at: Moment,
    ) -> Option<ExceededBudget> {
        account.budgets.iter().find_map(|budget| {
            let window = Window::of(budget.per, at);
            let label = budget.label(labels)?;
            let meter = self.meter(&MeterKey::of(&account.tenant, &label, window));
            let room = budget.credits.saturating_sub(meter.spent).saturating_sub(meter.held);
            let exceeded =
                || ExceededBudget { budget: budget.clone(), meter, resets_at: window.end() };
            (credits > room).then(exceeded)
        })
    }

    /// Makes the hold; `None`, and nothing changed, when a sum would overflow.
    fn set_aside(&mut self, new: &NewHold, now: Moment) -> Option<()> {
        self.count_held(&new.tenant, new.labels(), new.credits, now)?;
        if let Some(account) = self.accounts.get_mut(&new.tenant) {
            account.latest_at = account.latest_at.max(now);
        }
        self.insert_hold(Hold {
            id: new.hold_id.clone(),
            tenant: new.tenant.clone(),
            user: new.user.clone(),
            key: new.key.clone(),
            credits: new.credits,
            remaining: new.credits,
            lapsed: Credits::ZERO,
            made: now,
            expires_at: now.plus_seconds(new.expires_in),
            state: HoldState::Open,
            settled: None,
        });
        Some(())
    }

    /// Adds to what the account and its meters hold, for a hold made at `made`. `None`, and
    /// nothing changed, when a sum would overflow.
    pub(super) fn count_held(
        &mut self,
        tenant: &str,
        labels: Labels<'_>,
        credits: Credits,
        made: Moment,
    ) -> Option<()> {
        let held = self.accounts.get(tenant)?.held.checked_add(credits)?;
        let meters = MeterKey::every(tenant, labels, made).map(|key| {
            let held = self.meter(&key).held.checked_add(credits)?;
            Some((key, held))
        });
        for (key, held) in meters.collect::<Option<Vec<_>>>()? {
            self.meters.entry(key.clone()).or_default().held = held;
            self.unsaved.meters.insert(key);
        }
        self.accounts.get_mut(tenant)?.held = held;
        self.unsaved.account(tenant);
        Some(())
    }

    pub(super) fn insert_hold(&mut self, hold: Hold) {
        if hold.state == HoldState::Open {
            self.due.insert(due(&hold));
        }
        self.unsaved.holds.insert(hold.key(), true);
        self.holds.insert(hold.key(), hold);
    }

    /// Gives a hold back. One that has expired is given back as well: no charge will follow.
    pub(super) fn release(&mut self, release: &Release, now: Moment) -> Answer {
        let (tenant, key) = (&release.tenant, (release.tenant.clone(), release.hold_id.clone()));
        if !self.holds.contains_key(&key) {
            return Answer::only(Outcome::UnknownHold);
        }
        let now = self.bring_up_to_date(tenant, now).unwrap_or(now);
        let outcome = match self.holds.get(&key).map(|hold| hold.state) {
            Some(HoldState::Open | HoldState::Expired) => {
                self.end_hold(&key, HoldState::Released, now);
                self.expire_lots(tenant, now);
                Outcome::Released
            }
            Some(HoldState::Released) => Outcome::ReleasedBefore,
            Some(HoldState::Settled) => Outcome::HoldEnded,
            None => Outcome::UnknownHold,
        };
        self.answer_of_hold(outcome, &key)
    }
}

/// The most that a new hold may take: the balance without what is held, plus the overdraft.
pub(super) fn available_to_hold(account: &Account) -> i128 {
    let micros = |credits: Credits| i128::from(credits.micros());
    i128::from(account.balance.micros())
        .saturating_sub(micros(account.held))
        .saturating_add(micros(account.overdraft))
}
