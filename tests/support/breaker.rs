//! A breaker that several workers keep: whatever they do in whatever order, a model that is left
//! alone is left alone by all.
use proptest::prelude::*;
use tradewind::resilience::{Breaker, Change, Known, OpenedBy, Rate, Records, Rule, Sign, Stand};

use super::Data;

const RULE: Rule = Rule {
    failures: 3,
    rate: None,
    window_ms: 30_000,
    open_ms: 1_000,
    most_ms: 8_000,
    observe: false,
};

/// A model that workers ask, and what they know of it.
#[derive(Default)]
struct World {
    data: Data,
    now_ms: u64,
    /// When those began that are under way.
    running: Vec<u64>,
}

impl World {
    fn at(now_ms: u64) -> Self {
        Self { now_ms, ..Self::default() }
    }

    fn records(&self) -> Records<'_> {
        Records::at(&self.data, self.now_ms)
    }

    fn breaker(&self) -> Breaker {
        self.records().read("model").unwrap_or_default()
    }

    fn stand(&self) -> Stand {
        self.breaker().stand(self.now_ms, &RULE)
    }

    /// Whether a request is let through.
    fn begins(&mut self) -> bool {
        let through = match self.stand() {
            Stand::Closed => true,
            Stand::Open => false,
            Stand::HalfOpen { .. } => {
                let tried = |own: Breaker| own.tried(self.now_ms, &RULE);
                Breaker::update(self.records(), "model", &tried).is_some()
            }
        };
        self.running.extend(through.then_some(self.now_ms));
        through
    }

    /// An attempt that began then ends.
    fn tells(&self, sign: Sign, began_ms: u64) -> Option<Change> {
        let heard = |own: Breaker| own.heard(sign, began_ms, self.now_ms, &RULE);
        Breaker::update(self.records(), "model", &heard)
    }

    /// The same of one that has just begun.
    fn tells_now(&self, sign: Sign) -> Option<Change> {
        self.tells(sign, self.now_ms)
    }
}

const FAILED: Sign = Sign::Failed { cut: false };

#[test]
fn nothing_is_written_while_all_is_well() {
    let world = World::at(5);
    for _ in 0..100 {
        assert_eq!(world.tells_now(Sign::Well), None);
    }
    assert_eq!(world.data.keys(), 0);
}

#[test]
fn those_that_are_under_way_when_it_opens_open_it_once() {
    let mut world = World::at(10);
    (0..50).for_each(|_| assert!(world.begins()));
    world.now_ms = 400;
    let running = core::mem::take(&mut world.running);
    let changes: Vec<Change> = running.iter().filter_map(|at| world.tells(FAILED, *at)).collect();
    let opened = Change::Opened(OpenedBy::Failures, 1_000);
    assert_eq!(changes, [Change::Counted, Change::Counted, opened]);
}

#[test]
fn one_of_fifty_tries_it_and_the_time_doubles_to_the_longest() {
    let mut world = World::at(10);
    (0..3).for_each(|_| assert!(world.tells_now(FAILED).is_some()));
    for expected in [1_000, 2_000, 4_000, 8_000, 8_000] {
        world.now_ms = world.breaker().until_ms() - 1;
        assert!((0..50).all(|_| !world.begins()), "{expected}");
        world.now_ms += 1;
        assert_eq!((0..50).filter(|_| world.begins()).count(), 1, "{expected}");
        // Nothing is heard of it: another one is let through.
        world.now_ms += RULE.open_ms;
        assert_eq!((0..50).filter(|_| world.begins()).count(), 1, "{expected}");
        let next = (expected * 2).min(8_000);
        assert_eq!(world.tells_now(FAILED), Some(Change::Opened(OpenedBy::Probe, next)));
    }
    world.now_ms = world.breaker().until_ms();
    assert!(world.begins());
    assert_eq!(world.tells_now(Sign::Well), Some(Change::Closed));
    assert!((0..50).all(|_| world.begins()));
}

#[test]
fn a_wait_that_is_asked_for_later_counts_while_it_is_open() {
    let mut world = World::at(100);
    world.tells(Sign::Busy { wait_ms: Some(500) }, 50);
    assert_eq!(world.breaker().until_ms(), 600);
    world.now_ms = 200;
    for (wait_ms, until_ms) in [(300, 600), (2_000, 2_200), (1_000, 2_200), (u64::MAX, 8_200)] {
        world.tells(Sign::Busy { wait_ms: Some(wait_ms) }, 60);
        assert_eq!(world.breaker().until_ms(), until_ms);
    }
    // What began before it closed and asks for one then says what is known to be over.
    world.now_ms = 8_300;
    assert_eq!(world.tells_now(Sign::Well), Some(Change::Closed));
    world.now_ms = 8_400;
    assert_eq!(world.tells(Sign::Busy { wait_ms: Some(700) }, 8_200), None);
}

#[test]
fn a_wait_that_is_asked_for_makes_no_later_one_longer() {
    let mut world = World::at(100);
    for _ in 0..4 {
        let change = world.tells_now(Sign::Busy { wait_ms: Some(500) });
        assert_eq!(change, Some(Change::Opened(OpenedBy::Wait, 500)));
        world.now_ms = world.breaker().until_ms();
        assert!(world.begins());
    }
    assert_eq!(world.tells_now(FAILED), Some(Change::Opened(OpenedBy::Probe, 1_000)));
}

