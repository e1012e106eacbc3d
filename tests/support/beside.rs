//! JSON beside serde_json: the same texts are JSON, and hold the same values.
use serde_json::Value as Theirs;
use tradewind::json::{Document, Kind, Limits, Value};

/// As deep as serde_json reads.
pub(crate) const DEPTH: Limits = Limits { depth: 127, lone_surrogates: false, unread: &[] };

/// The same, and nobody reads what stands at these names.
pub(crate) const UNREAD: Limits = Limits { unread: &["u", "\u{e9}"], ..DEPTH };

/// Whether a value is what serde_json made of the same text.
pub(crate) fn same(ours: Value<'_>, theirs: &Theirs) -> bool {
    match theirs {
        Theirs::Null => ours.is_null() && ours.kind() == Kind::Null,
        Theirs::Bool(value) => ours.as_bool() == Some(*value),
        Theirs::Number(number) => {
            // serde_json's doubles are off by a unit or two in the last place.
            let near = |a: f64, b: f64| (a - b).abs() <= (a.abs() * 1e-15).max(1e-322);
            ours.as_u64() == number.as_u64()
                && ours.as_f64().zip(number.as_f64()).is_some_and(|(a, b)| near(a, b))
        }
        Theirs::String(text) => ours.as_str().is_some_and(|own| own == *text) && ours.is(text),
        Theirs::Array(items) => {
            ours.is_array()
                && ours.items().count() == items.len()
                && ours.items().zip(items).all(|(ours, theirs)| same(ours, theirs))
        }
        Theirs::Object(members) => {
            ours.is_object()
                && ours.members().all(|(key, _)| members.contains_key(&*key))
                && members
                    .iter()
                    .all(|(key, theirs)| ours.get(key).is_some_and(|ours| same(ours, theirs)))
        }
    }
}

/// What differs between the two.
pub(crate) fn agree(bytes: &[u8]) -> Result<(), String> {
    let theirs: Result<Theirs, _> = serde_json::from_slice(bytes);
    let good = match (Document::parse(bytes, DEPTH), &theirs) {
        (Ok(ours), Ok(theirs)) => same(ours.root(), theirs),
        (Err(ours), Err(_)) => {
            let before = bytes.get(..ours.offset);
            before.is_some_and(|before| ours.line == before.split(|b| *b == b'\n').count())
        }
        // Ours keeps a number's text; theirs makes a double of it.
        (Ok(_), Err(theirs)) => theirs.to_string().contains("out of range"),
        (Err(_), Ok(_)) => false,
    };
    let ours = Document::parse(bytes, DEPTH).map(|ours| ours.root().raw().to_owned());
    if good { Ok(()) } else { Err(format!("{ours:?}, which serde_json reads as {theirs:?}")) }
}

/// Whether a text is JSON or not, whoever reads what of it.
pub(crate) fn one_verdict(bytes: &[u8]) -> bool {
    let verdict = |limits| Document::parse(bytes, limits).map(drop);
    verdict(UNREAD) == verdict(DEPTH)
}
