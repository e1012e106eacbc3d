//! Reports of attempts: what is published is what is read, and nothing else is.
use proptest::prelude::*;
use tradewind::exchange::{Effect, Outcome, Progress, Quiet, Report, Used};
use tradewind::usage::Usage;

use super::support::World;

fn usage() -> impl Strategy<Value = Usage> {
    (any::<[u64; 6]>(), any::<bool>()).prop_map(
        |([input, cached_input, cache_write, cache_write_hour, output, reasoning], garbled)| {
            #[rustfmt::skip]
            let usage = Usage {
                input, cached_input, cache_write, cache_write_hour, output, reasoning, garbled,
            };
            usage
        },
    )
}

fn progress() -> impl Strategy<Value = Progress> {
    let failed = proptest::sample::select(Outcome::ALL.to_vec()).prop_map(Progress::Failed);
    prop_oneof![Just(Progress::Running), Just(Progress::Answered), Just(Progress::Cut), failed]
}

fn report() -> impl Strategy<Value = Report> {
    let used = (proptest::option::of(usage()), any::<[u64; 2]>())
        .prop_map(|(reported, [said, thought])| Used { reported, said, thought });
    let quiet = any::<[u64; 2]>().prop_map(|[ms, ended]| Quiet { ms, ended });
    let head = ("[A-Za-z0-9][A-Za-z0-9._-]{0,20}", progress(), any::<u16>(), used, quiet);
    (head, any::<[u64; 6]>()).prop_map(
        |(
            (model, progress, status, used, quiet),
            [tries, began_ms, first_ms, last_ms, ended_ms, bytes],
        )| {
            #[rustfmt::skip]
            let report = Report {
                model, tries, progress, status, began_ms, first_ms, last_ms, ended_ms, quiet, used,
                bytes,
            };
            report
        },
    )
}

fn published(report: &Report) -> (String, Vec<u8>) {
    let Effect::State(key, value) = report.publish() else { return Default::default() };
    (key.into_owned(), value)
}

proptest! {
    #[test]
    fn a_report_reads_as_it_was_published(report in report()) {
        let mut world = World::default();
        let (key, value) = published(&report);
        world.state.insert(key, value);
        prop_assert_eq!(Report::of(&world.view(), &report.model), Some(report.clone()));
        prop_assert_eq!(Report::of(&world.view(), "another"), None);
    }

    /// What was cut, changed or lengthened is not read, or is read as some report: never as one
    /// of another model.
    #[test]
    fn a_broken_report_is_nobodys(
        report in report(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (key, value) = published(&report);
        let read = |value: Vec<u8>| {
            let mut world = World::default();
            world.state.insert(key.clone(), value);
            Report::of(&world.view(), &report.model)
        };
        let mut changed = value.clone();
        let index = at.index(value.len());
        changed[index] = byte;
        prop_assert!(read(changed).is_none_or(|read| read.model == report.model));
        prop_assert!(read(value[..index].to_vec()).is_none_or(|read| read != report));
        prop_assert_eq!(read([value.as_slice(), b" 1"].concat()), None);
        prop_assert_eq!(read([value.as_slice(), b" "].concat()), None);
        prop_assert_eq!(read([b"1", &value[1..]].concat()), None);
    }

    /// Of a chain those are read that were tried, in order.
    #[test]
    fn a_chain_is_read_as_far_as_it_was_tried(
        reports in proptest::collection::vec(report(), 0..5),
        asked in proptest::collection::vec(any::<bool>(), 5),
    ) {
        let mut world = World::default();
        let chain: Vec<String> = (0..5).map(|index| format!("m{index}")).collect();
        for (index, report) in reports.iter().enumerate().filter(|(index, _)| asked[*index]) {
            let report = Report { model: chain[index].clone(), ..report.clone() };
            let (key, value) = published(&report);
            world.state.insert(key, value);
        }
        let read = Report::read(&world.view(), &chain);
        let ends = |report: &Report| match report.progress {
            Progress::Running => false,
            Progress::Answered | Progress::Cut => true,
            Progress::Failed(outcome) => !outcome.verdict().fails_over,
        };
        let tried = asked.iter().zip(&reports).take_while(|(asked, _)| **asked).count();
        let last = reports.iter().take(tried).position(ends);
        let last = last.map_or(tried, |at| at.saturating_add(1));
        let models: Vec<&str> = read.iter().map(|report| report.model.as_str()).collect();
        prop_assert_eq!(models, chain.iter().take(last).map(String::as_str).collect::<Vec<_>>());
    }
}
