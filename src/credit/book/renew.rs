//! `renew`: a hold is kept open while its request runs.
use super::hold::available_to_hold;
use super::{Book, due};
use crate::credit::amount::Credits;
use crate::credit::calendar::Moment;
use crate::credit::command::{Answer, Renew};
use crate::credit::outcome::Outcome;
use crate::credit::record::{Hold, HoldState};

impl Book {
    /// An open hold ends later, never sooner. One that has expired and was not settled since is
    /// opened again, for what it still held when it expired, where the account has the credits.
    pub(super) fn renew(&mut self, renew: &Renew, now: Moment) -> Answer {
        let key = (renew.tenant.clone(), renew.hold_id.clone());
        if !self.holds.contains_key(&key) {
            return Answer::only(Outcome::UnknownHold);
        }
        let now = self.bring_up_to_date(&renew.tenant, now).unwrap_or(now);
        let until = now.plus_seconds(renew.expires_in);
        let Some(hold) = self.holds.get(&key) else { return Answer::only(Outcome::UnknownHold) };
        match hold.state {
            HoldState::Open => self.extend(&key, until),
            // Draws have settled all of it: there is nothing to hold again.
            HoldState::Expired if hold.lapsed.is_zero() && !hold.credits.is_zero() => {
                return self.answer_of_hold(Outcome::HoldEnded, &key);
            }
            HoldState::Expired => {
                let hold = hold.clone();
                if let Some(refused) = self.hold_anew(&hold, until) {
                    return refused;
                }
            }
            HoldState::Settled | HoldState::Released => {
                return self.answer_of_hold(Outcome::HoldEnded, &key);
            }
        }
        if let Some(account) = self.accounts.get_mut(&renew.tenant) {
            account.latest_at = account.latest_at.max(now);
            self.unsaved.account(&renew.tenant);
        }
        self.answer_of_hold(Outcome::Renewed, &key)
    }

    fn extend(&mut self, key: &(String, String), until: Moment) {
        let Some(hold) = self.holds.get_mut(key).filter(|hold| hold.expires_at < until) else {
            return;
        };
        self.due.remove(&due(hold));
        hold.expires_at = until;
        self.due.insert(due(hold));
        self.unsaved.hold(key);
    }

    /// Opens an expired hold again, after the checks of a new hold: against the budgets of the time
    /// at which it was first made. `Some` is the answer where a check failed.
    fn hold_anew(&mut self, hold: &Hold, until: Moment) -> Option<Answer> {
        let (tenant, credits) = (&hold.tenant, hold.lapsed);
        let refused = |book: &Self, outcome| book.answer_of_hold(outcome, &hold.key());
        let Some(account) = self.accounts.get(tenant) else {
            return Some(Answer::only(Outcome::UnknownTenant));
        };
        if i128::from(credits.micros()) > available_to_hold(account) {
            return Some(refused(self, Outcome::Insufficient));
        }
        if let Some(exceeded) = self.exceeded(account, hold.labels(), credits, hold.made) {
            let answer = refused(self, Outcome::BudgetExceeded);
            return Some(Answer { exceeded: Some(exceeded), ..answer });
        }
        if self.count_held(tenant, hold.labels(), credits, hold.made).is_none() {
            return Some(refused(self, Outcome::Overflow));
        }
        let again = Hold {
            remaining: credits,
            lapsed: Credits::ZERO,
            expires_at: until,
            state: HoldState::Open,
            ..hold.clone()
        };
        self.due.insert(due(&again));
        self.unsaved.hold(&again.key());
        self.holds.insert(again.key(), again);
        None
    }
}
