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

/// The body with its edits made; none when an edit does not fit the body.
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