#[test]
fn by_whose_word_it_is_left_alone_is_known() {
    let mut world = World::at(100);
    (0..3).for_each(|_| assert!(world.tells_now(FAILED).is_some()));
    let known = |world: &World| world.breaker().known(world.now_ms);
    assert_eq!(known(&world), Known::Guessed);
    // Somebody asks all the same: it is open for no longer, and yet it has said when.
    assert_eq!(world.tells_now(Sign::Busy { wait_ms: Some(500) }), Some(Change::Counted));
    assert_eq!((known(&world), world.breaker().until_ms()), (Known::Asked, 1_100));
    assert_eq!(world.tells_now(FAILED), None);
    world.now_ms = 600;
    assert_eq!(known(&world), Known::Guessed);
    world.now_ms = 1_100;
    assert!(world.tells_now(Sign::Gone(OpenedBy::Unpaid)).is_some());
    assert_eq!(known(&world), Known::Gone);
    world.now_ms = world.breaker().until_ms();
    assert_eq!(known(&world), Known::Guessed, "its time is over");
}

#[test]
fn a_share_counts_of_enough_requests_and_of_no_longer_than_the_window() {
    let rule = Rule {
        failures: 1_000,
        rate: Some(Rate { parts: 500_000, requests: 10 }),
        window_ms: 1_000,
        ..RULE
    };
    let mut own = Breaker::default();
    let mut tell = |sign: Sign, now_ms: u64| {
        let change = own.heard(sign, now_ms, now_ms, &rule);
        own = change.map_or(own, |(own, _)| own);
        change.map(|(_, change)| change)
    };
    for now_ms in 1..=9 {
        assert_eq!(tell(FAILED, now_ms), Some(Change::Counted));
    }
    // Five of those are forgotten by then, and all of them later.
    for now_ms in 2_000..2_009 {
        assert_eq!(tell(FAILED, now_ms), Some(Change::Counted), "{now_ms}");
    }
    assert_eq!(tell(FAILED, 2_400), Some(Change::Opened(OpenedBy::Rate, 1_000)));
    assert_eq!(tell(Sign::Well, 3_400), Some(Change::Closed));
    // Those that are well count from the first failure on.
    (0..100).for_each(|_| assert_eq!(tell(Sign::Well, 3_500), None));
    assert_eq!(tell(FAILED, 3_501), Some(Change::Counted));
    (0..9).for_each(|_| assert_eq!(tell(Sign::Well, 3_502), Some(Change::Counted)));
    (0..7).for_each(|_| assert_eq!(tell(FAILED, 3_503), Some(Change::Counted)));
    assert_eq!(tell(FAILED, 3_504), Some(Change::Opened(OpenedBy::Rate, 1_000)));
}

#[derive(Debug, Clone)]
enum Step {
    Passes(u64),
    Begins,
    Ends(prop::sample::Index, Sign),
}

fn step() -> impl Strategy<Value = Step> {
    let sign = prop_oneof![
        4 => Just(FAILED),
        2 => Just(Sign::Well),
        1 => (1_u64..20_000).prop_map(|ms| Sign::Busy { wait_ms: Some(ms) }),
        1 => Just(Sign::Busy { wait_ms: None }),
        1 => Just(Sign::Gone(OpenedBy::KeyRefused)),
        1 => Just(Sign::Failed { cut: true }),
    ];
    prop_oneof![
        3 => (0_u64..2_000).prop_map(Step::Passes),
        5 => Just(Step::Begins),
        5 => (any::<prop::sample::Index>(), sign).prop_map(|(at, sign)| Step::Ends(at, sign)),
    ]
}

proptest! {
    #[test]
    fn whatever_workers_do_a_model_that_is_left_alone_is_left_alone(
        steps in prop::collection::vec(step(), 1..200),
        late in 0_u32..8,
    ) {
        let mut world = World::at(1);
        let (mut probe_ms, mut streak) = (None, 0_u32);
        for step in steps {
            match step {
                Step::Passes(ms) => world.now_ms += ms,
                Step::Begins => {
                    world.data.late.set(late);
                    let stand = world.stand();
                    let through = world.begins();
                    match stand {
                        Stand::Closed => prop_assert!(through),
                        Stand::Open => prop_assert!(!through),
                        Stand::HalfOpen { tried } => {
                            prop_assert_eq!(through, !tried);
                            let since = probe_ms.map(|at| world.now_ms - at);
                            prop_assert!(!through || since.is_none_or(|ms| ms >= RULE.open_ms));
                            probe_ms = if through { Some(world.now_ms) } else { probe_ms };
                        }
                    }
                }
                Step::Ends(at, sign) => {
                    if world.running.is_empty() {
                        continue;
                    }
                    let began_ms = world.running.swap_remove(at.index(world.running.len()));
                    let (before, stand) = (world.breaker(), world.stand());
                    world.data.late.set(late);
                    let change = world.tells(sign, began_ms);
                    streak = match (change, sign) {
                        (Some(Change::Counted), Sign::Failed { .. }) => streak + 1,
                        (Some(_), _) => 0,
                        (None, _) => streak,
                    };
                    prop_assert!(u64::from(streak) < RULE.failures);
                    if let Some(Change::Opened(_, ms)) = change {
                        probe_ms = None;
                        prop_assert!(stand != Stand::Open && ms <= RULE.most_ms);
                        prop_assert_eq!(world.breaker().until_ms(), world.now_ms + ms);
                    }
                    if change.is_none() {
                        prop_assert_eq!(world.breaker(), before);
                    }
                    probe_ms = probe_ms.filter(|_| world.stand() != Stand::Closed);
                }
            }
            prop_assert!(world.breaker().until_ms() <= world.now_ms + RULE.most_ms);
        }
    }
}
