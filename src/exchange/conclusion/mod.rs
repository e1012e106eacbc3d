//! What an answer comes to, in a form in which two answers can be compared.
//!
//! Two models never use the same words, and yet may say the same. Only a final answer with a form
//! is compared: calls of functions, JSON, a letter of a choice, a number, one block of code, a few
//! words. Where an answer marks its end (`\boxed{}`, `####`, "the answer is"), that counts; where
//! its marks contradict each other, where it has none and is long, it is prose, which agrees with
//! nothing. In doubt two answers do not agree: that costs a request to another model, the opposite
//! a wrong answer.
mod block;
mod digest;
mod ending;
mod marked;
mod number;
mod piece;
#[cfg(test)]
mod tests;
mod unit;
mod value;

use self::digest::Digest;
use self::marked::Marked;
use self::piece::Piece;
use crate::layout::{Reader, Writer};

/// Most bytes of an answer's text, or of its calls, that are read: 256 KiB. A longer answer is
/// prose. Each of them is looked at a fixed number of times.
const BYTES_MAX: usize = 256 << 10;

/// What an answer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conclusion {
    /// Its form.
    pub kind: Kind,
    /// A digest of it.
    value: u64,
    /// A digest of what stands beside it, a unit, the words of a choice or a block's language; 0
    /// for nothing.
    detail: u64,
}

/// The form of a conclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Calls of functions.
    Calls,
    /// An object or an array: the whole text, or its one block.
    Json,
    /// One of the letters A to J.
    Choice,
    /// A number, perhaps with a unit.
    Number,
    /// The text's one block of code.
    Code,
    /// A few words.
    Text,
    /// Nothing that can be compared.
    Prose,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Calls, Self::Json, Self::Choice, Self::Number, Self::Code, Self::Text, Self::Prose];

    /// Its name in the access log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Json => "json",
            Self::Choice => "choice",
            Self::Number => "number",
            Self::Code => "code",
            Self::Text => "text",
            Self::Prose => "prose",
        }
    }
}

/// A call of a function.
#[derive(Debug, Clone, Copy)]
pub struct Called<'c> {
    /// The function's name.
    pub name: &'c str,
    /// Its arguments, as JSON.
    pub arguments: &'c str,
}

impl Conclusion {
    /// Nothing that can be compared.
    pub const PROSE: Self = Self { kind: Kind::Prose, value: 0, detail: 0 };

    /// What an answer comes to that says this text and calls these functions. Beside a call the
    /// text does not count.
    #[must_use]
    pub fn of<'c>(text: &str, calls: impl Iterator<Item = Called<'c>>) -> Self {
        let mut calls = calls.peekable();
        if calls.peek().is_some() {
            let called = value::calls(calls, BYTES_MAX);
            return called.map_or(Self::PROSE, |value| Self::plain(Kind::Calls, value));
        }
        let text = text.trim();
        if text.is_empty() || text.len() > BYTES_MAX {
            return Self::PROSE;
        }
        let json =
            |value: Option<u64>| value.map_or(Self::PROSE, |own| Self::plain(Kind::Json, own));
        if let Some(value) = value::of(text) {
            return json(value);
        }
        let blocks = block::split(text);
        if let Some(value) = blocks.only.and_then(|only| value::of(only.trim())) {
            return json(value);
        }
        let said = match marked::read(&blocks.outside) {
            Marked::Apart => return Self::PROSE,
            // Words beside code say of the code what it is.
            Marked::Once(Piece::Words(_)) | Marked::Not if blocks.count > 0 => None,
            Marked::Once(piece) => Some(piece),
            Marked::Not => {
                let said = Piece::whole(text).or_else(|| ending::read(text));
                said.or_else(|| Piece::words(text))
            }
        };
        match (said, blocks.only) {
            (Some(said), _) => said.into(),
            (None, Some(only)) => Self {
                kind: Kind::Code,
                value: block::code(only),
                detail: block::language(blocks.language),
            },
            (None, None) => Self::PROSE,
        }
    }

    const fn plain(kind: Kind, value: u64) -> Self {
        Self { kind, value, detail: 0 }
    }

    /// Whether it can be compared with another.
    #[must_use]
    pub fn is_comparable(&self) -> bool {
        self.kind != Kind::Prose
    }

    /// Whether two answers come to the same. Where only one of them has a unit, or the words beside
    /// the letter of a choice, or says its language, that is no difference.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let same = self.kind == other.kind && self.value == other.value;
        let beside = self.detail == other.detail || self.detail == 0 || other.detail == 0;
        same && beside && self.is_comparable()
    }

    /// A digest for logs; `None` for prose. Answers with the same one agree; others may, where one
    /// has a unit and the other none.
    #[must_use]
    pub fn digest(&self) -> Option<u64> {
        let digest = Digest::of(self.kind.name()).number(self.value).number(self.detail);
        self.is_comparable().then(|| digest.finish())
    }

    /// Writes it into a record.
    pub(super) fn write(self, out: &mut Writer) {
        out.text(self.kind.name());
        out.number(self.value);
        out.number(self.detail);
    }

    /// Reads it from a record.
    pub(super) fn read(fields: &mut Reader<'_>) -> Option<Self> {
        let name = fields.text()?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
        Some(Self { kind, value: fields.number()?, detail: fields.number()? })
    }
}

impl From<Piece> for Conclusion {
    fn from(piece: Piece) -> Self {
        match piece {
            Piece::Letter { letter, words } => {
                Self { kind: Kind::Choice, value: u64::from(letter), detail: words }
            }
            Piece::Number { value, unit } => Self { kind: Kind::Number, value, detail: unit },
            Piece::Words(value) => Self { kind: Kind::Text, value, detail: 0 },
        }
    }
}
