//! The rules of one subject: what a request takes by each, all of it or nothing.
use std::rc::Rc;

use super::record::Subject;
use crate::policy::{Limit, Pace, Rate};
use crate::resilience::{Flow, nanos, stretch};

/// What a request has taken by one rule.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    rule: Rc<Rate>,
    took: Took,
}

/// What was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Took {
    /// So many tokens, or one request.
    Amount(u64),
    /// A slot, by the stretch of time in which it was last heard of.
    Slot(u64),
    /// Nothing: the rule would have refused it, and only observes.
    Over,
    /// Nothing: what the subject has taken cannot be written.
    Untracked,
}

/// A rule that lets a request not through.
#[derive(Debug)]
pub(super) struct Denied {
    pub(super) rule: Rc<Rate>,
    /// In how many nanoseconds it may, if nobody else comes.
    pub(super) wait_ns: u64,
    /// It never will.
    pub(super) too_large: bool,
}

/// How long somebody waits for one of the requests that run, in nanoseconds: nobody knows.
const SLOT_WAIT_NS: u64 = 1_000_000_000;

pub(super) const fn flow(pace: Pace) -> Flow {
    let Pace { amount, per_ms, burst } = pace;
    Flow { amount, per_ms, burst }
}

/// Takes of every rule what a request needs whose input and answers have so many tokens at most; of
/// several that refuse it the one is told that does so for longest.
pub(super) fn take(
    subject: &mut Subject,
    rules: &[Rc<Rate>],
    (input, output): (u64, u64),
    now_ms: u64,
) -> Result<Vec<Grant>, Denied> {
    let (mut grants, mut worst): (_, Option<Denied>) = (Vec::with_capacity(rules.len()), None);
    let tokens = input.saturating_add(subject.usual_output.min(output));
    for rule in rules {
        let Some(bucket) = subject.bucket(rule.id) else { continue };
        let paced = |pace: Pace, of: u64, full_ns: &mut u64| {
            let took = flow(pace).take(*full_ns, nanos(now_ms), of)?;
            *full_ns = took;
            Ok(Took::Amount(of))
        };
        let mut too_large = false;
        let took = match rule.limit {
            Limit::Requests(pace) => paced(pace, 1, &mut bucket.full_ns),
            Limit::Tokens(pace) => {
                too_large = input > pace.burst;
                paced(
                    pace,
                    if too_large { input } else { tokens.min(pace.burst) },
                    &mut bucket.full_ns,
                )
            }
            Limit::Concurrent(most) if bucket.slots.running(now_ms) < most => {
                Ok(Took::Slot(bucket.slots.take(now_ms)))
            }
            Limit::Concurrent(_) => Err(SLOT_WAIT_NS),
        };
        let took = match took {
            Err(_) if rule.observe => Took::Over,
            Ok(took) => took,
            Err(wait_ns) => {
                let longer = |own: &Denied| (own.too_large, own.wait_ns) >= (too_large, wait_ns);
                if !worst.as_ref().is_some_and(longer) {
                    worst = Some(Denied { rule: Rc::clone(rule), wait_ns, too_large });
                }
                continue;
            }
        };
        grants.push(Grant { rule: Rc::clone(rule), took });
    }
    worst.map_or(Ok(grants), Err)
}

impl Grant {
    /// Nothing of a rule.
    pub(super) fn untracked(rule: &Rc<Rate>) -> Self {
        Self { rule: Rc::clone(rule), took: Took::Untracked }
    }

    pub(super) fn rule(&self) -> &str {
        &self.rule.name
    }

    /// What came of it, for a metric.
    pub(super) const fn word(&self) -> &'static str {
        match self.took {
            Took::Amount(_) | Took::Slot(_) => "allowed",
            Took::Over => "observed",
            Took::Untracked => "untracked",
        }
    }

    /// Whether the rule would have refused it, and only observes.
    pub(super) fn is_over(&self) -> bool {
        self.took == Took::Over
    }

    pub(super) fn counts_tokens(&self) -> bool {
        matches!(self.rule.limit, Limit::Tokens(_))
    }

    /// Whether something is to be done at the request's end.
    pub(super) fn is_open(&self) -> bool {
        self.counts_tokens() && self.took != Took::Untracked || self.slot().is_some()
    }

    /// When it was last heard of, where its running is counted.
    pub(super) const fn slot(&self) -> Option<u64> {
        match self.took {
            Took::Slot(last) => Some(last),
            Took::Amount(_) | Took::Over | Took::Untracked => None,
        }
    }

    /// Whether its running is counted.
    pub(super) const fn runs(&self) -> bool {
        self.slot().is_some()
    }

    /// Its request still runs.
    pub(super) fn renew(&self, subject: &mut Subject, now_ms: u64) {
        if let (Took::Slot(last), Some(bucket)) = (self.took, subject.bucket(self.rule.id)) {
            bucket.slots.give_back(last);
            bucket.slots.take(now_ms);
        }
    }

    /// The same is written.
    pub(super) fn heard(&mut self, now_ms: u64) {
        if let Took::Slot(last) = &mut self.took {
            *last = stretch(now_ms);
        }
    }

    /// Corrects what was taken to what was used; what runs is over.
    pub(super) fn correct(&self, subject: &mut Subject, used: u64, now_ms: u64) {
        let Some(bucket) = subject.bucket(self.rule.id) else { return };
        match (self.took, self.rule.limit) {
            (Took::Slot(last), _) => bucket.slots.give_back(last),
            (Took::Amount(taken), Limit::Requests(pace) | Limit::Tokens(pace)) => {
                let corrected = (taken, used);
                bucket.full_ns = flow(pace).correct(bucket.full_ns, nanos(now_ms), corrected);
            }
            _ => {}
        }
    }
}
