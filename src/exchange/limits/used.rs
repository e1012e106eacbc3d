//! How many tokens a request has used, as far as its attempts tell.
use std::rc::Rc;

use super::super::credible::is_credible;
use super::super::{Progress, Report};
use crate::decide::Bounds;
use crate::policy::Model;
use crate::usage::Usage;

/// Tokens that all attempts of a request have used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// Of input and output.
    pub(super) all: u64,
    /// Of the output of its answer; `None` where it has had none.
    pub(super) output: Option<u64>,
}

impl Used {
    /// What was used by these attempts: what their providers report, and an estimate of what was
    /// seen where they do not, or where what they report cannot be.
    pub(super) fn of(reports: &[Report], input: u64, bounds: &[(Rc<Model>, Bounds)]) -> Self {
        let of = |report: &Report| {
            let own = bounds.iter().find(|(model, _)| model.name == report.model);
            of_attempt(report, input, own.map(|(_, bounds)| *bounds))
        };
        let parts = reports.iter().map(of);
        let all = parts.map(|(input, output)| input.saturating_add(output));
        let all = all.fold(0, u64::saturating_add);
        let last = reports.last().filter(|last| last.is_answered());
        Self { all, output: last.map(|last| of(last).1) }
    }
}

/// Input and output of one attempt.
fn of_attempt(report: &Report, input: u64, bounds: Option<Bounds>) -> (u64, u64) {
    let most = bounds.map_or(0, |own| own.output);
    let seen = report.used.seen().min(most);
    let believes = |own: &Usage| bounds.is_some_and(|bounds| is_credible(bounds, own));
    let reported = report.used.reported.filter(believes);
    match reported {
        Some(own) => {
            let output = own.output.max(own.reasoning);
            // What was reported before an answer broke is not its last word.
            let whole = report.is_over() && report.progress != Progress::Cut;
            let output = if whole && output > 0 { output } else { output.max(seen) };
            let own = own.input_total();
            (if own == 0 { input } else { own }, output)
        }
        // It failed, and its provider charges nobody for it.
        None if report.has_failed() && report.used.reported.is_none() => (0, 0),
        None => (input, seen),
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Rc, Usage, Used};
    use crate::exchange::{Outcome, Progress, Report};
    use crate::policy::Policy;

    const MODEL: &str = "gpt";

    fn attempt(progress: Progress, reported: Option<(u64, u64)>, seen: u64) -> Report {
        let mut report = Report { progress, ..Report::begin(MODEL, 1) };
        let usage = |(input, output)| Usage { input, output, ..Usage::default() };
        report.used.reported = reported.map(usage);
        report.used.text_estimate = seen;
        report
    }

    #[test]
    fn what_providers_report_counts_and_else_what_was_seen() {
        let failed = Progress::Failed(Outcome::Unreachable);
        let policy = include_str!("../../../tests/corpus/exchange/policy/rate.json");
        let policy = Policy::from_json(policy.as_bytes()).unwrap();
        let bound = Bounds { input: 1000, output: 1000, estimate: 10 };
        let bounds = [(Rc::clone(policy.model(MODEL).unwrap()), bound)];
        for (attempts, all, output) in [
            (&[][..], 0, None),
            (&[(Progress::Answered, Some((100, 20)), 7)], 120, Some(20)),
            (&[(Progress::Answered, None, 7)], 17, Some(7)),
            (&[(Progress::Answered, Some((0, 20)), 7)], 30, Some(20)),
            (&[(Progress::Cut, Some((100, 1)), 7)], 107, None),
            (&[(Progress::Running, None, 0)], 10, None),
            (&[(failed, None, 0)], 0, None),
            (&[(failed, Some((100, 0)), 0)], 100, None),
            (&[(failed, None, 0), (Progress::Answered, Some((5, 5)), 0)], 10, Some(5)),
            // No provider locks a tenant out by what it says.
            (&[(Progress::Answered, Some((1 << 60, 5)), 7)], 17, Some(7)),
            (&[(Progress::Answered, Some((5, 1 << 60)), 7)], 17, Some(7)),
            (&[(Progress::Answered, Some((5, 2065)), 7)], 17, Some(7)),
            (&[(Progress::Answered, Some((5, 2064)), 7)], 2069, Some(2064)),
            (&[(Progress::Answered, Some((6097, 5)), 7)], 17, Some(7)),
            (&[(Progress::Answered, Some((6096, 5)), 7)], 6101, Some(5)),
            (&[(failed, Some((1 << 60, 0)), 0)], 10, None),
        ] {
            let reports: Vec<_> = attempts.iter().map(|own| attempt(own.0, own.1, own.2)).collect();
            assert_eq!(Used::of(&reports, 10, &bounds), Used { all, output }, "{attempts:?}");
        }
    }
}
