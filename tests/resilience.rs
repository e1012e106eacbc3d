//! Records that the workers of a proxy share: bounded, and nobody loses another's.
#![cfg(not(target_family = "wasm"))]
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a helper that fails fails its test"
)]
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use tradewind::layout::{Reader, Writer};
use tradewind::port::Shared;
use tradewind::resilience::{Record, Records, Snapshot, UpdateError};

#[path = "support/breaker.rs"]
mod breaker;

/// Envoy's shared data.
#[derive(Default)]
struct Data {
    values: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    /// So many writes come too late: another worker was quicker.
    late: Cell<u32>,
}

impl Shared for Data {
    fn shared_data(&self, key: &str) -> (Vec<u8>, Option<u32>) {
        let values = self.values.borrow();
        values.get(key).map_or((Vec::new(), None), |(value, cas)| (value.clone(), Some(*cas)))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], unchanged: Option<u32>) -> bool {
        if self.late.get() > 0 {
            self.late.set(self.late.get() - 1);
            return false;
        }
        let mut values = self.values.borrow_mut();
        let before = values.get(key).map(|(_, cas)| *cas);
        if before != unchanged {
            return false;
        }
        values.insert(key.to_owned(), (value.to_vec(), before.unwrap_or(0) + 1));
        true
    }
}

impl Data {
    fn keys(&self) -> usize {
        self.values.borrow().len()
    }

    fn largest(&self) -> usize {
        self.values.borrow().values().map(|(value, _)| value.len()).max().unwrap_or(0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Purse {
    owner: String,
    credits: u64,
    debt: i64,
}

impl Record for Purse {
    const KIND: &'static str = "purse.1";

    fn write(&self, out: &mut Writer) {
        out.text(&self.owner);
        out.number(self.credits);
        out.signed(self.debt);
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            owner: fields.text()?.to_owned(),
            credits: fields.number()?,
            debt: fields.signed()?,
        })
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        self.credits > 0
    }
}

const START: u64 = 1_700_000_000_000;
const STALE: u64 = 7_200_001;

fn put(data: &Data, now: u64, name: &str, credits: u64) -> Result<(), UpdateError> {
    let purse = Purse { owner: name.to_owned(), credits, debt: -1 };
    Records::at(data, now).update(name, |_| Some((purse.clone(), ())))
}

fn credits(data: &Data, name: &str) -> Option<u64> {
    Records::at(data, START).read::<Purse>(name).map(|purse| {
        assert_eq!((purse.owner.as_str(), purse.debt), (name, -1), "it is its own record");
        purse.credits
    })
}

#[test]
fn ten_thousand_payers_keep_what_they_have() {
    let data = Data::default();
    for number in 0..10_000 {
        assert_eq!(put(&data, START, &format!("tenant-{number}\u{1f}\u{1f}"), number), Ok(()));
    }
    for number in 0..10_000 {
        assert_eq!(credits(&data, &format!("tenant-{number}\u{1f}\u{1f}")), Some(number));
    }
    assert_eq!(credits(&data, "tenant-10000\u{1f}\u{1f}"), None);
}

#[test]
fn memory_is_bounded_however_many_come() {
    let data = Data::default();
    for number in 0..80_000_u64 {
        // Each has credits, so that whoever comes late finds no place.
        let put = put(&data, START, &format!("{number:0>60}"), 1);
        assert!(matches!(put, Ok(()) | Err(UpdateError::Full)), "{put:?}");
    }
    assert!(data.keys() <= 4096, "{} keys", data.keys());
    assert!(data.largest() <= 4096, "a bucket of {} bytes", data.largest());
    assert_eq!(credits(&data, &format!("{:0>60}", 0)), Some(1), "who was first is still there");
}

#[test]
fn a_snapshot_shows_what_was_there_when_it_was_first_asked() {
    let data = Data::default();
    put(&data, START, "acme", 1).unwrap();
    let snapshot = Snapshot::of(&data);
    let credits = || snapshot.read::<Purse>("acme").map(|purse| purse.credits);
    assert_eq!((credits(), snapshot.read::<Purse>("globex")), (Some(1), None));
    put(&data, START, "acme", 2).unwrap();
    put(&data, START, "globex", 3).unwrap();
    assert_eq!((credits(), snapshot.read::<Purse>("globex")), (Some(1), None));
}

/// Names that share a bucket: so many of one place.
fn neighbours(count: usize) -> Vec<String> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for number in 0.. {
        let data = Data::default();
        let name = format!("n{number}");
        put(&data, START, &name, 1).unwrap();
        let key = data.values.borrow().keys().next().cloned().unwrap();
        let names = found.entry(key).or_default();
        names.push(name);
        if names.len() == count {
            return names.clone();
        }
    }
    Vec::new()
}

