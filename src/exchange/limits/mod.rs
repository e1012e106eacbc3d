//! Limits on a request's way: what it takes is taken before it costs anything, corrected when it is
//! over, and given back where it does not run.
//!
//! What has been taken is known to all workers of a proxy, and to no other proxy. Shared data costs
//! one read and one write for each subject of a request (its tenant's rules all stand in one
//! record), and once more at its end where tokens or running requests are counted or a session is
//! capped, which is not idle while a request of it runs; but none of that as long as a subject is
//! far from its limits ([`tab`]). Where a record cannot be written,
//! for want of a place or since other workers wrote it at each try, the request goes on unlimited,
//! and that is counted: a limit that cannot count refuses nobody.
mod record;
mod session;
pub(super) mod shared;
mod shown;
mod slight;
mod subject;
mod tab;
#[cfg(test)]
mod tests;
mod used;

use self::record::Subject;
use self::session::{Had, Over, Place};
pub(super) use self::shown::{Left, retry_after};
use self::subject::{Denied, Grant};
pub use self::tab::Tabs;
use self::tab::{By, goes_on};
use self::used::Used;
use super::line::Line;
use super::used::{Ending, Last};
use super::{Effect, Host, Report, metric};
use crate::credit::Credits;
use crate::decide::{Claim, Claims, Need, Tokens};
use crate::dialect::{Client, Fault};
use crate::policy::RateBy;
use crate::resilience::{Records, UpdateError, stretch};

/// How often those hear of a request who count what runs, in milliseconds.
const RENEWAL_MS: u64 = 1_000;

/// What a request has taken. It is settled when the request is over, however it ends.
#[derive(Debug)]
#[must_use]
pub(super) struct Taken {
    shares: Vec<Share>,
    /// What it may use.
    need: Need,
    /// What is left of its limits, for its app.
    left: Left,
    /// What its worker knows alone.
    tabs: Tabs,
}

/// What has been taken of one subject's limits.
#[derive(Debug)]
struct Share {
    subject: String,
    /// Whether apps may name it: it may have been forgotten meanwhile, and is written anew.
    of_apps: bool,
    grants: Vec<Grant>,
    /// Its place in a session with caps.
    place: Option<Place>,
}

