//! Values are found until others take their places, and never outgrow what there is for them.
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Found, Name, Places, SMALL};
use crate::port::Shared;

/// What a proxy's workers share.
#[derive(Default)]
struct Data {
    values: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    /// How often somebody has read and written.
    calls: Cell<(u32, u32)>,
}

impl Data {
    fn bytes(&self) -> usize {
        self.values.borrow().values().map(|(value, _)| value.len()).sum()
    }
}

impl Shared for Data {
    fn shared_data(&self, key: &str) -> (Vec<u8>, Option<u32>) {
        let (reads, writes) = self.calls.get();
        self.calls.set((reads.wrapping_add(1), writes));
        let all = self.values.borrow();
        all.get(key).map_or((Vec::new(), None), |(value, cas)| (value.clone(), Some(*cas)))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        let before = self.values.borrow().get(key).map(|(_, cas)| *cas);
        before == version && self.put_shared_data(key, value)
    }

    fn put_shared_data(&self, key: &str, value: &[u8]) -> bool {
        let (reads, writes) = self.calls.get();
        self.calls.set((reads, writes.wrapping_add(1)));
        let mut all = self.values.borrow_mut();
        let before = all.get(key).map_or(0, |(_, cas)| *cas);
        all.insert(key.to_owned(), (value.to_vec(), before.wrapping_add(1)));
        true
    }
}

fn find(places: &Places, data: &Data, name: Name) -> Option<Found> {
    places.find(data, name).0
}

/// As a request does whose answer is not there yet.
fn put(places: &Places, data: &Data, name: Name, at_ms: u64, value: &[u8]) -> bool {
    let (_, spot) = places.find(data, name);
    places.put(data, (name, spot), at_ms, value)
}

/// A name whose halves have nothing to do with each other.
fn name(of: u64) -> Name {
    let mixed = |of: u64| {
        let of = (of ^ (of >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (of ^ (of >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 7
    };
    [mixed(of.wrapping_add(1)), mixed(of.wrapping_mul(77).wrapping_add(12345))]
}

fn value(of: u64, length: usize) -> Vec<u8> {
    vec![u8::try_from(of % 251).unwrap_or_default(); length]
}

#[test]
fn a_value_of_any_length_is_found_until_another_takes_its_place() {
    let (places, data) = (Places::of(1 << 20, 64 << 10), Data::default());
    for length in [0, 1, SMALL - 64, SMALL - 63, 5_000, 20_000, 64 << 10] {
        let own = name(u64::try_from(length).unwrap());
        assert_eq!(find(&places, &data, own), None);
        assert!(put(&places, &data, own, 7, &value(9, length)), "{length}");
        let found = find(&places, &data, own).unwrap();
        assert_eq!((found.at_ms, found.value()), (7, &*value(9, length)));
        assert!(put(&places, &data, own, 8, b"new"));
        assert_eq!(
            find(&places, &data, own).map(|own| own.value().to_vec()),
            Some(b"new".to_vec())
        );
    }
    assert!(!put(&places, &data, name(1), 7, &value(1, (64 << 10) + 1)), "longer than any may be");
}

/// Each call of the host costs a microsecond, and as much again where it brings much.
#[test]
fn a_short_value_is_found_by_one_read_and_written_by_one_write() {
    let (places, data) = (Places::of(1 << 20, 64 << 10), Data::default());
    let calls = || data.calls.take();
    let own = name(1);
    let (_, spot) = places.find(&data, own);
    assert_eq!(calls(), (1, 0));
    assert!(places.put(&data, (own, spot), 7, b"short"));
    assert_eq!(calls(), (0, 1));
    assert!(places.find(&data, own).0.is_some());
    assert_eq!(calls(), (1, 0));
    assert!(places.put(&data, (own, spot), 7, &value(1, 20_000)));
    assert_eq!(calls(), (0, 2));
    assert!(places.find(&data, own).0.is_some());
    assert_eq!(calls(), (2, 0));
}

#[test]
fn long_values_leave_short_ones_alone() {
    let (places, data) = (Places::of(1 << 20, 64 << 10), Data::default());
    let short: Vec<Name> = (0..40).map(name).collect();
    short.iter().for_each(|own| assert!(put(&places, &data, *own, 1, b"short")));
    (100..140).for_each(|of| {
        put(&places, &data, name(of), 2, &value(of, 60 << 10));
    });
    let found = short.iter().filter(|own| find(&places, &data, **own).is_some()).count();
    // Of 256 small places 40 long ones take one each, of which few are another's.
    assert!(found >= 36, "{found}");
    let long = (100..140).filter(|of| find(&places, &data, name(*of)).is_some()).count();
    assert!((1..=8).contains(&long), "{long}");
}

#[test]
fn of_two_places_the_older_value_goes() {
    let places = Places { small: 2, large: Vec::new(), max_entry: 100 };
    let data = Data::default();
    let names = [[0, 1], [2, 3], [4, 5]];
    names.iter().zip([10, 20, 30]).for_each(|(own, at_ms)| {
        assert!(put(&places, &data, *own, at_ms, b"x"));
    });
    let found = names.map(|own| find(&places, &data, own).is_some());
    assert_eq!(found, [false, true, true]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_outgrows_its_bound_and_nobody_is_given_anothers(
        puts in prop::collection::vec((0_u64..300, 0_usize..80_000), 1..400),
        (bytes, entry) in (20_u32..22, 10_u32..17),
    ) {
        let (max_bytes, max_entry) = (1_u64 << bytes, 1_u64 << entry);
        let (places, data) = (Places::of(max_bytes, max_entry), Data::default());
        let mut last = BTreeMap::new();
        for (at, (of, length)) in puts.into_iter().enumerate() {
            let at_ms = u64::try_from(at).unwrap();
            if put(&places, &data, name(of), at_ms, &value(of ^ at_ms, length)) {
                last.insert(of, (at_ms, length));
            }
            prop_assert!(u64::try_from(data.bytes()).unwrap() <= max_bytes);
        }
        for of in 0..300 {
            let Some(found) = find(&places, &data, name(of)) else { continue };
            // What was written last under a name, or nothing.
            let (at_ms, length) = last[&of];
            prop_assert_eq!(found.at_ms, at_ms);
            prop_assert_eq!(found.value(), &*value(of ^ at_ms, length));
        }
    }
}
