//! What workers take of one subject at the same time, and how many subjects are remembered.
mod runs;
mod size;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::record::Subject;
use super::shown::Left;
use super::used::Used;
use super::{Grant, Share, Tabs, longest, share};
use crate::decide::{Claim, Tokens};
use crate::policy::{Limit, Policy, Rate, RateBy};
use crate::port::Shared;
use crate::resilience::Records;

/// Envoy's shared data.
#[derive(Default)]
struct Data {
    values: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    /// The claim of another worker, which comes between a read and a write.
    other: RefCell<Option<Claim>>,
    /// How often the other one was let through.
    others: Cell<usize>,
    /// How often anything was read or written.
    calls: Cell<usize>,
    /// Whether others write at each try.
    busy: Cell<bool>,
}

impl Shared for Data {
    fn shared_data(&self, key: &str) -> (Vec<u8>, Option<u32>) {
        self.calls.update(|calls| calls.saturating_add(1));
        let values = self.values.borrow();
        values.get(key).map_or((Vec::new(), None), |(value, cas)| (value.clone(), Some(*cas)))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        self.calls.update(|calls| calls.saturating_add(1));
        if let Some(other) = self.other.take() {
            let let_through = asks(self, &other, NOW) == ["allowed", "allowed"];
            self.others.set(self.others.get().saturating_add(usize::from(let_through)));
        }
        let mut values = self.values.borrow_mut();
        let before = values.get(key).map(|(_, cas)| *cas);
        if before != version || self.busy.get() {
            return false;
        }
        values.insert(key.to_owned(), (value.to_vec(), before.unwrap_or(0).saturating_add(1)));
        true
    }
}

/// The rules of a policy of the corpus, with some of its words replaced.
fn rules(words: &[(&str, &str)]) -> Vec<Rc<Rate>> {
    let policy = include_str!("../../../tests/corpus/exchange/policy/rate.json").to_owned();
    let policy = words.iter().fold(policy, |policy, (from, to)| policy.replace(from, to));
    Policy::from_json(policy.as_bytes()).unwrap().rates().to_vec()
}

fn claim(subject: &str, by: RateBy, rules: &[Rc<Rate>]) -> Claim {
    let (subject, rules) = (subject.to_owned(), rules.to_vec());
    Claim { subject, by, shown: String::new(), rules, caps: None }
}

const NOW: u64 = 1_700_000_000_000;

/// What came of a request of ten tokens by each rule; none where it is refused.
fn asks(data: &Data, claim: &Claim, now_ms: u64) -> Vec<&'static str> {
    let records = Records::at(data, now_ms);
    let tokens = Tokens { input: 10, ..Tokens::default() };
    let share = share(claim, tokens, (&Tabs::default(), records), &mut Left::default());
    share.map_or_else(|_| Vec::new(), |own| own.grants.iter().map(Grant::word).collect())
}

#[test]
fn workers_together_let_through_what_one_would() {
    let words = [("\"burst\": 2", "\"burst\": 500"), ("\"burst\": 1000", "\"burst\": 4999")];
    let (data, rules) = (Data::default(), rules(&words));
    let claim = || claim("acme", RateBy::Tenant, &rules);
    let mut own = 0;
    // At 4,999 tokens a request of ten is refused before the requests are used up.
    for turn in 0..800 {
        // One in three finds that another worker was quicker, and takes of what that one left.
        data.other.replace((turn % 3 == 0).then(claim));
        own += usize::from(asks(&data, &claim(), NOW) == ["allowed", "allowed"]);
    }
    assert!(data.others.get() > 100);
    assert_eq!(own + data.others.get(), 499);
}

#[test]
fn ten_thousand_subjects_are_remembered_in_bounded_memory() {
    let (data, rules) = (Data::default(), rules(&[]));
    let asks = |number: usize, now| {
        asks(&data, &claim(&format!("{number:0>32}"), RateBy::Tenant, &rules), now)
    };
    for number in 0..10_000 {
        assert_eq!(asks(number, NOW), ["allowed", "allowed"]);
        assert_eq!(asks(number, NOW), ["allowed", "allowed"]);
    }
    assert!((0..10_000).all(|number| asks(number, NOW).is_empty()), "nobody was forgotten");
    // Far more: whoever finds no place is let through, and nobody who has one loses it.
    let untracked = |own: Vec<_>| own == ["untracked", "untracked"];
    let far_more = (10_000..70_000).filter(|number| untracked(asks(*number, NOW))).count();
    assert!((1..20_000).contains(&far_more), "{far_more}");
    assert!((0..10_000).all(|number| asks(number, NOW).is_empty()), "they keep their places");
    let bytes: usize = data.values.borrow().values().map(|(value, _)| value.len()).sum();
    assert!(bytes < 16 << 20, "{bytes}");
    // Once their limits are whole again they make room for others.
    let later = NOW + 60_000;
    assert!((70_000..90_000).all(|number| asks(number, later) == ["allowed", "allowed"]));
}

