//! Fields of a request that a format cannot say.
use core::fmt;
use std::borrow::Cow;

/// The path of a field as the app writes it: `logit_bias`, `messages[0].name`.
pub type Field = Cow<'static, str>;

/// A field of a request that a provider cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsupportedField {
    /// The field, as the app wrote it.
    pub field: Field,
    /// Why not: "is not offered by this provider", "must be at most 1 there".
    pub reason: &'static str,
}

impl fmt::Display for UnsupportedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.reason)
    }
}

/// Most fields that are remembered of each kind: enough to say why no other format will do, and
/// no more than a response header may hold.
const FIELDS: usize = 16;

/// Whether there may be more of these fields than are remembered.
#[must_use]
pub const fn is_full(fields: &[Field]) -> bool {
    fields.len() >= FIELDS
}

/// Longest path of a field that is remembered, in characters. An app may make a key of a megabyte.
const PATH: usize = 200;

/// Remembers the path of a field, as long as there are not too many.
pub(super) fn note(fields: &mut Vec<Field>, at: impl ToString) {
    if fields.len() < FIELDS {
        let mut path = at.to_string();
        if let Some((end, _)) = path.char_indices().nth(PATH) {
            path.truncate(end);
            path.push('…');
        }
        fields.push(Field::Owned(path));
    }
}
