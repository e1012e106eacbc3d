//! Things put in order, by one sort for all kinds of them.
//!
//! The standard library's sorts are compiled anew for each kind of item and of key, at four
//! kilobytes each. The module has some thirty, mostly of lists that are short or in order already.
use core::cmp::Ordering;

/// Puts items in order. Equal ones stay as they are.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, Ord::cmp);
}

/// Puts items in the order of their keys. Those of equal keys stay as they are.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |one, other| key(one).cmp(&key(other)));
}

fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    if items.is_sorted_by(|one, other| compare(one, other).is_le()) {
        return;
    }
    let mut places = places(items.len(), &|one, other| match (items.get(one), items.get(other)) {
        (Some(one), Some(other)) => compare(one, other),
        _ => Ordering::Equal,
    });
    // Each swap brings one item to its place.
    for at in 0..items.len() {
        while let Some(to) = places.get(at).copied().filter(|to| *to != at) {
            items.swap(at, to);
            places.swap(at, to);
        }
    }
}

/// Where each of so many items belongs.
fn places(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_by(|one, other| compare(*one, *other));
    let mut places = vec![0; len];
    for (to, from) in order.into_iter().enumerate() {
        if let Some(place) = places.get_mut(from) {
            *place = to;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use crate::order::{sort, sort_by_key};

    #[test]
    fn items_are_where_the_usual_sort_puts_them() {
        for len in 0..60_u32 {
            for seed in 0..8_u32 {
                let mixed = |at: u32| (at + seed).wrapping_mul(2_654_435_761) >> 24;
                let items: Vec<(u32, u32)> = (0..len).map(|at| (mixed(at) % 7, at)).collect();
                let (mut own, mut usual) = (items.clone(), items.clone());
                sort_by_key(&mut own, |item| item.0);
                usual.sort_by_key(|item| item.0);
                assert_eq!(own, usual, "equal ones stay as they are");
                own.reverse();
                sort(&mut own);
                usual.sort();
                assert_eq!(own, usual);
            }
        }
    }
}
