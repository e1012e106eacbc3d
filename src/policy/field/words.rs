//! The words of messages: names shown safely, and what was expected instead of an unknown one.
use super::super::nearest::nearest;
use crate::order;

/// The longest text that is shown whole, in characters.
const SHOWN: usize = 64;

/// A text that is safe to print: without control characters, and not too long.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        out.push('…');
    }
    out
}

/// Names in backticks, parted by commas.
pub(in super::super) fn listed<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// The message for a word that is not one of the known ones.
#[must_use]
pub fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let mut sorted = known.to_vec();
    order::sort(&mut sorted);
    let expected = match sorted.as_slice() {
        [] => String::new(),
        [only] => format!(", expected `{only}`"),
        all => format!(", expected one of {}", listed(all.iter().copied())),
    };
    let meant = match nearest(word, known.iter().copied()).first() {
        Some(meant) if known.len() > 1 => format!("; did you mean `{meant}`?"),
        _ => String::new(),
    };
    format!("unknown {what} `{}`{expected}{meant}", shown(word))
}
