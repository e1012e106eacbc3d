//! `settle`: what a request cost is charged; the same id is charged once.
use super::Book;
use crate::credit::amount::Credits;
use crate::credit::budget::Labels;
use crate::credit::calendar::Moment;
use crate::credit::command::{Answer, Settle};
use crate::credit::outcome::Outcome;
use crate::credit::record::{Charge, Draw, Hold, HoldState};
use crate::credit::standing::ChargeDetails;

impl Settle {
    /// The user and the key of the settlement, or those of its hold where it names none.
    #[must_use]
    pub fn labels<'l>(&'l self, hold: Option<Labels<'l>>) -> Labels<'l> {
        let hold = hold.unwrap_or_default();
        Labels { user: self.user.as_deref().or(hold.user), key: self.key.as_deref().or(hold.key) }
    }

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
            details: ChargeDetails::default(),
        }
    }
}

impl Book {
    pub(super) fn settle(&mut self, settle: &Settle, now: Moment) -> Answer {
        let (tenant, key) = (&settle.tenant, settle.key_of_hold());
        if !self.holds.contains_key(&key) {
            return self.settle_unheld(settle, now);
        }
        let now = self.bring_up_to_date(tenant, now).unwrap_or(now);
        let Some(hold) = self.holds.get(&key) else { return Answer::only(Outcome::UnknownHold) };
        let Some(credits) = settle.credits() else {
            return self.answer_of_hold(Outcome::Overflow, &key);
        };
        if let Some(outcome) = self.earlier_outcome(settle, credits, hold) {
            return self.answer_of_hold(outcome, &key);
        }
        if !self.can_owe(tenant, credits) {
            return self.answer_of_hold(Outcome::Overflow, &key);
        }
        let late = hold.state != HoldState::Open;
        let charge = settle.charge(settle.labels(Some(hold.labels())), hold.made, late);
        let freed = no_longer_needed(settle, hold);
        self.release_held(&key, freed, now);
        self.mark_settled(settle, credits, late, now);
        let overrun = self.charge_parts(settle, &charge, now);
        self.expire_lots(tenant, now);
        let outcome = if late { Outcome::SettledLate } else { Outcome::Settled };
        Answer { overrun, ..self.answer_of_hold(outcome, &key) }
    }

    /// Whether the balance can be reduced by `credits` without overflow.
    fn can_owe(&self, tenant: &str, credits: Credits) -> bool {
        self.accounts
            .get(tenant)
            .is_some_and(|account| account.balance.checked_sub(credits).is_some())
    }

    /// Writes an entry for each part that cost something, and gives the sum of their overruns.
    fn charge_parts(&mut self, settle: &Settle, charge: &Charge, now: Moment) -> Credits {
        let mut overrun = Credits::ZERO;
        for (part, number) in settle.parts.iter().zip(1_u64..) {
            let charge = Charge { part: number, details: part.details.clone(), ..charge.clone() };
            let over = self.charge(&settle.tenant, part.credits, charge, now);
            overrun = overrun.checked_add(over).unwrap_or(Credits::MAX);
        }
        overrun
    }

    /// The outcome where the same was settled before, or where the hold can no longer be charged.
    fn earlier_outcome(&self, settle: &Settle, credits: Credits, hold: &Hold) -> Option<Outcome> {
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

    /// Records the settlement so that it is charged once, and ends a hold that it used up.
    fn mark_settled(&mut self, settle: &Settle, credits: Credits, late: bool, now: Moment) {
        let key = settle.key_of_hold();
        let Some(hold) = self.holds.get_mut(&key) else { return };
        let ends = match &settle.draw {
            Some((_, releases)) => {
                hold.lapsed = hold.lapsed.saturating_sub(*releases);
                self.unsaved.hold(&key);
                !late && hold.remaining.is_zero()
            }
            None => {
                hold.settled = Some(credits);
                true
            }
        };
        if ends {
            self.end_hold(&key, HoldState::Settled, now);
        }
        self.insert_draw(settle, credits);
    }

    fn insert_draw(&mut self, settle: &Settle, credits: Credits) {
        let Some((id, releases)) = &settle.draw else { return };
        let (tenant, hold_id) = settle.key_of_hold();
        let draw = Draw { tenant, hold_id, id: id.clone(), credits, releases: *releases };
        self.unsaved.draws.push(draw.key());
        self.draws.insert(draw.key(), draw);
    }

    /// Charges a request that ran without a hold while the ledger was away. A hold of zero credits,
    /// already settled, then stands for the id.
    fn settle_unheld(&mut self, settle: &Settle, now: Moment) -> Answer {
        let tenant = &settle.tenant;
        if !settle.unheld {
            return Answer::only(Outcome::UnknownHold);
        }
        let Some(now) = self.bring_up_to_date(tenant, now) else {
            return Answer::only(Outcome::UnknownTenant);
        };
        let credits = settle.credits().filter(|credits| self.can_owe(tenant, *credits));
        let Some(credits) = credits else { return self.answer(Outcome::Overflow, tenant) };
        self.insert_hold(Hold {
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
        self.insert_draw(settle, credits);
        let charge = settle.charge(settle.labels(None), now, true);
        let overrun = self.charge_parts(settle, &charge, now);
        Answer { overrun, ..self.answer_of_hold(Outcome::SettledUnheld, &settle.key_of_hold()) }
    }
}

/// How much of the hold the settled request no longer needs.
fn no_longer_needed(settle: &Settle, hold: &Hold) -> Credits {
    match &settle.draw {
        Some((_, releases)) => hold.remaining.min(*releases),
        None => hold.remaining,
    }
}
