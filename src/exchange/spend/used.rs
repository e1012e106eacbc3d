//! What is charged of what an attempt used: what its provider reported where that can be, an
//! estimate where it reported nothing, not all, or what cannot be.
use super::{Leg, Size};
use crate::exchange::{Progress, Report};
use crate::usage::Usage;

/// More of what was allowed than this many times it is not believed. Providers count a little
/// beside what a request asks for, none of them several times as much.
const FACTOR: u64 = 2;

/// Input tokens that are believed beside that: templates and prompts of a server's own, which a
/// request of a few words shows as hundreds of tokens.
const AROUND_INPUT: u64 = 4096;

/// The same of output, for the marks that end an answer.
const AROUND_OUTPUT: u64 = 64;

/// The usage that is charged of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Charged {
    pub(super) usage: Usage,
    /// The provider reported none, or not all, or it was rejected.
    pub(super) estimated: bool,
    /// What it reported cannot be.
    pub(super) rejected: bool,
}

/// Most output tokens that are believed of an answer with that bound.
pub(in super::super) const fn believed(bound: u64) -> u64 {
    bound.saturating_mul(FACTOR).saturating_add(AROUND_OUTPUT)
}

impl Leg {
    /// Whether a report of usage can be true of an attempt with these bounds.
    fn believes(&self, usage: &Usage) -> bool {
        let input = self.input_max.saturating_mul(FACTOR).saturating_add(AROUND_INPUT);
        !usage.garbled
            && usage.input_total() <= input
            && usage.output.max(usage.reasoning) <= believed(self.output_max)
    }
}

/// The usage that is charged of an attempt.
///
/// `relayed` is what the app has received of it in all, in bytes.
pub(super) fn charged(report: &Report, leg: &Leg, size: Size, relayed: u64) -> Charged {
    let reported = report.used.reported.unwrap_or_default();
    let rejected = !leg.believes(&reported);
    let mut usage = if rejected { Usage::default() } else { reported };
    let over = report.is_over();
    let said = if over { report.used.said } else { in_proportion(report, relayed) };
    let said = said.min(leg.output_max);
    // What a provider had reported when its answer broke is not its last word.
    let whole = matches!(report.progress, Progress::Answered | Progress::Failed(_));
    let no_input = usage.input_total() == 0;
    let no_output = !whole || usage == Usage::default() || (usage.output == 0 && said > 0);
    if no_input {
        usage.input = size.input_tokens;
    }
    if no_output {
        usage.output = usage.output.max(said);
    }
    Charged { usage, estimated: no_input || no_output, rejected }
}

/// What had been said by the time that so many bytes had been relayed: the report may be older.
fn in_proportion(report: &Report, relayed: u64) -> u64 {
    let said = report.used.said;
    let product = u128::from(said).saturating_mul(u128::from(relayed));
    let so_far = product.checked_div(report.bytes.into()).unwrap_or(0);
    u64::try_from(so_far).unwrap_or(u64::MAX).max(said)
}
