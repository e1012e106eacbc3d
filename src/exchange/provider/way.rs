//! Where a chain goes on after an attempt.
//!
//! Envoy is told of the next attempt before this one has ended: the leg right behind it. Where that
//! is the same model at another account, and the failure is no account's, it is told anew.
use super::super::{Outcome, Plan};
use super::ahead::Ahead;
use super::pair::Pair;

/// What may come after an attempt.
#[derive(Debug)]
pub(super) struct Way {
    /// Whether there is a leg after this one.
    pub(super) more: bool,
    /// Whether the leg right behind is the same model, at another account.
    same: bool,
    /// The first leg of another model, where the one right behind is not.
    other: Option<Ahead>,
}

impl Way {
    /// What may come after the attempt of the leg at a position.
    pub(super) fn of(plan: &Plan<'_>, position: usize) -> Self {
        let next = position.saturating_add(1);
        let (more, other) = (next < plan.legs.len(), plan.other(position));
        let same = more && other != Some(next);
        let other = other.filter(|_| same).and_then(|other| Ahead::of(plan, other));
        Self { more, same, other }
    }

    /// Whether another attempt may do better.
    pub(super) fn goes_on(&self, outcome: Outcome) -> bool {
        let alone = self.same && self.other.is_none();
        self.more && outcome.verdict().fails_over && (!alone || outcome.asks_next_account(alone))
    }

    /// The leg that comes next where it is not the one right behind. An answer that is held back
    /// for another model to agree with is no failure.
    pub(super) fn passes<'a>(
        &'a self,
        outcome: Outcome,
        pair: &'a Pair,
        is_held: bool,
    ) -> Option<&'a Ahead> {
        let account = self.same && outcome.asks_next_account(self.other.is_none());
        match pair {
            _ if account && !is_held => None,
            Pair::First { behind } if !is_held => Some(behind),
            _ => self.other.as_ref(),
        }
    }
}
