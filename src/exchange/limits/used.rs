//! How many tokens a request has used, as far as its attempts tell.
use super::super::Report;
use super::super::used::{Amount, Last, Speed, amount, each, is_made};
use crate::decide::{Bounds, Size};
use crate::resilience::Records;

/// Tokens that all attempts of a request have used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// Of input and output.
    pub(super) all: u64,
    /// Of the output of its answer; `None` where it has had none.
    pub(super) output: Option<u64>,
}

impl Used {
    /// What was used by these attempts, each of which has these bounds.
    pub(super) fn of(reports: &[Report], (bounds, size): (Bounds, Size), last: Last) -> Self {
        let made = |(report, last): (&Report, Option<Last>)| {
            is_made(report, last).then(|| amount(report, (bounds, size), last).usage)
        };
        let (mut all, mut output) = (0_u64, None);
        for (report, last) in each(reports, last) {
            let usage = made((report, last)).unwrap_or_default();
            let own = usage.output.max(usage.reasoning);
            all = all.saturating_add(usage.input_total()).saturating_add(own);
            output = report.is_answered().then_some(own);
        }
        Self { all, output }
    }

    /// Learns how quick the models are of attempts whose providers said what they used.
    pub(super) fn learn(
        reports: &[Report],
        (bounds, size): (Bounds, Size),
        last: Last,
        records: Records<'_>,
    ) {
        for (report, last) in each(reports, last) {
            let Amount { estimated, rejected, .. } = amount(report, (bounds, size), last);
            if !estimated && !rejected {
                Speed::learn(records, report, size);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Used;
    use crate::decide::{Bounds, Size};
    use crate::exchange::used::{EndedBy, Ending, Last};
    use crate::exchange::{Outcome, Progress, Report};
    use crate::port::Shared;
    use crate::resilience::Records;
    use crate::usage::Usage;

    struct Nothing;

    impl Shared for Nothing {
        fn shared_data(&self, _key: &str) -> (Vec<u8>, Option<u32>) {
            (Vec::new(), None)
        }

        fn set_shared_data(&self, _key: &str, _value: &[u8], _version: Option<u32>) -> bool {
            false
        }
    }

    fn attempt(progress: Progress, reported: Option<(u64, u64)>, seen: u64) -> Report {
        let mut report = Report { progress, ..Report::begin("m", 1) };
        let usage = |(input, output)| Usage { input, output, ..Usage::default() };
        report.used.reported = reported.map(usage);
        report.used.text_estimate = seen;
        report
    }

    fn used(reports: &[Report], connected: bool) -> Used {
        let bounds = Bounds { input: 1000, output: 500, estimate: 10 };
        let size = Size { images: 0, choices: 1, streamed: true };
        let ending = Ending { answered: !connected, relayed: 0, by: EndedBy::App, connected };
        let last = Last::of(size, reports, ending, Records::at(&Nothing, 1));
        Used::of(reports, (bounds, size), last)
    }

    #[test]
    fn what_providers_report_counts_and_else_what_was_seen() {
        let failed = Progress::Failed(Outcome::Unreachable);
        let unaccepted = Progress::Failed(Outcome::NotAccepted);
        for (attempts, all, output) in [
            (&[][..], 0, None),
            (&[(Progress::Answered, Some((100, 20)), 7)], 120, Some(20)),
            (&[(Progress::Answered, None, 7)], 17, Some(7)),
            (&[(Progress::Answered, Some((0, 20)), 7)], 30, Some(20)),
            (&[(Progress::Cut, Some((100, 1)), 7)], 107, None),
            (&[(failed, None, 0)], 0, None),
            (&[(failed, Some((100, 0)), 0)], 100, None),
            (&[(failed, None, 0), (Progress::Answered, Some((5, 5)), 0)], 10, Some(5)),
            (&[(unaccepted, None, 7), (Progress::Answered, Some((5, 5)), 0)], 27, Some(5)),
            // No provider locks a tenant out by what it says.
            (&[(Progress::Answered, Some((1 << 60, 5)), 7)], 17, Some(7)),
            (&[(Progress::Answered, Some((5, 1 << 60)), 7)], 17, Some(7)),
        ] {
            let reports: Vec<_> = attempts.iter().map(|own| attempt(own.0, own.1, own.2)).collect();
            assert_eq!(used(&reports, false), Used { all, output }, "{attempts:?}");
        }
    }

    #[test]
    fn what_an_app_leaves_before_any_of_it_counts_where_its_provider_is_at_work() {
        let reports = [attempt(Progress::Running, None, 0)];
        assert_eq!(used(&reports, false), Used::default());
        assert_eq!(used(&reports, true), Used { all: 10, output: None });
    }
}
