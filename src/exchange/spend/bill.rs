//! What a request cost: each attempt at its own model's price, from what it tells of itself.
use super::Reservation;
use crate::credit::{Credits, Price};
use crate::decide::Bounds;
use crate::exchange::line::Line;
use crate::exchange::used::{Amount, Last, amount, each, is_made};
use crate::exchange::{Outcome, Progress, Report};
use crate::policy::OnAbandoned;
use crate::usage::Usage;

/// An attempt whose answer was not accepted, and which another one followed.
const UNACCEPTED: &str = Outcome::NotAccepted.verdict().name;

/// What a request cost.
#[derive(Debug)]
pub(super) struct Bill {
    /// All of it: the sum of the parts.
    pub(super) credits: Credits,
    /// How the request ended.
    pub(super) outcome: &'static str,
    /// Of each attempt, in order.
    pub(super) parts: Vec<Part>,
    /// Whether it is for an answer that is given again.
    pub(super) cached: bool,
}

/// What one attempt cost.
#[derive(Debug)]
pub(super) struct Part {
    /// By its name in the policy.
    pub(super) model: String,
    pub(super) credits: Credits,
    pub(super) outcome: &'static str,
    /// What of its usage is charged.
    pub(super) charged: Amount,
    /// The app left it, and all that was held for it is charged.
    abandoned: bool,
}

impl Part {
    /// Whether it is charged what its provider says.
    pub(super) const fn is_exact(&self) -> bool {
        !self.charged.estimated && !self.charged.rejected
    }
}

impl Bill {
    /// Adds up what every attempt cost that its provider charges for.
    pub(super) fn of(reservation: &Reservation, reports: &[Report], ended: Last) -> Self {
        if let Some(model) = &reservation.again {
            return Self::again(model.clone(), reservation.held());
        }
        let mut parts: Vec<Part> =
            each(reports, ended).map(|(report, last)| part(reservation, report, last)).collect();
        // What failed before the app saw any of it is charged as far as the hold goes beside all
        // that was said, and no further.
        let last = parts.len().saturating_sub(1);
        let is_bound = |index: usize| {
            let progress = reports.get(index).map(|report| report.progress);
            match progress {
                // It was made, whoever saw it, and the hold was for it too.
                Some(Progress::Failed(Outcome::NotAccepted)) => false,
                Some(Progress::Failed(_)) => true,
                _ => index != last,
            }
        };
        let said = parts.iter().enumerate().filter(|(index, _)| !is_bound(*index));
        let said = said.fold(Credits::ZERO, |sum, (_, part)| plus(sum, part.credits));
        let mut room = reservation.held().saturating_sub(said);
        for (_, part) in parts.iter_mut().enumerate().filter(|(index, _)| is_bound(*index)) {
            part.credits = part.credits.min(room);
            room = room.saturating_sub(part.credits);
        }
        let outcome = parts.last().map_or("failed", |last| last.outcome);
        let mut credits = Credits::ZERO;
        for part in &mut parts {
            // More than there can be of credits is not charged.
            part.credits = part.credits.min(Credits::MAX.saturating_sub(credits));
            credits = plus(credits, part.credits);
        }
        Self { credits, outcome, parts, cached: false }
    }

    /// Of an answer that is given again: all that was set aside, and nothing that was used.
    fn again(model: String, credits: Credits) -> Self {
        let (outcome, charged) = ("answered", Amount::default());
        Self {
            credits,
            outcome,
            parts: vec![Part { model, credits, outcome, charged, abandoned: false }],
            cached: true,
        }
    }

    /// Whether any of it is an estimate.
    pub(super) fn estimated(&self) -> bool {
        self.parts.iter().any(|part| part.charged.estimated)
    }

    /// What is odd about it.
    pub(super) fn flags(&self) -> impl Iterator<Item = &'static str> {
        let any = |is: fn(&Part) -> bool| self.parts.iter().any(is);
        let rejected = any(|part| part.charged.rejected).then_some("usage_rejected");
        rejected.into_iter().chain(any(|part| part.abandoned).then_some("abandoned"))
    }

    /// What answers cost that were not accepted.
    fn unaccepted(&self) -> Credits {
        let parts = self.parts.iter().filter(|part| part.outcome == UNACCEPTED);
        parts.fold(Credits::ZERO, |sum, part| plus(sum, part.credits))
    }

    /// Has the access log say it.
    pub(super) fn tell(&self, line: &mut Line) {
        line.used(self.parts.iter().map(|part| (&*part.model, part.charged.usage)));
        line.cost(self.credits.to_string());
        let unaccepted = self.unaccepted();
        if !unaccepted.is_zero() {
            line.decimal("unaccepted_credits", &unaccepted.to_string());
        }
        let estimated = self.estimated().then_some("estimated");
        estimated.into_iter().chain(self.flags()).for_each(|flag| line.flag(flag));
    }
}

/// A sum, as far as there can be so many credits.
fn plus(sum: Credits, more: Credits) -> Credits {
    sum.checked_add(more).unwrap_or(Credits::MAX)
}

/// What an attempt cost; `last` is how the request ended, for the one that it ended with.
fn part(reservation: &Reservation, report: &Report, last: Option<Last>) -> Part {
    let model = report.model.clone();
    let answered = last.is_some_and(|last| last.ending.answered);
    let leg = reservation.leg(&model).filter(|_| is_made(report, last));
    let Some((bounds, price)) = leg else {
        let (credits, charged) = (Credits::ZERO, Amount::default());
        return Part { model, credits, outcome: "failed", charged, abandoned: false };
    };
    let holds = reservation.on_abandoned == OnAbandoned::Hold;
    let abandoned = holds && last.is_some_and(|last| last.is_left());
    let charged = match abandoned {
        true => all_of(bounds),
        false => amount(report, (bounds, reservation.size), last),
    };
    let images = reservation.size.images;
    let cost = |price: Price| match abandoned {
        true => price.worst(bounds.input, bounds.output, images),
        false => price.cost(&charged.usage, images),
    };
    let cost = price.map_or(Credits::ZERO, cost);
    // An estimate is never more than what was set aside.
    let credits = if charged.estimated { cost.min(reservation.held()) } else { cost };
    let outcome = match report.progress {
        Progress::Answered if answered => "answered",
        Progress::Failed(Outcome::NotAccepted) if last.is_none() => UNACCEPTED,
        Progress::Answered | Progress::Failed(_) => "failed",
        Progress::Running | Progress::Cut => "cut",
    };
    Part { model, credits, outcome, charged, abandoned }
}

/// The most that an attempt may use.
fn all_of(bounds: Bounds) -> Amount {
    let usage = Usage { input: bounds.input, output: bounds.output, ..Usage::default() };
    Amount { usage, estimated: true, rejected: false }
}
