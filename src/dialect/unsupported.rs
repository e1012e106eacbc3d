//! Fields of a request that a format cannot say, or a model does not take.
use core::fmt;
use std::borrow::Cow;

/// The path of a field as the app writes it: `logit_bias`, `messages[0].name`.
pub type Field = Cow<'static, str>;

/// A field of a request that a provider cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsupportedField {
    /// The field, as the app wrote it.
    pub field: Field,
    /// Why not.
    pub reason: Reason,
}

/// Why a provider cannot be told a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// In words: "is not offered by this provider", "must be at most 1 there".
    pub text: &'static str,
    /// Whether the field only advises how to answer: without it the answer is still one to what was
    /// asked, so the field is left out and named, and the model serves the request.
    pub is_advice: bool,
    /// Whether it is this model that does not take the field, as its name tells: its provider would
    /// refuse the field in an app's own body as well.
    pub of_model: bool,
}

impl Reason {
    /// Of a field without which the answer would not be one to what was asked.
    pub(super) const fn demand(text: &'static str) -> Self {
        Self { text, is_advice: false, of_model: false }
    }

    /// Of a field that only advises.
    pub(super) const fn advice(text: &'static str) -> Self {
        Self { text, is_advice: true, of_model: false }
    }

    /// The same, where a model known by its name has it.
    pub(super) const fn of_model(self, known: bool) -> Self {
        Self { of_model: known, ..self }
    }

    /// The same, of that field.
    pub(super) fn of(self, field: impl Into<Field>) -> UnsupportedField {
        UnsupportedField { field: field.into(), reason: self }
    }
}

impl fmt::Display for UnsupportedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.reason.text)
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
