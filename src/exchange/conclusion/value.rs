//! JSON as a digest that is the same however it is written: whatever the spaces, the order of
//! members and the form of numbers.
use super::Called;
use super::digest::Digest;
use crate::json::{Document, Kind, Limits, Value, number};
use crate::order;

/// The digest of a text that is an object or an array; `None` for any other text. There is none of
/// an object that has a name twice: who reads it may take the one or the other.
pub(super) fn of(text: &str) -> Option<Option<u64>> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let document = Document::parse(text.as_bytes(), Limits::lenient()).ok()?;
    Some(digest(document.root()))
}

/// The digest of calls, whatever their order: they may be made at once. `None` where their names
/// and arguments have more bytes than that.
pub(super) fn calls<'c>(calls: impl Iterator<Item = Called<'c>>, most: usize) -> Option<u64> {
    let (mut sum, mut count, mut bytes) = (0_u64, 0_u64, 0_usize);
    for Called { name, arguments } in calls {
        bytes = bytes.saturating_add(name.len()).saturating_add(arguments.len());
        if bytes > most {
            return None;
        }
        let arguments = arguments.trim();
        // A function without arguments is called with none by some.
        let arguments = if arguments.is_empty() { "{}" } else { arguments };
        let own =
            of(arguments).flatten().unwrap_or_else(|| Digest::of("raw").text(arguments).finish());
        sum = sum.wrapping_add(Digest::of("call").text(name).number(own).finish());
        count = count.saturating_add(1);
    }
    Some(Digest::of("calls").number(sum).number(count).finish())
}

fn digest(value: Value<'_>) -> Option<u64> {
    Some(match value.kind() {
        Kind::Object => {
            let (mut sum, mut count) = (0_u64, 0_u64);
            let mut names: Vec<_> = value.members().map(|(key, _)| key).collect();
            order::sort(&mut names);
            if names.windows(2).any(|two| two.first() == two.last()) {
                return None;
            }
            for (key, value) in value.members() {
                let own = Digest::of("member").text(&key).number(digest(value)?).finish();
                (sum, count) = (sum.wrapping_add(own), count.saturating_add(1));
            }
            Digest::of("object").number(sum).number(count).finish()
        }
        Kind::Array => {
            let mut items = value.items().map(digest);
            let all = items.try_fold(Digest::of("array"), |all, own| Some(all.number(own?)));
            all?.finish()
        }
        Kind::Number => {
            let plain = number::plain(value);
            let plain = plain.as_deref().unwrap_or(value.raw());
            Digest::of("number").text(if plain == "-0" { "0" } else { plain }).finish()
        }
        Kind::String => Digest::of("string").text(&value.as_str().unwrap_or_default()).finish(),
        _ => Digest::of("word").text(value.raw()).finish(),
    })
}
