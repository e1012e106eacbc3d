//! How many tokens a request has used, as far as its attempts tell.
use super::super::Report;
use super::super::used::{Amount, Last, Speed, amount, each, is_made};
use crate::decide::Need;
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
    /// What was used by these attempts of a request that may use that much.
    pub(super) fn of(reports: &[Report], need: &Need, last: Last) -> Self {
        let (mut all, mut output) = (0_u64, None);
        for (report, last) in each(reports, last) {
            let made = is_made(report, last).then(|| of_attempt(report, need, last).usage);
            let usage = made.unwrap_or_default();
            let own = usage.output.max(usage.reasoning);
            all = all.saturating_add(usage.input_total()).saturating_add(own);
            output = report.is_answered().then_some(own);
        }
        Self { all, output }
    }

    /// Learns how quick the models are of attempts whose providers said what they used.
    pub(super) fn learn(reports: &[Report], need: &Need, last: Last, records: Records<'_>) {
        for (report, last) in each(reports, last) {
            let Amount { estimated, rejected, .. } = of_attempt(report, need, last);
            if !estimated && !rejected {
                Speed::learn(records, report, need.size);
            }
        }
    }
}

/// What counts of one of them.
fn of_attempt(report: &Report, need: &Need, last: Option<Last>) -> Amount {
    amount(report, (need.of(&report.model), need.size), last)
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::Used;
    use crate::decide::{Bounds, Need, Size};
    use crate::exchange::used::{EndedBy, Ending, Last};
    use crate::exchange::{Outcome, Progress, Report};
    use crate::policy::Policy;
    use crate::port::Shared;
    use crate::resilience::Records;
    use crate::usage::Usage;

    const MODEL: &str = "gpt";

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
        let mut report = Report { progress, ..Report::begin(MODEL, 1) };
        let usage = |(input, output)| Usage { input, output, ..Usage::default() };
        report.used.reported = reported.map(usage);
        report.used.text_estimate = seen;
        report
    }

    fn used(reports: &[Report], connected: bool) -> Used {
        let policy = include_str!("../../../tests/corpus/exchange/policy/rate.json");
        let policy = Policy::from_json(policy.as_bytes()).unwrap();
        let bound = Bounds { input: 1000, output: 1000, estimate: 10 };
        let size = Size { images: 0, choices: 1, streamed: true };
        let bounds = vec![(Rc::clone(policy.model(MODEL).unwrap()), bound)];
        let need = Need { bounds, size };
        let ending = Ending { answered: !connected, relayed: 0, by: EndedBy::App, connected };
        let last = Last::of(size, reports, ending, Records::at(&Nothing, 1));
        Used::of(reports, &need, last)
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
            (&[(Progress::Answered, Some((5, 2065)), 7)], 17, Some(7)),
            (&[(Progress::Answered, Some((5, 2064)), 7)], 2069, Some(2064)),
            (&[(Progress::Answered, Some((6097, 5)), 7)], 17, Some(7)),
            (&[(Progress::Answered, Some((6096, 5)), 7)], 6101, Some(5)),
            (&[(failed, Some((1 << 60, 0)), 0)], 10, None),
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
