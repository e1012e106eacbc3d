//! What became of a request's attempts, for counters and for the access log.
use super::line::Line;
use super::report::{ABANDONED, CUT, DEADLINE, RESUMED, STALE};
use super::used::EndedBy;
use super::{Effect, Progress, Report, metric};
use crate::policy::parted;

/// An attempt that published nothing, and what became of it.
#[derive(Debug)]
pub(super) struct Untold {
    /// The name of its leg.
    pub(super) leg: String,
    pub(super) outcome: &'static str,
}

/// How a request ended that models were tried for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried<'e> {
    /// What each attempt published of itself.
    pub(super) reports: &'e [Report],
    /// The model after them, where it was tried and published nothing, and what became of it.
    pub(super) untold: Option<&'e Untold>,
    /// The models that are asked as a last resort.
    pub(super) last_resorts: &'e [String],
    /// Whether the answer was a stream.
    pub(super) streamed: bool,
    /// Who ended the request.
    pub(super) by: EndedBy,
    /// When.
    pub(super) now_ms: u64,
}

/// What an attempt was, once its request is over.
struct Attempt<'e> {
    report: &'e Report,
    outcome: &'static str,
    /// How long it took, in milliseconds; `None` where nobody has seen its end.
    ms: Option<u64>,
    /// How long it took until its first content.
    first_ms: Option<u64>,
}

impl<'e> Tried<'e> {
    fn attempts(&self) -> impl Iterator<Item = Attempt<'e>> {
        let (Self { by, now_ms, .. }, count) = (*self, self.reports.len());
        self.reports.iter().enumerate().map(move |(index, report)| {
            let last = index.saturating_add(1) == count;
            let runs = report.progress == Progress::Running;
            let outcome = match by {
                EndedBy::App if last && runs => ABANDONED,
                EndedBy::Deadline if last && runs => DEADLINE,
                _ => report.word(),
            };
            let ended_ms = if last && runs { now_ms } else { report.ended_ms };
            let since = |at: u64| (at > 0).then(|| at.saturating_sub(report.began_ms));
            Attempt { report, outcome, ms: since(ended_ms), first_ms: since(report.first_ms) }
        })
    }
}

/// Counts every attempt, and has the log list them; gives what became of the last.
pub(super) fn of(
    tried: &Tried<'_>,
    line: &mut Line,
    effects: &mut Vec<Effect>,
) -> Option<&'static str> {
    let mut last = None;
    for attempt in tried.attempts() {
        count(&attempt, tried.streamed, effects);
        last = Some((&*attempt.report.model, attempt.outcome));
    }
    let untold = tried.untold.map(|own| (parted(&own.leg).0, own.outcome));
    effects.extend(untold.map(|(model, outcome)| metric::ATTEMPTS.count(&[model, outcome])));
    let (model, outcome) = untold.or(last)?;
    let resumed = tried.reports.last().is_some_and(|last| last.resumed);
    let outcome = if resumed { RESUMED } else { outcome };
    effects.extend((outcome == CUT).then(|| metric::STREAMS_CUT.count(&[model])));
    effects.extend(resumed.then(|| metric::STREAMS_RESUMED.count(&[model])));
    let answered = tried.reports.last().filter(|last| last.has_content() || last.is_answered());
    answered.into_iter().for_each(|last| line.answered(last));
    list(tried, line);
    Some(outcome)
}

/// What all attempts used, where nobody counts credits: what their providers have reported.
pub(super) fn used(reports: &[Report], line: &mut Line) {
    let used = |report: &Report| report.used.reported.unwrap_or_default();
    line.used(reports.iter().map(|report| (&*report.model, used(report))));
}

fn count(attempt: &Attempt<'_>, streamed: bool, effects: &mut Vec<Effect>) {
    let Attempt { report, outcome, ms, first_ms } = *attempt;
    let model = &*report.model;
    effects.push(metric::ATTEMPTS.count(&[model, outcome]));
    // Those before the last of a model had a connection that turned out to be closed.
    let stale = 1..report.tries;
    effects.extend(stale.map(|_| metric::ATTEMPTS.count(&[model, STALE])));
    effects.extend(ms.map(|ms| metric::ATTEMPT_DURATION.measure(&[model], ms)));
    let first_ms = first_ms.filter(|_| streamed);
    effects.extend(first_ms.map(|ms| metric::FIRST_TOKEN.measure(&[model], ms)));
}

/// `[{"model":"gpt","outcome":"answered","status":200,"first_ms":310,"ms":2200}]`: times count
/// from the attempt's beginning, and stand where there is one. What an answer comes to stands with
/// it where another's was to agree; of one that went to the app it says that it did.
fn list(tried: &Tried<'_>, line: &mut Line) {
    let is_last = |leg: &str| tried.last_resorts.iter().any(|own| own == leg);
    line.list("attempts", |json| {
        for Attempt { report, outcome, ms, first_ms } in tried.attempts() {
            json.object(|json| {
                json.key("model").string(&report.model);
                if !report.account.is_empty() {
                    json.key("account").string(&report.account);
                }
                json.key("outcome").string(outcome);
                if is_last(&report.leg()) {
                    json.key("last_resort").boolean(true);
                }
                if report.tries > 1 {
                    json.key("tries").number(report.tries);
                }
                if report.status > 0 {
                    json.key("status").number(report.status.into());
                }
                for (name, ms) in [("first_ms", first_ms), ("ms", ms)] {
                    if let Some(ms) = ms {
                        json.key(name).number(ms);
                    }
                }
                if !report.why.is_empty() {
                    json.key("why").string(&report.why);
                }
                if let Some(why) = report.stopped_by {
                    json.key("stopped_by").string(why.name());
                }
                if let Some(own) = report.conclusion {
                    json.key("conclusion").string(own.kind.name());
                    let digest = own.digest().map(|digest| format!("{digest:016x}"));
                    digest.into_iter().for_each(|digest| json.key("digest").string(&digest));
                }
            });
        }
        if let Some(Untold { leg, outcome }) = tried.untold {
            let (model, account) = parted(leg);
            json.object(|json| {
                json.key("model").string(model);
                account.into_iter().for_each(|own| json.key("account").string(own));
                json.key("outcome").string(outcome);
                if is_last(leg) {
                    json.key("last_resort").boolean(true);
                }
            });
        }
    });
}
