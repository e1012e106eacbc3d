//! What an answer has said, for one that is compared with another's.
use crate::layout::{Reader, Writer};

/// What is heard of an answer while it passes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hearing {
    /// Nothing: nobody compares it.
    #[default]
    Nothing,
    /// What it comes to.
    Conclusion,
    /// That, and what it says.
    Words,
}

/// What an answer has said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Bytes of its text and its calls.
    pub bytes: u64,
    /// Why it ended, in a word; empty where its provider has not said.
    pub finish: String,
    /// The kind of what it comes to; empty where more was said than is kept.
    pub kind: String,
    /// A digest of that: answers with the same one come to the same. `None` for prose, too.
    pub digest: Option<u64>,
    /// Its words, where these are asked for and not too many.
    pub words: Option<Words>,
}

/// The words of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Its text.
    pub text: String,
    /// The functions that it calls, each with its arguments.
    pub calls: Vec<(String, String)>,
}

const KINDS: [Hearing; 3] = [Hearing::Nothing, Hearing::Conclusion, Hearing::Words];

impl Hearing {
    pub(super) fn write(self, out: &mut Writer) {
        let place = KINDS.iter().position(|own| *own == self);
        out.number(place.and_then(|place| u64::try_from(place).ok()).unwrap_or_default());
    }

    pub(super) fn read(fields: &mut Reader<'_>) -> Option<Self> {
        KINDS.get(usize::try_from(fields.number()?).ok()?).copied()
    }
}

impl Said {
    pub(super) fn write(&self, out: &mut Writer) {
        out.number(self.bytes);
        out.text(&self.finish);
        out.text(&self.kind);
        out.option(self.digest, Writer::number);
        out.option(self.words.as_ref(), |out, words| {
            out.text(&words.text);
            out.list(&words.calls, |out, (name, arguments)| {
                out.text(name);
                out.text(arguments);
            });
        });
    }

    pub(super) fn read(fields: &mut Reader<'_>) -> Option<Self> {
        let text = |fields: &mut Reader<'_>| fields.text().map(str::to_owned);
        Some(Self {
            bytes: fields.number()?,
            finish: text(fields)?,
            kind: text(fields)?,
            digest: fields.option(Reader::number)?,
            words: fields.option(|fields| {
                let call = |fields: &mut Reader<'_>| {
                    Some((fields.text()?.to_owned(), fields.text()?.to_owned()))
                };
                Some(Words { text: fields.text()?.to_owned(), calls: fields.list(call)? })
            })?,
        })
    }
}
