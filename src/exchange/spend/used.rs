//! What is charged of what an attempt used: what its provider reported, or an estimate.
use super::Size;
use crate::exchange::{Progress, Report};
use crate::usage::Usage;

/// The usage that is charged of an attempt, and whether any of it is an estimate.
///
/// `relayed` is what the app has received of it in all, in bytes.
pub(super) fn charged(report: &Report, size: Size, relayed: u64) -> (Usage, bool) {
    let used = report.used;
    let mut usage = used.reported.unwrap_or_default();
    let whole = matches!(report.progress, Progress::Answered | Progress::Failed(_));
    if whole && usage != Usage::default() {
        return (usage, false);
    }
    if usage.input_total() == 0 {
        usage.input = size.input_tokens;
    }
    let said = if report.is_over() { used.said } else { in_proportion(report, relayed) };
    usage.output = usage.output.max(said);
    (usage, true)
}

/// What had been said by the time that so many bytes had been relayed: the report may be older.
fn in_proportion(report: &Report, relayed: u64) -> u64 {
    let said = report.used.said;
    let product = u128::from(said).saturating_mul(u128::from(relayed));
    let so_far = product.checked_div(report.bytes.into()).unwrap_or(0);
    u64::try_from(so_far).unwrap_or(u64::MAX).max(said)
}