#[test]
fn however_many_users_and_sessions_there_are_no_tenant_is_forgotten_for_them() {
    let (data, rules) = (Data::default(), rules(&[]));
    let tenant = claim("acme", RateBy::Tenant, &rules);
    while !asks(&data, &tenant, NOW).is_empty() {}
    for number in 0..80_000 {
        let by = if number % 2 == 0 { RateBy::Session } else { RateBy::User };
        let own = asks(&data, &claim(&format!("own-{number}"), by, &rules), NOW);
        assert_eq!(own, ["allowed", "allowed"], "one that apps name finds a place as well");
    }
    assert!(asks(&data, &tenant, NOW).is_empty());
    // Nor does one who comes later find no place.
    for number in 0..10_000 {
        let tenant = claim(&format!("tenant-{number}"), RateBy::Tenant, &rules);
        assert_eq!(asks(&data, &tenant, NOW), ["allowed", "allowed"]);
    }
}

/// How many run by a rule.
fn running(subject: &Subject, rule: &Rate) -> u64 {
    subject.known(rule.id).map_or(0, |own| own.slots.running(NOW))
}

/// A request of a busy tenant on one of several workers, and what it makes of it.
fn busy(worker: (&Tabs, Records<'_>), claim: &Claim) -> Option<Share> {
    let tokens = Tokens { input: 10, output: 20, unknown: 20 };
    share(claim, tokens, worker, &mut Left::default()).ok()
}

#[test]
fn far_from_its_limits_a_subject_is_asked_for_once_in_a_while() {
    let words =
        [("\"burst\": 2", "\"burst\": 100000"), ("1000}", "1000000}, {\"concurrent\": 1000}")];
    let (data, rules) = (Data::default(), rules(&words));
    let (claim, tabs) = (claim("acme", RateBy::Tenant, &rules), Tabs::default());
    let (mut shares, used) = (Vec::new(), Used { all: 25, output: Some(15) });
    for turn in 0..1_000_u64 {
        let worker = (&tabs, Records::at(&data, NOW + turn / 100));
        shares.push(busy(worker, &claim).unwrap());
        if shares.len() > 2 {
            shares.remove(0).correct((used, 0), worker, false);
        }
    }
    let calls = data.calls.get();
    assert!(calls <= 20, "{calls} calls for a thousand requests");
    let worker = (&tabs, Records::at(&data, NOW + 10));
    shares.iter().for_each(|own| own.correct((used, 0), worker, false));
    // Who has heard of all of it knows what one who is asked every time would know.
    tabs.tell_at(worker.1);
    let subject: Subject = worker.1.read("acme").unwrap();
    assert_eq!((subject.answers, subject.usual_output), (1_000, 15));
    let mut left = Left::default();
    left.note(&subject, &rules, NOW + 10);
    let flowed = 1;
    assert_eq!(left.rests(), [Some(99_000), Some(1_000_000 - 25_000 + flowed)]);
    assert!(rules.iter().all(|rule| running(&subject, rule) == 0));
}

#[test]
fn workers_that_know_something_alone_let_through_what_there_is() {
    let words = [("60, \"per\": \"minute\", \"burst\": 2", "1, \"per\": \"day\", \"burst\": 2000")];
    let (data, mut rules) = (Data::default(), rules(&words));
    rules.retain(|own| matches!(own.limit, Limit::Requests(_)));
    let claim = claim("acme", RateBy::Tenant, &rules);
    for in_a_row in 1..5 {
        let workers = [(); 4].map(|()| Tabs::default());
        data.values.borrow_mut().clear();
        let mut turns = workers.iter().flat_map(|own| [own].repeat(in_a_row)).cycle();
        let through = (0..6_000_u64).filter(|number| {
            let records = Records::at(&data, NOW + number / 40);
            busy((turns.next().unwrap(), records), &claim).is_some()
        });
        let through = through.count();
        assert!((2_000..=2_020).contains(&through), "{through}");
    }
}

#[test]
fn what_is_untold_is_told_with_what_is_not_slight() {
    let words = [("1000}", "1000}, {\"concurrent\": 600}")];
    let (data, mut rules) = (Data::default(), rules(&words));
    rules.retain(|own| matches!(own.limit, Limit::Concurrent(_)));
    let claim = claim("acme", RateBy::Tenant, &rules);
    let (one, other) = (Tabs::default(), Tabs::default());
    let told = |count: u64| {
        let subject: Subject = Records::at(&data, NOW).read("acme").unwrap();
        assert_eq!(running(&subject, &rules[0]), count);
    };
    let records = Records::at(&data, NOW);
    let mut shares: Vec<_> = (0..3).map(|_| busy((&one, records), &claim).unwrap()).collect();
    told(1);
    shares.push(busy((&one, records), &claim).unwrap());
    told(4);
    // What another worker has written meanwhile stays.
    shares.push(busy((&other, records), &claim).unwrap());
    told(5);
    shares.push(busy((&one, records), &claim).unwrap());
    one.tell_at(records);
    told(6);
    // A worker that has heard nothing of it for long tells each end at once.
    let later = Records::at(&data, NOW + 1_000);
    for (left, own) in (0..6).rev().zip(shares) {
        own.correct((Used::default(), 0), (&one, later), false);
        told(left);
    }
}

/// The tokens of a request whose app sets no bound.
const FREE: Tokens = Tokens { input: 10, output: 32_000, unknown: 1000 };

/// Those of one whose app sets that bound.
const fn bound(most: u64) -> Tokens {
    Tokens { input: 10, output: most, unknown: most }
}

/// A tenant that may use ten thousand tokens at once, and no more for a day.
struct Tenant {
    data: Data,
    claim: Claim,
}

impl Tenant {
    fn new() -> Self {
        let words = [("6000, \"per\": \"minute\"", "1, \"per\": \"day\""), ("1000}", "10000}")];
        let mut rules = rules(&words);
        rules.retain(|own| matches!(own.limit, Limit::Tokens(_)));
        Self { data: Data::default(), claim: claim("acme", RateBy::Tenant, &rules) }
    }

    fn records(&self) -> Records<'_> {
        Records::at(&self.data, NOW)
    }

    /// Those of two hundred requests that run at once.
    fn burst(&self, tokens: Tokens) -> Vec<Share> {
        let tabs = Tabs::default();
        let worker = (&tabs, self.records());
        let asks = |_| share(&self.claim, tokens, worker, &mut Left::default()).ok();
        (0..200).filter_map(asks).collect()
    }

    /// They are over: answers of so many tokens.
    fn end(&self, shares: &[Share], output: u64) {
        let used = Used { all: output.saturating_add(10), output: Some(output) };
        let worker = (&Tabs::default(), self.records());
        shares.iter().for_each(|own| own.correct((used, 0), worker, false));
    }

    /// A request after the other.
    fn learn(&self, answers: usize, output: u64) {
        for _ in 0..answers {
            let worker = (&Tabs::default(), self.records());
            let own = share(&self.claim, FREE, worker, &mut Left::default()).unwrap();
            self.end(&[own], output);
        }
    }
}