/// A request that a limit does not let through.
#[derive(Debug)]
pub(super) struct Refused {
    /// The step of its decision that it is refused by.
    pub(super) step: &'static str,
    /// The rule.
    pub(super) rule: String,
    /// What its app is told.
    pub(super) fault: Box<Fault>,
    /// The headers that say when to come again, and what is left.
    pub(super) headers: Vec<(&'static str, String)>,
}

/// What does not let a request through.
#[derive(Debug)]
enum No {
    Rule(Denied),
    Session(Over),
}

/// Takes what a request needs of its limits, all of it or nothing; what is counted goes into
/// `effects`.
pub(super) fn take(
    claims: Claims,
    client: &Client,
    (tabs, host): (&Tabs, &dyn Host),
    (line, effects): (&mut Line, &mut Vec<Effect>),
) -> Result<Taken, Refused> {
    let records = Records::at(host, host.now_ms());
    let Claims { subjects, tokens, need } = claims;
    let tabs = tabs.clone();
    let mut taken = Taken { shares: Vec::new(), need, left: Left::default(), tabs };
    for (at, claim) in subjects.iter().enumerate() {
        match share(claim, tokens, (&taken.tabs, records), &mut taken.left) {
            Ok(share) => taken.shares.push(share),
            Err(no) => {
                taken.undo(records);
                let others = subjects.iter().skip(at.saturating_add(1));
                let (claim, no) = longest((claim, no), others, tokens, &mut taken.left, records);
                return Err(refused(claim, no, &taken.left, (client, host), effects));
            }
        }
    }
    taken.count(line, effects);
    Ok(taken)
}

/// Of several subjects whose rules refuse it the one is told that does so for longest.
fn longest<'c>(
    (mut claim, no): (&'c Claim, No),
    others: impl Iterator<Item = &'c Claim>,
    tokens: Tokens,
    left: &mut Left,
    records: Records<'_>,
) -> (&'c Claim, No) {
    let No::Rule(mut denied) = no else { return (claim, no) };
    let now_ms = records.now_ms();
    for other in others {
        let subject = records.read::<Subject>(&other.subject).unwrap_or_default();
        if let Err(own) = subject::drafts(&subject, &other.rules, tokens, now_ms)
            && (own.too_large, own.wait_ns) > (denied.too_large, denied.wait_ns)
        {
            left.note(&subject, &other.rules, now_ms);
            (claim, denied) = (other, own);
        }
    }
    (claim, No::Rule(denied))
}

/// Says no.
fn refused(
    claim: &Claim,
    no: No,
    left: &Left,
    (client, host): (&Client, &dyn Host),
    effects: &mut Vec<Effect>,
) -> Refused {
    let mut headers = left.headers(client, host);
    let (step, rule, fault) = match no {
        No::Rule(denied) => {
            let Denied { rule, wait_ns, too_large } = denied;
            effects.push(metric::LIMITS.count(&[&rule.name, "limited"]));
            if !too_large {
                headers.extend(retry_after(wait_ns));
            }
            let fault = shown::fault(&rule, &claim.shown, (wait_ns, too_large));
            ("rate", rule.name.clone(), fault)
        }
        No::Session(over) => {
            effects.push(metric::SESSIONS_ENDED.count(&[]));
            let by = claim.caps.as_ref().map(|(caps, _)| &caps.by);
            ("session", "session".to_owned(), session::fault(by, over))
        }
    };
    Refused { step, rule, fault: Box::new(fault), headers }
}

/// Takes what a request needs of one subject's limits.
fn share(
    claim: &Claim,
    tokens: Tokens,
    (tabs, records): (&Tabs, Records<'_>),
    left: &mut Left,
) -> Result<Share, No> {
    let now_ms = records.now_ms();
    let of_apps = matches!(claim.by, RateBy::User | RateBy::Session);
    let share = |(grants, place)| Share { subject: claim.subject.clone(), of_apps, grants, place };
    let mut then = Left::default();
    let mut note = |subject: &Subject| {
        then = Left::default();
        then.note(subject, &claim.rules, now_ms);
    };
    if let Some(taken) = tabs.take(claim, tokens, now_ms, &mut note) {
        left.add(then);
        return Ok(share(taken));
    }
    let mut taken = Ok((Vec::new(), None));
    let updated = tabs.update(
        &claim.subject,
        records,
        &mut |subject| {
            subject.of_apps = of_apps;
            let grants = subject::take(subject, &claim.rules, tokens, now_ms).map_err(No::Rule);
            let entered = grants.and_then(|grants| {
                let Some((caps, estimate)) = &claim.caps else { return Ok((grants, None)) };
                match Had::enter(&mut subject.session, caps, estimate.micros(), now_ms) {
                    Ok(place) => Ok((grants, Some(place))),
                    Err(over) => {
                        grants.iter().for_each(|own| own.correct(subject, 0, now_ms));
                        Err(No::Session(over))
                    }
                }
            });
            note(subject);
            taken = entered;
            // A session that is over is written as well: it is heard of.
            !matches!(taken, Err(No::Rule(_)))
        },
        |subject| goes_on(claim, tokens, subject, now_ms),
    );
    left.add(then);
    match updated {
        Ok(()) | Err(UpdateError::Declined) => taken.map(share),
        Err(UpdateError::Full | UpdateError::Contended) => {
            let grants = claim.rules.iter().map(Grant::untracked).collect();
            Ok(share((grants, None)))
        }
    }
}

impl Taken {
    /// What was left once it had taken its own.
    pub(super) const fn left(&self) -> Left {
        self.left
    }

    /// It was refused before it ran: all that it has taken is there again.
    pub(super) fn give_back(&self, host: &dyn Host) {
        self.undo(Records::at(host, host.now_ms()));
    }

    fn undo(&self, records: Records<'_>) {
        let none = (Used::default(), 0);
        self.shares.iter().for_each(|own| own.correct(none, (&self.tabs, records), true));
    }

    /// How soon somebody has to hear of it while it runs, in milliseconds, where somebody has:
    /// [`Taken::renew`].
    pub(super) fn renewal_ms(&self) -> Option<u64> {
        self.shares.iter().filter_map(Share::renewal_ms).min()
    }

    /// It still runs.
    pub(super) fn renew(&mut self, host: &dyn Host) {
        let now_ms = host.now_ms();
        let records = Records::at(host, now_ms);
        for share in self.shares.iter_mut().filter(|own| own.is_due(now_ms)) {
            let Share { subject, of_apps, grants, place } = share;
            let by = By { grants, caps: place.as_ref().map(Place::caps) };
            let renewed = self.tabs.change(subject, records, by, &mut |subject| {
                subject.of_apps = *of_apps;
                grants.iter().for_each(|own| own.renew(subject, now_ms));
                place.iter().for_each(|own| own.renew(&mut subject.session, now_ms));
            });
            if renewed.is_ok() {
                grants.iter_mut().for_each(|own| own.heard(now_ms));
                place.iter_mut().for_each(|own| own.heard(now_ms));
            }
        }
    }

    /// Whether the tokens count that it uses.
    pub(super) fn counts_tokens(&self) -> bool {
        self.shares.iter().flat_map(|own| &own.grants).any(Grant::counts_tokens)
    }

    /// It is over: what it has taken is corrected to what it has used. Where nobody charges it
    /// (`charged`), how quick its models are is learnt here.
    pub(super) fn settle(
        &self,
        (reports, charged): (&[Report], bool),
        ending: impl FnOnce() -> Ending,
        line: &Line,
        host: &dyn Host,
    ) {
        let mut open = self.shares.iter().filter(|own| own.is_open()).peekable();
        if open.peek().is_none() {
            return;
        }
        let records = Records::at(host, host.now_ms());
        let mut used = Used::default();
        if self.counts_tokens() && !reports.is_empty() {
            let last = Last::of(self.need.size, reports, ending(), records);
            used = Used::of(reports, &self.need, last);
            if !charged {
                Used::learn(reports, &self.need, last, records);
            }
        }
        let cost = line.credits().and_then(|own| own.parse().ok());
        let cost = cost.map_or(0, Credits::micros);
        open.for_each(|own| own.correct((used, cost), (&self.tabs, records), false));
    }

    /// Counts what its rules have let through, and has the log name those that would not have.
    fn count(&self, line: &mut Line, effects: &mut Vec<Effect>) {
        let grants = || self.shares.iter().flat_map(|own| &own.grants);
        effects.extend(grants().map(|own| metric::LIMITS.count(&[own.rule(), own.word()])));
        if grants().any(Grant::is_over) {
            line.list("over_limits", |json| {
                grants().filter(|own| own.is_over()).for_each(|own| {
                    json.string(own.rule());
                });
            });
        }
    }
}

impl Share {
    /// Whether something is to be done at the request's end: a session begins to be idle then.
    fn is_open(&self) -> bool {
        self.place.is_some() || self.grants.iter().any(Grant::is_open)
    }

    /// How soon somebody has to hear that it still runs, in milliseconds, where somebody has.
    fn renewal_ms(&self) -> Option<u64> {
        let runs = self.grants.iter().any(Grant::runs).then_some(RENEWAL_MS);
        runs.or(self.place.as_ref().map(Place::renewal_ms))
    }

    /// Whether somebody has to hear that now.
    fn is_due(&self, now_ms: u64) -> bool {
        let slots = self.grants.iter().filter_map(Grant::slot);
        slots.into_iter().any(|last| last != stretch(now_ms))
            || self.place.as_ref().is_some_and(|own| own.is_due(now_ms))
    }

    /// Corrects what was taken to what was used: tokens, and credits in millionths; all of it is
    /// there again where the request has not run. Where the subject cannot be written, what was
    /// taken flows back by itself, and what runs is forgotten in time.
    fn correct(
        &self,
        (used, cost): (Used, u64),
        (tabs, records): (&Tabs, Records<'_>),
        never_ran: bool,
    ) {
        let now_ms = records.now_ms();
        let counts_tokens = self.grants.iter().any(Grant::counts_tokens);
        let by = By { grants: &self.grants, caps: self.place.as_ref().map(Place::caps) };
        let _ = tabs.change(&self.subject, records, by, &mut |subject| {
            subject.of_apps = self.of_apps;
            for own in &self.grants {
                let requests = u64::from(!never_ran);
                let kept = if own.counts_tokens() { used.all } else { requests };
                own.correct(subject, kept, now_ms);
            }
            if let (true, Some(output)) = (counts_tokens, used.output) {
                subject.learn(output);
            }
            if let Some(own) = &self.place {
                own.correct(&mut subject.session, (cost, never_ran), now_ms);
            }
        });
    }
}
