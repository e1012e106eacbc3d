//! A body that stays as the app wrote it, but for a few places.
use core::ops::Range;

/// One place of a body that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go.
    pub at: Range<usize>,
    /// What takes their place.
    pub put: Put,
}

/// What is put into a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// The provider's name of the model, as a JSON string.
    Model,
    /// This text, which is JSON in its place.
    Text(String),
    /// The most tokens of the answer, where they are bound.
    Bound {
        /// What stands before the number.
        before: String,
        /// What stands after it.
        after: String,
        /// What is put where they are not bound.
        without: String,
    },
}

impl Put {
    /// The bytes of text that it carries.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Model => 0,
            Self::Text(text) => text.len(),
            Self::Bound { before, after, without } => {
                before.len().saturating_add(after.len()).saturating_add(without.len())
            }
        }
    }
}

/// The body with its edits made; `None` when an edit does not fit the body.
///
/// `edits` are in order and do not overlap. `model` is a JSON string, quotes included; `bound` is
/// the most tokens of the answer.
#[must_use]
pub fn splice(body: &[u8], edits: &[Edit], model: &str, bound: Option<u64>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len().saturating_add(64));
    let mut from = 0_usize;
    for Edit { at, put } in edits {
        out.extend_from_slice(body.get(from..at.start)?);
        match (put, bound) {
            (Put::Model, _) => out.extend_from_slice(model.as_bytes()),
            (Put::Text(text), _) | (Put::Bound { without: text, .. }, None) => {
                out.extend_from_slice(text.as_bytes());
            }
            (Put::Bound { before, after, .. }, Some(bound)) => {
                out.extend_from_slice(format!("{before}{bound}{after}").as_bytes());
            }
        }
        from = at.end;
    }
    out.extend_from_slice(body.get(from..)?);
    Some(out)
}

/// The same edits for the body that [`splice`] has made of another, with the same `model` and
/// `bound`: another model's name and bound take the places of those. `None` where the edits are in
/// no order.
#[must_use]
pub fn rebased(edits: &[Edit], model: &str, bound: Option<u64>) -> Option<Vec<Edit>> {
    let (mut from, mut to) = (0_usize, 0_usize);
    let mut moved = Vec::with_capacity(edits.len());
    for Edit { at, put } in edits {
        let start = to.checked_add(at.start.checked_sub(from)?)?;
        let length = match (put, bound) {
            (Put::Model, _) => model.len(),
            (Put::Text(text), _) | (Put::Bound { without: text, .. }, None) => text.len(),
            (Put::Bound { before, after, .. }, Some(bound)) => {
                let digits = usize::try_from(bound.checked_ilog10().unwrap_or(0)).ok()?;
                before.len().checked_add(digits)?.checked_add(1)?.checked_add(after.len())?
            }
        };
        let end = start.checked_add(length)?;
        moved.push(Edit { at: start..end, put: put.clone() });
        (from, to) = (at.end, end);
    }
    Some(moved)
}

#[cfg(test)]
mod tests {
    use super::{Edit, Put, rebased, splice};

    /// A body that was written for one model is written for another as the app's own would be.
    #[test]
    fn what_was_changed_for_one_model_is_changed_for_another() {
        let body = br#"{"model":"auto","n":1,"max_tokens":5,"x":[1,2]}"#;
        let bound = |before: &str, after: &str, without: &str| Put::Bound {
            before: before.to_owned(),
            after: after.to_owned(),
            without: without.to_owned(),
        };
        let edit = |start: usize, end: usize, put: Put| Edit { at: start..end, put };
        let edits = [
            edit(1, 1, Put::Text(r#""u":true,"#.to_owned())),
            edit(1, 1, bound(r#""most":"#, ",", "")),
            edit(9, 15, Put::Model),
            edit(35, 36, bound("", "", "5")),
            edit(42, 44, Put::Text(String::new())),
        ];
        let bounds = [None, Some(0), Some(9), Some(10), Some(u64::MAX)];
        let all = ["\"a\"", "\"claude-opus-4-1\""].map(|model| bounds.map(|bound| (model, bound)));
        let all: Vec<(&str, Option<u64>)> = all.into_iter().flatten().collect();
        for (model, bound) in &all {
            let first = splice(body, &edits, model, *bound).unwrap_or_default();
            let moved = rebased(&edits, model, *bound).unwrap_or_default();
            for (other, most) in &all {
                let again = splice(&first, &moved, other, *most);
                assert_eq!(again, splice(body, &edits, other, *most), "{model} {other} {most:?}");
                assert!(again.is_some());
            }
        }
    }

    #[test]
    fn edits_in_no_order_are_not_moved() {
        let edit = |start: usize, end: usize| Edit { at: start..end, put: Put::Model };
        assert_eq!(rebased(&[edit(5, 6), edit(1, 2)], "m", None), None);
    }
}
