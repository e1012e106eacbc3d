//! What an attempt has used.
use super::abandoned::{Abandoned, EndedBy, Ending, is_at_work};
use crate::decide::{Bounds, Size};
use crate::exchange::credible::is_credible;
use crate::exchange::{Outcome, Progress, Report};
use crate::resilience::Records;
use crate::usage::Usage;

/// The usage that counts of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Amount {
    pub(in super::super) usage: Usage,
    /// The provider reported no usage, or not all of it, or the report was rejected.
    pub(in super::super) estimated: bool,
    /// What the provider reported cannot be.
    pub(in super::super) rejected: bool,
}

/// How the last attempt ended, where nothing that it tells says so.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Last {
    pub(in super::super) ending: Ending,
    /// How the app left it, where the app did.
    abandoned: Option<Abandoned>,
}

impl Last {
    /// Of a request with these attempts.
    pub(in super::super) fn of(
        size: Size,
        reports: &[Report],
        ending: Ending,
        records: Records<'_>,
    ) -> Self {
        let last = reports.last();
        let abandoned = last.and_then(|last| Abandoned::of(size, last, ending, records));
        Self { ending, abandoned }
    }

    /// Whether its app has left it while it ran.
    pub(in super::super) fn is_left(&self) -> bool {
        self.ending.by == EndedBy::App && self.abandoned.is_some_and(|own| own.runs)
    }
}

/// Every attempt, and how the request ended for the one that it ended with.
pub(in super::super) fn each(
    reports: &[Report],
    last: Last,
) -> impl Iterator<Item = (&Report, Option<Last>)> {
    let count = reports.len();
    let ended = move |index: usize| (index.saturating_add(1) == count).then_some(last);
    reports.iter().enumerate().map(move |(index, report)| (report, ended(index)))
}

/// Whether an attempt has had anything made: its provider charges for that.
pub(in super::super) fn is_made(report: &Report, last: Option<Last>) -> bool {
    match report.progress {
        Progress::Answered | Progress::Cut => true,
        // All of it was made, whatever became of it.
        Progress::Failed(Outcome::NotAccepted) => true,
        // Nothing of it was the app's, and yet its provider charges for it where its last word on
        // its usage says so.
        Progress::Failed(_) => report.used.reported.is_some(),
        // Where the app left while the provider was at work, its provider charges for that.
        Progress::Running => {
            report.has_content() || last.is_some_and(|last| is_at_work(report, last.ending))
        }
    }
}

/// The usage that counts of an attempt; `last` is how the request ended, for the one that it ended
/// with.
pub(in super::super) fn amount(
    report: &Report,
    (bounds, size): (Bounds, Size),
    last: Option<Last>,
) -> Amount {
    let relayed = last.map_or(0, |last| last.ending.relayed);
    let abandoned = last.and_then(|last| last.abandoned);
    let reported = report.used.reported.unwrap_or_default();
    let rejected = !is_credible(bounds, &reported);
    let mut usage = if rejected { Usage::default() } else { reported };
    let used = report.used;
    // What has come since it was published is taken for text, of which nothing is given away.
    let since = if report.is_over() { 0 } else { tokens_since_report(report, relayed) };
    let hidden = abandoned.map_or(used.reasoning_estimate, |left| left.hidden(report));
    let said = used.text_estimate.saturating_add(since).saturating_add(hidden).min(bounds.output);
    // What a provider had reported when its answer broke is not its last word. Of a failed attempt
    // nothing else is told.
    let whole = matches!(report.progress, Progress::Failed(_) | Progress::Answered);
    let no_input = usage.input_total() == 0;
    let no_output = !whole || usage == Usage::default() || (usage.output == 0 && said > 0);
    if no_input {
        usage.input = bounds.estimate;
    }
    if no_output {
        usage.output = usage.output.max(said);
        if abandoned.is_some() && size.streamed {
            usage.reasoning = usage.reasoning.max(hidden.min(usage.output));
        }
    }
    Amount { usage, estimated: no_input || no_output, rejected }
}

/// Tokens of what has been said since a report was published, by the bytes that have been relayed
/// since.
fn tokens_since_report(report: &Report, relayed: u64) -> u64 {
    let more = u128::from(relayed.saturating_sub(report.bytes));
    let product = u128::from(report.used.seen()).saturating_mul(more);
    let since = product.checked_div(report.bytes.into()).unwrap_or(0);
    u64::try_from(since).unwrap_or(u64::MAX)
}
