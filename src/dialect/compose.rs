//! Two changes of a body as one.
use super::splice::{Edit, Put};

/// The edits that do to a body what `first` and after them `second` do, which are for the body that
/// `first` has made. `None` where one of `second` is about a part of what `first` puts, or `first`
/// puts what is not known yet.
#[must_use]
pub fn composed(first: &[Edit], second: &[Edit]) -> Option<Vec<Edit>> {
    let mut out = Vec::with_capacity(first.len().saturating_add(second.len()));
    let mut before = first.iter().peekable();
    let mut moved = Moved::default();
    for Edit { at, put } in second {
        while let Some(own) = before.peek() {
            if moved.place(own)?.end > at.start {
                break;
            }
            moved.pass(own)?;
            out.extend(before.next().cloned());
        }
        let start = moved.back(at.start)?;
        while let Some(own) = before.peek() {
            let made = moved.place(own)?;
            if made.start >= at.end {
                break;
            }
            if made.start < at.start || made.end > at.end {
                return None;
            }
            moved.pass(own)?;
            before.next();
        }
        out.push(Edit { at: start..moved.back(at.end)?, put: put.clone() });
    }
    out.extend(before.cloned());
    Some(out)
}

/// By how much a place has moved so far.
#[derive(Default)]
struct Moved {
    gone: usize,
    put: usize,
}

impl Moved {
    /// Where what an edit puts stands in the body that it makes.
    fn place(&self, edit: &Edit) -> Option<core::ops::Range<usize>> {
        let Put::Text(text) = &edit.put else { return None };
        let start = edit.at.start.checked_add(self.put)?.checked_sub(self.gone)?;
        Some(start..start.checked_add(text.len())?)
    }

    fn pass(&mut self, edit: &Edit) -> Option<()> {
        self.gone = self.gone.checked_add(edit.at.len())?;
        self.put = self.put.checked_add(edit.put.text_bytes())?;
        Some(())
    }

    /// Where a place stood before.
    const fn back(&self, place: usize) -> Option<usize> {
        match place.checked_add(self.gone) {
            Some(place) => place.checked_sub(self.put),
            None => None,
        }
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use proptest::prelude::*;

    use super::composed;
    use crate::dialect::{Edit, Put, splice};

    /// Edits of a body of so many bytes, in order and apart.
    fn edits(length: usize, places: &[(usize, usize, usize)]) -> Vec<Edit> {
        let mut from = 0_usize;
        let mut edits = Vec::new();
        for (skip, gone, put) in places {
            let start = from.saturating_add(*skip);
            let end = start.saturating_add(*gone);
            if end > length {
                break;
            }
            let put = Put::Text("ABCDEFGH".chars().take(*put).collect());
            edits.push(Edit { at: start..end, put });
            from = end;
        }
        edits
    }

    fn places() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
        proptest::collection::vec((1_usize..5, 0_usize..5, 0_usize..4), 0..6)
    }

    proptest! {
        #[test]
        fn one_after_the_other_is_both_at_once(one in places(), two in places()) {
            let body = b"abcdefghijklmnopqrstuvwxyz";
            let first = edits(body.len(), &one);
            let made = splice(body, &first, "", None).unwrap();
            let second = edits(made.len(), &two);
            let expected = splice(&made, &second, "", None);
            if let Some(both) = composed(&first, &second) {
                prop_assert_eq!(splice(body, &both, "", None), expected);
            } else {
                prop_assert!(first.iter().any(|edit| edit.put.text_bytes() > 0));
            }
        }
    }
}
