//! A hold lives on while its request does.
use super::hold::room;
use super::{Book, due};
use crate::credit::amount::Credits;
use crate::credit::calendar::Moment;
use crate::credit::command::{Answer, Renew};
use crate::credit::outcome::Outcome;
use crate::credit::record::{Hold, HoldState};

impl Book {
    /// An open hold ends later, never sooner. One that has expired and was not settled since is
    /// held anew, as far as it was still held then, where there are credits for it.
    pub(super) fn renew(&mut self, renew: &Renew, now: Moment) -> Answer {
        let key = (renew.tenant.clone(), renew.hold_id.clone());
        if !self.holds.contains_key(&key) {
            return Answer::only(Outcome::UnknownHold);
        }
        let now = self.arrive(&renew.tenant, now).unwrap_or(now);
        let until = now.plus_seconds(renew.expires_in);
        let Some(hold) = self.holds.get(&key) else { return Answer::only(Outcome::UnknownHold) };
        match hold.state {
            HoldState::Open => self.extend(&key, until),
            // What was settled to its end, part by part, has nothing to hold.
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
            account.mark = account.mark.max(now);
            self.dirty.account(&renew.tenant);
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
        self.dirty.hold(key);
    }

    /// The same checks as for a new hold, in the budgets of the moment at which it was made: the
    /// answer where one of them is in the way.
    fn hold_anew(&mut self, hold: &Hold, until: Moment) -> Option<Answer> {
        let (tenant, credits) = (&hold.tenant, hold.lapsed);
        let refused = |book: &Self, outcome| book.answer_of_hold(outcome, &hold.key());
        let Some(account) = self.accounts.get(tenant) else {
            return Some(Answer::only(Outcome::UnknownTenant));
        };
        if i128::from(credits.micros()) > room(account) {
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
        self.dirty.hold(&again.key());
        self.holds.insert(again.key(), again);
        None
    }
}
