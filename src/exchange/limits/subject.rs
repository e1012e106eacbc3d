//! The rules of one subject: what a request takes by each, all of it or nothing.
use std::rc::Rc;

use super::record::{Bucket, Subject};
use super::slight::is_slight;
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

/// What a request takes by one rule, and when its bucket is full again then.
#[derive(Debug)]
pub(super) struct Draft {
    rule: Rc<Rate>,
    took: Took,
    full_ns: u64,
}

/// Takes of every rule what a request needs; of several that refuse it the one is told that does so
/// for longest.
pub(super) fn take(
    subject: &mut Subject,
    rules: &[Rc<Rate>],
    tokens: Tokens,
    now_ms: u64,
) -> Result<Vec<Grant>, Denied> {
    let drafts = drafts(subject, rules, tokens, now_ms)?;
    Ok(Draft::take(drafts, subject, now_ms))
}

/// What a request is to take of every rule: all of it or nothing, so nothing is taken yet.
pub(super) fn drafts(
    subject: &Subject,
    rules: &[Rc<Rate>],
    tokens: Tokens,
    now_ms: u64,
) -> Result<Vec<Draft>, Denied> {
    let (mut drafts, mut worst): (_, Option<Denied>) = (Vec::with_capacity(rules.len()), None);
    let (usual, whole) = ((subject.usual_output, subject.answers), Bucket::default());
    for rule in rules {
        let bucket = subject.known(rule.id).unwrap_or(&whole);
        let mut too_large = false;
        let took = match rule.limit {
            Limit::Requests(pace) => {
                let taken = flow(pace).take(bucket.full_ns(), nanos(now_ms), 1);
                taken.map(|full_ns| (Took::Request, full_ns))
            }
            Limit::Tokens(pace) => {
                too_large = tokens.input > pace.burst;
                tokens_of(bucket, pace, tokens, usual, now_ms)
            }
            Limit::Concurrent(most) if bucket.slots.running(now_ms) < most => {
                Ok((Took::Slot(stretch(now_ms)), bucket.full_ns()))
            }
            Limit::Concurrent(_) => Err(SLOT_WAIT_NS),
        };
        let (took, full_ns) = match took {
            Err(_) if rule.observe => (Took::Over, bucket.full_ns()),
            Ok(took) => took,
            Err(wait_ns) => {
                let longer = |own: &Denied| (own.too_large, own.wait_ns) >= (too_large, wait_ns);
                if !worst.as_ref().is_some_and(longer) {
                    worst = Some(Denied { rule: Rc::clone(rule), wait_ns, too_large });
                }
                continue;
            }
        };
        drafts.push(Draft { rule: Rc::clone(rule), took, full_ns });
    }
    worst.map_or(Ok(drafts), Err)
}

impl Draft {
    /// Takes all of them.
    pub(super) fn take(drafts: Vec<Self>, subject: &mut Subject, now_ms: u64) -> Vec<Grant> {
        let take = |Self { rule, took, full_ns }| {
            if let Some(bucket) = subject.bucket(rule.id) {
                if matches!(took, Took::Request | Took::Tokens(..)) {
                    bucket.fill_at(full_ns, now_ms);
                }
                if matches!(took, Took::Slot(_) | Took::Tokens(..)) {
                    bucket.slots.take(now_ms);
                }
            }
            Grant { rule, took }
        };
        drafts.into_iter().map(take).collect()
    }

    /// Whether it may be taken by what a worker knows alone: what others have not been told then is
    /// little beside what is left.
    pub(super) fn is_slight(&self, told: &Subject, own: &Subject, now_ms: u64) -> bool {
        let more = u64::from(matches!(self.took, Took::Slot(_)));
        self.took != Took::Over
            && slight(&self.rule, (told, own), (Some(self.full_ns), more), now_ms)
    }
}

/// Whether what others have not been told of a rule is little beside what is left: once its bucket
/// is full at that moment and so many more run.
fn slight(
    rule: &Rate,
    (told, own): (&Subject, &Subject),
    (full_ns, more): (Option<u64>, u64),
    now_ms: u64,
) -> bool {
    let whole = Bucket::default();
    let of = |subject: &Subject| subject.known(rule.id).unwrap_or(&whole).slots.running(now_ms);
    match rule.limit {
        Limit::Requests(pace) | Limit::Tokens(pace) => {
            let own = own.known(rule.id).unwrap_or(&whole);
            let full_ns = full_ns.unwrap_or(own.full_ns());
            let untold = own.untold_with(full_ns, now_ms).unsigned_abs();
            is_slight(untold, flow(pace).left_ns(full_ns, nanos(now_ms)))
        }
        Limit::Concurrent(most) => {
            let running = of(own).saturating_add(more);
            is_slight(running.abs_diff(of(told)), most.saturating_sub(running))
        }
    }
}

/// What a request takes of tokens, and when its bucket is full again then. What the subject's
/// answers usually have is believed for as many requests at once as have shown it: each beyond
/// these counts with what its answer may have, or a burst of answers that are longer than usual,
/// or the first ones, would use many times what there is. While nothing else runs nobody is hurt,
/// and all that there is will do.
fn tokens_of(
    bucket: &Bucket,
    pace: Pace,
    Tokens { input, output, unknown }: Tokens,
    (usual_output, answers): (u64, u64),
    now_ms: u64,
) -> Result<(Took, u64), u64> {
    let running = bucket.slots.running(now_ms);
    let usual = usual_output.min(output);
    let is_known = running < answers;
    // Where it may be more than there ever is, it is all that there is.
    let needs = |answer| input.saturating_add(answer).min(pace.burst).max(input);
    let most = needs(if is_known { usual } else { usual.max(unknown) });
    let (alone, flow) = (running == 0, flow(pace));
    let of = if alone {
        most.min(flow.left(bucket.full_ns(), nanos(now_ms))).max(needs(usual))
    } else {
        most
    };
    match flow.take(bucket.full_ns(), nanos(now_ms), of) {
        Ok(full_ns) => Ok((Took::Tokens(of, stretch(now_ms)), full_ns)),
        // Those that run hold more than most of them will use.
        Err(wait_ns) if !alone && !is_known => Err(wait_ns.min(SLOT_WAIT_NS)),
        Err(wait_ns) => Err(wait_ns),
    }
}

impl Grant {
    /// Nothing of a rule.
    pub(super) fn untracked(rule: &Rc<Rate>) -> Self {
        Self { rule: Rc::clone(rule), took: Took::Untracked }
    }

    /// Whether what others have not been told of its rule is little beside what is left.
    pub(super) fn is_slight(&self, told: &Subject, own: &Subject, now_ms: u64) -> bool {
        slight(&self.rule, (told, own), (None, 0), now_ms)
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
            let full_ns = flow(pace).correct(bucket.full_ns(), nanos(now_ms), corrected);
            bucket.fill_at(full_ns, now_ms);
        }
    }
}
