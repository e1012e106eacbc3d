//! What workers take of one subject at the same time, and how many subjects are remembered.
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::shown::Left;
use super::{Grant, share};
use crate::decide::Claim;
use crate::policy::{Policy, Rate, RateBy};
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
}

impl Shared for Data {
    fn shared_data(&self, key: &str) -> (Vec<u8>, Option<u32>) {
        let values = self.values.borrow();
        values.get(key).map_or((Vec::new(), None), |(value, cas)| (value.clone(), Some(*cas)))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        if let Some(other) = self.other.take() {
            let let_through = asks(self, &other, NOW) == ["allowed", "allowed"];
            self.others.set(self.others.get().saturating_add(usize::from(let_through)));
        }
        let mut values = self.values.borrow_mut();
        let before = values.get(key).map(|(_, cas)| *cas);
        if before != version {
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
    let share = share(claim, (10, 0), records, &mut Left::default());
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
fn however_many_sessions_there_are_no_tenant_is_forgotten_for_them() {
    let (data, rules) = (Data::default(), rules(&[]));
    let tenant = claim("acme", RateBy::Tenant, &rules);
    while !asks(&data, &tenant, NOW).is_empty() {}
    for number in 0..80_000 {
        asks(&data, &claim(&format!("session-{number}"), RateBy::Session, &rules), NOW);
    }
    assert!(asks(&data, &tenant, NOW).is_empty());
    // Nor does one who comes later find no place.
    for number in 0..10_000 {
        let tenant = claim(&format!("tenant-{number}"), RateBy::Tenant, &rules);
        assert_eq!(asks(&data, &tenant, NOW), ["allowed", "allowed"]);
    }
}
