//! How many subjects are remembered that are under many rules.
use std::rc::Rc;

use super::{Data, NOW, asks, claim, rules};
use crate::exchange::limits::record::Subject;
use crate::layout::Writer;
use crate::policy::{Limit, Rate, RateBy};
use crate::resilience::Record;

/// So many rules that count tokens.
fn many(count: u64) -> Vec<Rc<Rate>> {
    let rules = rules(&[]);
    let tokens = rules.iter().find(|own| matches!(own.limit, Limit::Tokens(_))).unwrap();
    let rule = |id| {
        let mut own = Rate::clone(tokens);
        own.id = id;
        Rc::new(own)
    };
    (0..count).map(rule).collect()
}

/// How many subjects there is room for that are under so many rules, while requests run that were
/// heard of in each stretch that counts. A tenant's name may have 24 characters.
fn room(rules: u64) -> usize {
    let mut subject = Subject::default();
    for rule in 0..rules {
        let bucket = subject.bucket(rule).unwrap();
        bucket.fill_at(u64::MAX, NOW);
        for later_ms in [0, 10_000, 20_000, 30_000] {
            bucket.slots.take(NOW.saturating_add(later_ms));
        }
    }
    let mut out = Writer::default();
    subject.write(&mut out);
    let bytes = out.finish().len().saturating_add(16 + 24 + 17);
    let places = Subject::BYTES_MAX.div_euclid(bytes).min(Subject::RECORDS_MAX);
    places.saturating_mul(usize::try_from(Subject::BUCKETS).unwrap())
}

#[test]
fn as_many_are_remembered_as_the_policy_says() {
    let found = [1, 4, 5, 12, 32].map(room);
    assert_eq!(found, [65_536, 65_536, 61_440, 28_672, 8_192]);
}

#[test]
fn ten_thousand_subjects_under_twelve_rules_are_remembered() {
    let (data, rules) = (Data::default(), many(12));
    for number in 0..10_000 {
        let claim = claim(&format!("{number:0>41}"), RateBy::Tenant, &rules);
        assert_eq!(asks(&data, &claim, NOW), ["allowed"; 12], "{number}");
    }
    let bytes: usize = data.values.borrow().values().map(|(value, _)| value.len()).sum();
    assert!(bytes < 32 << 20, "{bytes}");
}
