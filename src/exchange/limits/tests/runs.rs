//! What becomes of a subject while a request of it runs, and at the request's end.
use std::rc::Rc;

use super::{Data, NOW, busy, claim, rules, running};
use crate::credit::Credits;
use crate::decide::{Claim, Need};
use crate::exchange::limits::record::Subject;
use crate::exchange::limits::shown::Left;
use crate::exchange::limits::used::Used;
use crate::exchange::limits::{Share, Tabs, Taken};
use crate::policy::{Limit, Policy, RateBy, Session};
use crate::port::{Clock, Random, Shared};
use crate::resilience::Records;

/// A host at that time.
struct At<'d>(&'d Data, u64);

impl Clock for At<'_> {
    fn now_ms(&self) -> u64 {
        self.1
    }

    fn unix_seconds(&self) -> u64 {
        self.1 / 1000
    }
}

impl Random for At<'_> {
    fn unique(&self) -> u64 {
        0
    }
}

impl Shared for At<'_> {
    fn shared_data(&self, key: &str) -> (Vec<u8>, Option<u32>) {
        self.0.shared_data(key)
    }

    fn set_shared_data(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        self.0.set_shared_data(key, value, version)
    }
}

/// A session of a policy of the corpus, with these caps, that is idle after a minute.
fn capped(caps: &str, estimate: u64) -> Claim {
    let policy = include_str!("../../../../tests/corpus/exchange/policy/session.json");
    let usual = "\"requests\": 3, \"credits\": \"0.01\", \"seconds\": 600, \"idle\": \"10m\"";
    assert!(policy.contains(usual));
    let policy = policy.replace(usual, &format!("{caps}, \"idle\": \"60s\""));
    let caps: Rc<Session> =
        Rc::clone(Policy::from_json(policy.as_bytes()).unwrap().session().unwrap());
    let estimate = Credits::of_micros(estimate).unwrap();
    Claim { caps: Some((caps, estimate)), ..claim("session", RateBy::Session, &[]) }
}

/// A request at that time, on a worker that knows nothing alone; `None` where it is refused.
fn enters(data: &Data, claim: &Claim, now_ms: u64) -> Option<Share> {
    busy((&Tabs::default(), Records::at(data, now_ms)), claim)
}

/// It is over at that time, and has cost so much.
fn ends(data: &Data, share: &Share, cost: u64, now_ms: u64) {
    let worker = (&Tabs::default(), Records::at(data, now_ms));
    if share.is_open() {
        share.correct((Used::default(), cost), worker, false);
    }
}

/// What the worker owes that a request of these shares runs on.
fn runs_on(shares: Vec<Share>, tabs: &Tabs) -> Taken {
    Taken { shares, need: Need::default(), left: Left::default(), tabs: tabs.clone() }
}

#[test]
fn a_session_whose_requests_each_take_longer_than_it_may_be_idle_comes_to_its_end() {
    let (data, claim) = (Data::default(), capped("\"requests\": 3", 0));
    let mut now_ms = NOW;
    let mut ran = 0;
    while let Some(share) = enters(&data, &claim, now_ms) {
        assert!(ran < 3, "it loops for ever");
        ran += 1;
        now_ms += 61_000;
        ends(&data, &share, 0, now_ms);
    }
    assert_eq!(ran, 3);
    assert!(enters(&data, &claim, now_ms + 59_999).is_none());
    assert!(enters(&data, &claim, now_ms + 119_999).is_some(), "it has rested");
}

#[test]
fn a_session_is_not_idle_while_a_request_of_it_runs() {
    let (data, claim) = (Data::default(), capped("\"requests\": 2", 0));
    let tabs = Tabs::default();
    let first = enters(&data, &claim, NOW).unwrap();
    let mut taken = runs_on(vec![first], &tabs);
    for second in 1..=300 {
        taken.renew(&At(&data, NOW + second * 1000));
    }
    assert!(data.calls.get() <= 50, "{}", data.calls.get());
    assert!(enters(&data, &claim, NOW + 300_000).is_some(), "the second of two");
    assert!(enters(&data, &claim, NOW + 301_000).is_none());
}

#[test]
fn what_a_request_has_cost_counts_in_the_session_that_it_has_entered() {
    let (data, claim) = (Data::default(), capped("\"credits\": \"0.001\"", 900));
    let first = enters(&data, &claim, NOW).unwrap();
    // Its worker has stopped for a while, and nobody has heard of it.
    let anew = enters(&data, &claim, NOW + 60_000).unwrap();
    ends(&data, &first, 0, NOW + 61_000);
    assert!(enters(&data, &claim, NOW + 62_000).is_none(), "900 of 1,000 are taken");
    ends(&data, &anew, 50, NOW + 63_000);
    assert!(enters(&data, &claim, NOW + 64_000).is_some());
}

#[test]
fn what_apps_name_makes_room_for_others_even_where_it_was_forgotten_while_it_ran() {
    let words = [("1000}", "1000}, {\"concurrent\": 10}")];
    let (data, rules) = (Data::default(), rules(&words));
    for (by, of_apps) in [(RateBy::User, true), (RateBy::Session, true), (RateBy::Tenant, false)] {
        let (claim, tabs) = (claim("own", by, &rules), Tabs::default());
        let written = |now_ms| {
            let subject: Subject = Records::at(&data, now_ms).read("own").unwrap();
            subject.of_apps
        };
        let share = busy((&tabs, Records::at(&data, NOW)), &claim).unwrap();
        data.values.borrow_mut().clear();
        let mut taken = runs_on(vec![share], &tabs);
        taken.renew(&At(&data, NOW + 10_000));
        assert_eq!(written(NOW + 10_000), of_apps, "{by:?} runs");
        data.values.borrow_mut().clear();
        let worker = (&tabs, Records::at(&data, NOW + 11_000));
        taken.shares[0].correct((Used { all: 50, output: Some(40) }, 0), worker, false);
        assert_eq!(written(NOW + 11_000), of_apps, "{by:?} is over");
        data.values.borrow_mut().clear();
    }
}

#[test]
fn a_place_is_counted_once_where_others_write_when_it_is_heard_of() {
    let words = [("1000}", "1000}, {\"concurrent\": 600}")];
    let (data, mut rules) = (Data::default(), rules(&words));
    rules.retain(|own| matches!(own.limit, Limit::Concurrent(_)));
    let (claim, tabs) = (claim("acme", RateBy::Tenant, &rules), Tabs::default());
    let asks = |now_ms| busy((&tabs, Records::at(&data, now_ms)), &claim).unwrap();
    let mut taken = runs_on((0..4).map(|_| asks(NOW)).collect(), &tabs);
    // The worker had stopped for so long that all of them were taken for lost.
    let later = NOW + 50_000;
    let last = asks(later);
    data.busy.set(true);
    taken.renew(&At(&data, later + 1));
    data.busy.set(false);
    taken.renew(&At(&data, later + 1_000));
    tabs.tell(&At(&data, later + 1_000));
    let known = || {
        let subject: Subject = Records::at(&data, later + 1_000).read("acme").unwrap();
        subject.known(rules[0].id).map_or(0, |own| own.slots.running(later + 1_000))
    };
    assert_eq!(known(), 5);
    let worker = (&tabs, Records::at(&data, later + 2_000));
    for own in taken.shares.iter().chain([&last]) {
        own.correct((Used::default(), 0), worker, false);
    }
    assert_eq!(running(&Records::at(&data, NOW).read("acme").unwrap_or_default(), &rules[0]), 0);
}
