//! What requests cost is charged, each once.
use super::Book;
use crate::credit::amount::Credits;
use crate::credit::budget::Labels;
use crate::credit::calendar::Moment;
use crate::credit::command::{Answer, Settle};
use crate::credit::outcome::Outcome;
use crate::credit::record::{Charge, Draw, Hold, HoldState};

impl Settle {
    /// Whom it is for; where it does not say, whom its hold is for.
    #[must_use]
    pub fn labels<'l>(&'l self, hold: Option<Labels<'l>>) -> Labels<'l> {
        let hold = hold.unwrap_or_default();
        Labels { user: self.user.as_deref().or(hold.user), key: self.key.as_deref().or(hold.key) }
    }

    fn charge(&self, labels: Labels<'_>, counts_at: Moment, late: bool) -> Charge {
        Charge {
            hold_id: self.hold_id.clone(),
            draw: self.draw.as_ref().map(|(id, _)| id.clone()),
            user: labels.user.map(str::to_owned),
            key: labels.key.map(str::to_owned),
            counts_at,
            late,
            overrun: Credits::ZERO,
            spent: self.spent.clone(),
        }
    }
}

impl Book {
    pub(super) fn settle(&mut self, settle: &Settle, now: Moment) -> Answer {
        let id = &settle.hold_id;
        let Some(hold) = self.holds.get(id) else { return self.settle_unheld(settle, now) };
        let tenant = hold.tenant.clone();
        if settle.tenant.as_ref().is_some_and(|payer| *payer != tenant) {
            return Answer::only(Outcome::HeldDifferently);
        }
        let now = self.arrive(&tenant, now).unwrap_or(now);
        let Some(hold) = self.holds.get(id) else { return Answer::only(Outcome::UnknownHold) };
        if let Some(outcome) = self.already(settle, hold) {
            return self.answer_of_hold(outcome, id);
        }
        let late = hold.state != HoldState::Open;
        let labels = settle.labels(Some(hold.labels()));
        let (charge, frees) = (settle.charge(labels, hold.made, late), frees(settle, hold));
        let model = settle.spent.model.as_deref();
        let Some(charging) = self.charging(&tenant, settle.credits, labels, model, hold.made)
        else {
            return self.answer_of_hold(Outcome::Overflow, id);
        };
        self.free(id, frees, now);
        self.settled(settle, late, now);
        let overrun = self.charge(&tenant, charging, charge, now);
        self.expire(&tenant, now);
        let outcome = if late { Outcome::SettledLate } else { Outcome::Settled };
        Answer { overrun, ..self.answer_of_hold(outcome, id) }
    }

    /// What was said of the same before, or why it cannot be.
    fn already(&self, settle: &Settle, hold: &Hold) -> Option<Outcome> {
        let same = match &settle.draw {
            Some((id, releases)) => {
                let draw = self.draws.get(&(hold.id.clone(), id.clone()));
                draw.map(|draw| draw.credits == settle.credits && draw.releases == *releases)
            }
            None => hold.settled.map(|credits| credits == settle.credits),
        };
        match same {
            Some(true) => Some(Outcome::SettledBefore),
            Some(false) => Some(Outcome::SettledDifferently),
            None => (hold.state == HoldState::Released).then_some(Outcome::HoldReleased),
        }
    }

    /// Remembers it, so that it is charged once; a hold that holds nothing more has ended.
    fn settled(&mut self, settle: &Settle, late: bool, now: Moment) {
        let id = &settle.hold_id;
        let Some(hold) = self.holds.get_mut(id) else { return };
        let ends = match &settle.draw {
            Some(_) => !late && hold.remaining.is_zero(),
            None => {
                hold.settled = Some(settle.credits);
                true
            }
        };
        if ends {
            self.end(id, HoldState::Settled, now);
        }
        self.drawn(settle);
    }

    fn drawn(&mut self, settle: &Settle) {
        let Some((id, releases)) = &settle.draw else { return };
        let key = (settle.hold_id.clone(), id.clone());
        self.dirty.draws.push(key.clone());
        let (hold_id, id) = key.clone();
        let draw = Draw { hold_id, id, credits: settle.credits, releases: *releases };
        self.draws.insert(key, draw);
    }

    /// Charges a request that ran while the ledger was away. Its id stands for an ended hold then.
    fn settle_unheld(&mut self, settle: &Settle, now: Moment) -> Answer {
        let tenant = match &settle.tenant {
            Some(tenant) if settle.unheld => tenant.clone(),
            _ => return Answer::only(Outcome::UnknownHold),
        };
        let Some(now) = self.arrive(&tenant, now) else {
            return Answer::only(Outcome::UnknownTenant);
        };
        let labels = settle.labels(None);
        let model = settle.spent.model.as_deref();
        let Some(charging) = self.charging(&tenant, settle.credits, labels, model, now) else {
            return self.answer(Outcome::Overflow, &tenant);
        };
        self.remember(Hold {
            id: settle.hold_id.clone(),
            tenant: tenant.clone(),
            user: settle.user.clone(),
            key: settle.key.clone(),
            credits: Credits::ZERO,
            remaining: Credits::ZERO,
            made: now,
            expires_at: now,
            state: HoldState::Settled,
            settled: settle.draw.is_none().then_some(settle.credits),
        });
        self.drawn(settle);
        let overrun = self.charge(&tenant, charging, settle.charge(labels, now, true), now);
        Answer { overrun, ..self.answer_of_hold(Outcome::SettledUnheld, &settle.hold_id) }
    }
}

/// How much of its hold is not needed any more.
fn frees(settle: &Settle, hold: &Hold) -> Credits {
    match &settle.draw {
        Some((_, releases)) => hold.remaining.min(*releases),
        None => hold.remaining,
    }
}