#[test]
fn the_least_recently_touched_gives_way_but_not_what_has_credits() {
    let names = neighbours(18);
    let data = Data::default();
    for (at, name) in (0..).zip(&names[..16]) {
        // The first two have credits, the third was touched first of the others.
        put(&data, START + at, name, u64::from(at < 2)).unwrap();
    }
    put(&data, START + 99, &names[16], 1).unwrap();
    assert_eq!(credits(&data, &names[0]), Some(1));
    assert_eq!(credits(&data, &names[2]), None, "it gave way");
    assert_eq!(credits(&data, &names[3]), Some(0));
    assert_eq!(credits(&data, &names[16]), Some(1));
    // A touch is what counts, not when it came.
    put(&data, START + 100, &names[3], 0).unwrap();
    put(&data, START + 101, &names[17], 0).unwrap();
    assert_eq!((credits(&data, &names[3]), credits(&data, &names[4])), (Some(0), None));
}

#[test]
fn where_all_have_credits_a_new_one_does_without_until_one_is_stale() {
    let names = neighbours(17);
    let data = Data::default();
    for name in &names[..16] {
        put(&data, START, name, 1).unwrap();
    }
    assert_eq!(put(&data, START, &names[16], 1), Err(UpdateError::Full));
    assert_eq!(put(&data, START + STALE - 1, &names[16], 1), Err(UpdateError::Full));
    // Its own record can be changed all the same.
    assert_eq!(put(&data, START + STALE - 1, &names[0], 2), Ok(()));
    assert_eq!(put(&data, START + STALE, &names[16], 1), Ok(()));
    assert_eq!(credits(&data, &names[16]), Some(1));
    assert_eq!(credits(&data, &names[0]), Some(2), "touched lately");
    let gone = names.iter().filter(|name| credits(&data, name).is_none()).count();
    assert_eq!(gone, 1);
}

#[test]
fn a_record_too_long_for_a_bucket_is_not_kept_and_takes_nobodys_place() {
    let data = Data::default();
    put(&data, START, "small", 0).unwrap();
    assert_eq!(put(&data, START, &"n".repeat(2100), 0), Err(UpdateError::Full));
    assert_eq!(put(&data, START, &"n".repeat(70_000), 0), Err(UpdateError::Full));
    assert_eq!(credits(&data, "small"), Some(0));
}

#[test]
fn a_change_is_tried_again_when_another_worker_was_quicker() {
    let data = Data::default();
    put(&data, START, "acme", 5).unwrap();
    let take = |data: &Data| {
        Records::at(data, START).update("acme", |purse: Option<Purse>| {
            let purse = purse?;
            let credits = purse.credits.checked_sub(1)?;
            Some((Purse { credits, ..purse }, credits))
        })
    };
    data.late.set(15);
    assert_eq!(take(&data), Ok(4));
    data.late.set(16);
    assert_eq!(take(&data), Err(UpdateError::Contended));
    data.late.set(0);
    assert_eq!(credits(&data, "acme"), Some(4), "nothing was taken that nobody got");
    put(&data, START, "acme", 0).unwrap();
    assert_eq!(take(&data), Err(UpdateError::Declined));
}

#[test]
fn what_somebody_else_wrote_is_no_record() {
    let data = Data::default();
    put(&data, START, "acme", 5).unwrap();
    let key = data.values.borrow().keys().next().cloned().unwrap();
    for junk in [&b""[..], b"acme", &[0xff; 64], &[0; 4096]] {
        data.values.borrow_mut().insert(key.clone(), (junk.to_vec(), 1));
        assert_eq!(credits(&data, "acme"), None, "{junk:?}");
        assert_eq!(put(&data, START, "acme", 6), Ok(()));
        assert_eq!(credits(&data, "acme"), Some(6));
    }
}

/// A kind of record with few places, each for a short time.
struct Mark;

impl Record for Mark {
    const KIND: &'static str = "mark.1";
    const BUCKETS: u64 = 1;
    const RECORDS_MAX: usize = 2;
    const STALE_MS: u64 = 10;
    const TRIES: u32 = 1;

    fn write(&self, out: &mut Writer) {
        out.number(0);
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        fields.number().map(|_| Self)
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        true
    }
}

#[test]
fn a_kind_may_have_bounds_of_its_own() {
    let data = Data::default();
    let mark = |now, name: &str| Records::at(&data, now).update(name, |_| Some((Mark, ())));
    assert_eq!((mark(START, "a"), mark(START, "b")), (Ok(()), Ok(())));
    assert_eq!(mark(START + 10, "c"), Err(UpdateError::Full));
    assert_eq!(mark(START + 11, "c"), Ok(()));
    assert_eq!(data.keys(), 1, "they share one bucket");
    data.late.set(1);
    assert_eq!(mark(START + 11, "c"), Err(UpdateError::Contended));
}
