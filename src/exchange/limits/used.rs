//! How many tokens a request has used, as far as its attempts tell.
use super::super::{Progress, Report};

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
    /// seen where they do not. Of one attempt no more than `most` is believed.
    pub(super) fn of(reports: &[Report], input: u64, most: u64) -> Self {
        let parts = reports.iter().map(|report| of_attempt(report, input, most));
        let all = parts.map(|(input, output)| input.saturating_add(output).min(most));
        let all = all.fold(0, u64::saturating_add);
        let last = reports.last().filter(|last| last.is_answered());
        Self { all, output: last.map(|last| of_attempt(last, input, most).1.min(most)) }
    }
}

/// Input and output of one attempt.
fn of_attempt(report: &Report, input: u64, most: u64) -> (u64, u64) {
    let seen = report.used.text_estimate.saturating_add(report.used.reasoning_estimate);
    let reported = report.used.reported.filter(|own| !own.garbled && own.input_total() <= most);
    match reported {
        Some(own) => {
            let output = own.output.max(own.reasoning);
            // What was reported before an answer broke is not its last word.
            let whole = report.is_over() && report.progress != Progress::Cut;
            let output = if whole && output > 0 { output } else { output.max(seen) };
            let own = own.input_total();
            (if own == 0 { input } else { own }, output)
        }
        // It failed, and nobody has read anything.
        None if report.has_failed() => (0, 0),
        None => (input, seen),
    }
}

#[cfg(test)]
mod tests {
    use super::Used;
    use crate::exchange::{Outcome, Progress, Report};
    use crate::usage::Usage;

    fn attempt(progress: Progress, reported: Option<(u64, u64)>, seen: u64) -> Report {
        let mut report = Report { progress, ..Report::begin("m", 1) };
        let usage = |(input, output)| Usage { input, output, ..Usage::default() };
        report.used.reported = reported.map(usage);
        report.used.text_estimate = seen;
        report
    }

    #[test]
    fn what_providers_report_counts_and_else_what_was_seen() {
        let failed = Progress::Failed(Outcome::Unreachable);
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
            (&[(Progress::Answered, Some((5, 1 << 60)), 7)], 1000, Some(1000)),
        ] {
            let reports: Vec<_> = attempts.iter().map(|own| attempt(own.0, own.1, own.2)).collect();
            assert_eq!(Used::of(&reports, 10, 1000), Used { all, output }, "{attempts:?}");
        }
    }
}