#[test]
fn requests_that_run_hold_what_they_may_use() {
    for (known, output, tokens, at_once) in [
        // Nobody knows: a thousand tokens each, or the app's own bound.
        (0, 0, FREE, 9),
        (0, 0, bound(500), 19),
        (0, 0, bound(32_000), 1),
        // As many as have shown what is usual count with that, and others as before.
        (1, 490, FREE, 9),
        (19, 290, bound(500), 14),
        (20, 1, FREE, 29),
        (20, 1, bound(500), 38),
        (20, 1, bound(32_000), 20),
        (10, 490, FREE, 10),
    ] {
        let tenant = Tenant::new();
        tenant.learn(known, output);
        let shares = tenant.burst(tokens);
        assert_eq!(shares.len(), at_once, "{known} {output} {tokens:?}");
    }
}

#[test]
fn what_is_held_too_much_is_there_again() {
    let tenant = Tenant::new();
    let mut ran = 0;
    loop {
        let shares = tenant.burst(FREE);
        if shares.is_empty() {
            break;
        }
        ran += shares.len();
        tenant.end(&shares, 40);
    }
    assert_eq!(ran, 200, "ten thousand tokens are two hundred times fifty");
}

#[test]
fn one_that_runs_alone_has_all_that_is_left() {
    let tenant = Tenant::new();
    // Answers that nobody has heard to their end show nothing.
    let first = tenant.burst(bound(32_000));
    let used = Used { all: 9_000, output: None };
    let worker = (&Tabs::default(), tenant.records());
    first.iter().for_each(|own| own.correct((used, 0), worker, false));
    assert_eq!(tenant.burst(bound(32_000)).len(), 1);
}

#[test]
fn what_is_usual_rises_at_once_and_falls_slowly() {
    let mut subject = Subject::default();
    let mut learn = |output| {
        subject.learn(output);
        subject.usual_output
    };
    assert_eq!([100, 10, 10, 5_000].map(&mut learn), [100, 88, 78, 5_000]);
    assert!((0..8).all(|_| learn(0) > 1_700), "eight shorter ones leave a third");
    assert!((0..70).map(|_| learn(7)).last() == Some(7));
}

/// An app that came again when one of them has room would be refused by the other.
#[test]
fn of_several_subjects_that_refuse_the_one_is_told_that_does_so_for_longest() {
    let data = Data::default();
    let minutes = rules(&[]);
    let hours = rules(&[("minute", "hour")]);
    let (short, long) = (claim("a", RateBy::User, &minutes), claim("b", RateBy::Tenant, &hours));
    let tokens = Tokens { input: 10, ..Tokens::default() };
    for one in [&short, &long] {
        while !asks(&data, one, NOW).is_empty() {}
    }
    let records = Records::at(&data, NOW);
    for order in [[&short, &long], [&long, &short]] {
        let [first, second] = order;
        let mut left = Left::default();
        let Err(no) = share(first, tokens, (&Tabs::default(), records), &mut left) else {
            panic!("there is room")
        };
        let (told, _) = longest((first, no), [second].into_iter(), tokens, &mut left, records);
        assert_eq!(told.subject, "b");
    }
}
