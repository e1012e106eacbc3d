//! The rules of one subject: what a request takes by each, all of it or nothing.
use std::rc::Rc;

use super::record::{Bucket, Subject};
use crate::decide::Tokens;
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
    /// One request.
    Request,
    /// So many tokens, until it is known what was used, and the stretch of time in which they were
    /// taken.
    Tokens(u64, u64),
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

/// How long somebody waits for one of the requests that run, in nanoseconds: nobody knows how long.
const SLOT_WAIT_NS: u64 = 1_000_000_000;

pub(super) const fn flow(pace: Pace) -> Flow {
    let Pace { amount, per_ms, burst } = pace;
    Flow { amount, per_ms, burst }
}

/// Takes of every rule what a request needs; of several that refuse it the one is told that does so
/// for longest.
pub(super) fn take(
    subject: &mut Subject,
    rules: &[Rc<Rate>],
    tokens: Tokens,
    now_ms: u64,
) -> Result<Vec<Grant>, Denied> {
    let (mut grants, mut worst): (_, Option<Denied>) = (Vec::with_capacity(rules.len()), None);
    let usual = (subject.usual_output, subject.answers);
    for rule in rules {
        let Some(bucket) = subject.bucket(rule.id) else { continue };
        let mut too_large = false;
        let took = match rule.limit {
            Limit::Requests(pace) => bucket.take(pace, 1, now_ms).map(|()| Took::Request),
            Limit::Tokens(pace) => {
                too_large = tokens.input > pace.burst;
                take_tokens(bucket, pace, tokens, usual, now_ms)
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

/// Takes the tokens that a request may use. What the subject's answers usually have is believed for
/// as many requests at once as have shown it: each beyond these counts with what its answer may
/// have, or a burst of answers that are longer than usual, or the first ones, would use many times
/// what there is. While nothing else runs nobody is hurt, and all that there is will do.
fn take_tokens(
    bucket: &mut Bucket,
    pace: Pace,
    Tokens { input, output, unknown }: Tokens,
    (usual_output, answers): (u64, u64),
    now_ms: u64,
) -> Result<Took, u64> {
    let running = bucket.slots.running(now_ms);
    let usual = usual_output.min(output);
    let is_known = running < answers;
    // Where it may be more than there ever is, it is all that there is.
    let needs = |answer| input.saturating_add(answer).min(pace.burst).max(input);
    let most = needs(if is_known { usual } else { usual.max(unknown) });
    let alone = running == 0;
    let left = flow(pace).left(bucket.full_ns, nanos(now_ms));
    let of = if alone { most.min(left).max(needs(usual)) } else { most };
    match bucket.take(pace, of, now_ms) {
        Ok(()) => Ok(Took::Tokens(of, bucket.slots.take(now_ms))),
        // Those that run hold more than most of them will use.
        Err(wait_ns) if !alone && !is_known => Err(wait_ns.min(SLOT_WAIT_NS)),
        Err(wait_ns) => Err(wait_ns),
    }
}

impl Bucket {
    /// Takes so much, or says in how many nanoseconds there will be so much.
    fn take(&mut self, pace: Pace, of: u64, now_ms: u64) -> Result<(), u64> {
        self.full_ns = flow(pace).take(self.full_ns, nanos(now_ms), of)?;
        Ok(())
    }
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
            Took::Request | Took::Tokens(..) | Took::Slot(_) => "allowed",
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
            Took::Request | Took::Tokens(..) | Took::Over | Took::Untracked => None,
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
        let taken = match self.took {
            Took::Request => 1,
            Took::Tokens(taken, since) => {
                bucket.slots.give_back(since);
                taken
            }
            Took::Slot(last) => return bucket.slots.give_back(last),
            Took::Over | Took::Untracked => return,
        };
        if let Limit::Requests(pace) | Limit::Tokens(pace) = self.rule.limit {
            let corrected = (taken, used);
            bucket.full_ns = flow(pace).correct(bucket.full_ns, nanos(now_ms), corrected);
        }
    }
}
