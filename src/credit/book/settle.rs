//! What requests cost is charged, each once.
use super::Book;
use crate::credit::amount::Credits;
use crate::credit::budget::Labels;
use crate::credit::calendar::Moment;
use crate::credit::command::{Answer, Settle};
use crate::credit::outcome::Outcome;
use crate::credit::record::{Charge, Draw, Hold, HoldState};
use crate::credit::standing::Spent;

impl Settle {
    /// Whom it is for; where it does not say, whom its hold is for.
    #[must_use]
    pub fn labels<'l>(&'l self, hold: Option<Labels<'l>>) -> Labels<'l> {
        let hold = hold.unwrap_or_default();
        Labels { user: self.user.as_deref().or(hold.user), key: self.key.as_deref().or(hold.key) }
    }

    /// The key of its hold.
    fn key_of_hold(&self) -> (String, String) {
        (self.tenant.clone(), self.hold_id.clone())
    }

    fn charge(&self, labels: Labels<'_>, counts_at: Moment, late: bool) -> Charge {
        Charge {
            hold_id: self.hold_id.clone(),
            draw: self.draw.as_ref().map(|(id, _)| id.clone()),
            part: 0,
            user: labels.user.map(str::to_owned),
            key: labels.key.map(str::to_owned),
            counts_at,
            late,
            overrun: Credits::ZERO,
            flags: self.flags.clone(),
            spent: Spent::default(),
        }
    }
}

impl Book {
    pub(super) fn settle(&mut self, settle: &Settle, now: Moment) -> Answer {
        let (tenant, key) = (&settle.tenant, settle.key_of_hold());
        if !self.holds.contains_key(&key) {
            return self.settle_unheld(settle, now);
        }
        let now = self.arrive(tenant, now).unwrap_or(now);
        let Some(hold) = self.holds.get(&key) else { return Answer::only(Outcome::UnknownHold) };
        let Some(credits) = settle.credits() else {
            return self.answer_of_hold(Outcome::Overflow, &key);
        };
        if let Some(outcome) = self.already(settle, credits, hold) {
            return self.answer_of_hold(outcome, &key);
        }
        if !self.can_owe(tenant, credits) {
            return self.answer_of_hold(Outcome::Overflow, &key);
        }
        let late = hold.state != HoldState::Open;
        let charge = settle.charge(settle.labels(Some(hold.labels())), hold.made, late);
        let frees = frees(settle, hold);
        self.free(&key, frees, now);
        self.settled(settle, credits, late, now);
        let overrun = self.charge_parts(settle, &charge, now);
        self.expire(tenant, now);
        let outcome = if late { Outcome::SettledLate } else { Outcome::Settled };
        Answer { overrun, ..self.answer_of_hold(outcome, &key) }
    }

    /// Whether what a tenant owes after such a charge is no more than there can be.
    fn can_owe(&self, tenant: &str, credits: Credits) -> bool {
        self.accounts.get(tenant).is_some_and(|account| account.balance.minus(credits).is_some())
    }

    /// Writes an entry for each part that cost something; what of all of it went below what holds
    /// may take.
    fn charge_parts(&mut self, settle: &Settle, charge: &Charge, now: Moment) -> Credits {
        let mut overrun = Credits::ZERO;
        for (part, number) in settle.parts.iter().zip(1_u64..) {
            let charge = Charge { part: number, spent: part.spent.clone(), ..charge.clone() };
            let over = self.charge(&settle.tenant, part.credits, charge, now);
            overrun = overrun.plus(over).unwrap_or(Credits::MAX);
        }
        overrun
    }

    /// What was said of the same before, or why it cannot be.
    fn already(&self, settle: &Settle, credits: Credits, hold: &Hold) -> Option<Outcome> {
        let same = match &settle.draw {
            Some((id, releases)) => {
                let draw = self.draws.get(&(hold.tenant.clone(), hold.id.clone(), id.clone()));
                draw.map(|draw| draw.credits == credits && draw.releases == *releases)
            }
            None => hold.settled.map(|settled| settled == credits),
        };
        match same {
            Some(true) => Some(Outcome::SettledBefore),
            Some(false) => Some(Outcome::SettledDifferently),
            None => (hold.state == HoldState::Released).then_some(Outcome::HoldReleased),
        }
    }

    /// Remembers it, so that it is charged once; a hold that holds nothing more has ended.
    fn settled(&mut self, settle: &Settle, credits: Credits, late: bool, now: Moment) {
        let key = settle.key_of_hold();
        let Some(hold) = self.holds.get_mut(&key) else { return };
        let ends = match &settle.draw {
            Some((_, releases)) => {
                hold.lapsed = hold.lapsed.less(*releases);
                self.dirty.hold(&key);
                !late && hold.remaining.is_zero()
            }
            None => {
                hold.settled = Some(credits);
                true
            }
        };
        if ends {
            self.end(&key, HoldState::Settled, now);
        }
        self.drawn(settle, credits);
    }

    fn drawn(&mut self, settle: &Settle, credits: Credits) {
        let Some((id, releases)) = &settle.draw else { return };
        let (tenant, hold_id) = settle.key_of_hold();
        let draw = Draw { tenant, hold_id, id: id.clone(), credits, releases: *releases };
        self.dirty.draws.push(draw.key());
        self.draws.insert(draw.key(), draw);
    }

    /// Charges a request that ran while the ledger was away. Its id stands for an ended hold then.
    fn settle_unheld(&mut self, settle: &Settle, now: Moment) -> Answer {
        let tenant = &settle.tenant;
        if !settle.unheld {
            return Answer::only(Outcome::UnknownHold);
        }
        let Some(now) = self.arrive(tenant, now) else {
            return Answer::only(Outcome::UnknownTenant);
        };
        let credits = settle.credits().filter(|credits| self.can_owe(tenant, *credits));
        let Some(credits) = credits else { return self.answer(Outcome::Overflow, tenant) };
        self.remember(Hold {
            id: settle.hold_id.clone(),
            tenant: tenant.clone(),
            user: settle.user.clone(),
            key: settle.key.clone(),
            credits: Credits::ZERO,
            remaining: Credits::ZERO,
            lapsed: Credits::ZERO,
            made: now,
            expires_at: now,
            state: HoldState::Settled,
            settled: settle.draw.is_none().then_some(credits),
        });
        self.drawn(settle, credits);
        let charge = settle.charge(settle.labels(None), now, true);
        let overrun = self.charge_parts(settle, &charge, now);
        Answer { overrun, ..self.answer_of_hold(Outcome::SettledUnheld, &settle.key_of_hold()) }
    }
}

/// How much of its hold is not needed any more.
fn frees(settle: &Settle, hold: &Hold) -> Credits {
    match &settle.draw {
        Some((_, releases)) => hold.remaining.min(*releases),
        None => hold.remaining,
    }
}
