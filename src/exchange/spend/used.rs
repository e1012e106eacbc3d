//! What is charged of what an attempt used: what its provider reported where that can be, an
//! estimate where it reported nothing, not all, or what cannot be.
use super::abandoned::Abandoned;
use crate::decide::{Bounds, Size};
use crate::exchange::credible::is_credible;
use crate::exchange::{Progress, Report};
use crate::usage::Usage;

/// The usage that is charged of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Charged {
    pub(super) usage: Usage,
    /// The provider reported no usage, or not all of it, or the report was rejected.
    pub(super) estimated: bool,
    /// What the provider reported cannot be.
    pub(super) rejected: bool,
    /// The app left the attempt, and all that was held for it is charged.
    pub(super) abandoned: bool,
}

/// The usage that is charged of an attempt.
///
/// `relayed` is what the app has received of the attempt in all, in bytes; `abandoned` is there
/// where the app left it.
pub(super) fn charged(
    report: &Report,
    bounds: Bounds,
    size: Size,
    relayed: u64,
    abandoned: Option<Abandoned>,
) -> Charged {
    if abandoned.is_some_and(|left| left.all) {
        let usage = Usage { input: bounds.input, output: bounds.output, ..Usage::default() };
        return Charged { usage, estimated: true, rejected: false, abandoned: true };
    }
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
    Charged { usage, estimated: no_input || no_output, rejected, abandoned: false }
}

/// Tokens of what has been said since a report was published, by the bytes that have been relayed
/// since.
fn tokens_since_report(report: &Report, relayed: u64) -> u64 {
    let more = u128::from(relayed.saturating_sub(report.bytes));
    let product = u128::from(report.used.seen()).saturating_mul(more);
    let since = product.checked_div(report.bytes.into()).unwrap_or(0);
    u64::try_from(since).unwrap_or(u64::MAX)
}
