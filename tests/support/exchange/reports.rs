//! Reports of attempts: what is published is what is read, and nothing else is.
use proptest::prelude::*;
use tradewind::exchange::conclusion::Conclusion;
use tradewind::exchange::{Effect, Outcome, Progress, Quiet, Report, Said, StoppedBy, Used, Words};
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

fn said() -> impl Strategy<Value = Said> {
    let word = || "[ -~]{0,9}";
    let calls = proptest::collection::vec((word(), word()), 0..3);
    let words = (word(), calls).prop_map(|(text, calls)| Words { text, calls });
    let digest = proptest::option::of(any::<u64>());
    (any::<u64>(), word(), word(), digest, proptest::option::of(words)).prop_map(
        |(bytes, finish, kind, digest, words)| Said { bytes, finish, kind, digest, words },
    )
}

fn report() -> impl Strategy<Value = Report> {
    let used = (proptest::option::of(usage()), any::<[u64; 2]>()).prop_map(
        |(reported, [text_estimate, reasoning_estimate])| Used {
            reported,
            text_estimate,
            reasoning_estimate,
        },
    );
    let quiet = any::<[u64; 2]>().prop_map(|[ms, ended]| Quiet { ms, ended });
    let name = ("[A-Za-z0-9][A-Za-z0-9._-]{0,20}", "([A-Za-z0-9][A-Za-z0-9._-]{0,9})?");
    let head = (name, progress(), any::<u16>(), used, quiet);
    let conclusion = any::<Option<u8>>().prop_map(|number| {
        number.map(|number| Conclusion::of(&number.to_string(), core::iter::empty()))
    });
    let said = proptest::option::of(said());
    (head, any::<[u64; 8]>(), "[ -~]{0,20}", conclusion, 0_u64..3, said).prop_map(
        |(
            ((model, account), progress, status, used, quiet),
            [tries, began_ms, first_ms, last_ms, ended_ms, bytes, call, wait_ms],
            why,
            conclusion,
            skips,
            said,
        )| {
            #[rustfmt::skip]
            let report = Report {
                answer_id: "msg_1".to_owned(),
                model, account, tries, progress, status, began_ms, first_ms, last_ms, ended_ms,
                quiet, used, bytes, call, why, conclusion, skips, wait_ms, is_of_all: skips > 0,
                stopped_by: (wait_ms % 4 == 1).then_some(StoppedBy::Deadline),
                resumed: skips > 1,
                said: said.map(Box::new),
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
        prop_assert_eq!(Report::of(&world.view(), &report.leg()), Some(report.clone()));
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
            Report::of(&world.view(), &report.leg())
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
            let (model, account) = (chain[index].clone(), String::new());
            let report = Report { model, account, ..report.clone() };
            let (key, value) = published(&report);
            world.state.insert(key, value);
        }
        let read = Report::read(&world.view(), &chain);
        let ends = |report: &Report| match report.progress {
            _ if report.stopped_by.is_some() => true,
            Progress::Running => false,
            Progress::Answered | Progress::Cut => true,
            Progress::Failed(outcome) => !outcome.verdict().fails_over,
        };
        let mut expected = Vec::new();
        let mut at = 0;
        while let Some(report) = reports.get(at).filter(|_| asked[at]) {
            expected.push(chain[at].as_str());
            if ends(report) {
                break;
            }
            // It may leave out those after it.
            at = at.saturating_add(1).saturating_add(report.skips as usize);
        }
        let models: Vec<&str> = read.iter().map(|report| report.model.as_str()).collect();
        prop_assert_eq!(models, expected);
    }
}

/// Up to a second without a word is nothing; a longer time is quiet, and what ends it was made in
/// it.
#[test]
fn more_than_a_second_without_a_word_is_quiet() {
    for (ms, quiet) in [(999, 0), (1_000, 0), (1_001, 1_001)] {
        let mut report = Report::begin("gpt", 10_000);
        assert_eq!(report.quiet_since(10_000 + ms), quiet);
        report.text(7, 10_000 + ms);
        let ended = if quiet > 0 { 7 } else { 0 };
        assert_eq!((report.quiet.ms, report.quiet.ended), (quiet, ended), "{ms}");
        // And from the last word.
        assert_eq!(report.quiet_since(11_000 + ms), 0);
        report.text(5, 20_000 + ms);
        assert_eq!((report.quiet.ms, report.quiet.ended), (quiet + 10_000, ended + 5), "{ms}");
    }
}

/// An answer has begun with its first content, and when that was does not change.
#[test]
fn the_first_content_is_when_an_answer_begins() {
    let mut report = Report::begin("gpt", 10);
    assert_eq!((report.has_content(), report.word()), (false, "unanswered"));
    report.content(20);
    report.content(30);
    assert_eq!((report.has_content(), report.first_ms, report.word()), (true, 20, "cut"));
}

/// Of an answer that is stopped no more counts than was paid for, unless more is said than can be:
/// that is for whoever charges to see.
#[test]
fn what_came_beyond_the_bound_does_not_count() {
    let used = |output: u64, reasoning: u64| Used {
        reported: Some(Usage { output, reasoning, ..Usage::default() }),
        text_estimate: output,
        reasoning_estimate: reasoning,
    };
    let within = |output: u64, reasoning: u64| {
        let within = used(output, reasoning).within(100);
        let reported = within.reported.unwrap();
        ((reported.output, reported.reasoning), (within.text_estimate, within.reasoning_estimate))
    };
    assert_eq!(within(99, 99), ((99, 99), (99, 99)));
    assert_eq!(within(101, 101), ((100, 100), (100, 100)));
    // Twice as much and 64 more is believed.
    assert_eq!(within(264, 0), ((100, 0), (100, 0)));
    assert_eq!(within(0, 264), ((0, 100), (0, 100)));
    assert_eq!(within(265, 0), ((265, 0), (100, 0)));
    assert_eq!(within(0, 265), ((0, 265), (0, 100)));
}
