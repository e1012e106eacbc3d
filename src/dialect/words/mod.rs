//! The fields of a request, each once and under its own name.
//!
//! Readers of JSON differ. Of two equal keys some take the first and some the last; some take
//! `Model` or `maxTokens` for `model` and `max_tokens`; some end a key at its first NUL. What was
//! judged and paid for must be what is served, so a body that two servers would read in two ways
//! is refused. Only what a format's reader reads is looked at, and only where it reads: schemas,
//! arguments and labels hold keys of the app's own.
#[cfg(test)]
mod tests;

use super::Fault;
use crate::json::{At, Value};

/// The fields that a format's reader knows, at whatever depth.
#[derive(Debug)]
pub struct Words {
    words: Vec<Word>,
    /// By a hash of its folded name, the place of each word in `words`, counted from 1; the next
    /// free slot takes a word whose own is taken.
    slots: [u8; SLOTS],
}

/// Twice as many slots as there may be words, so that a search soon meets an empty one.
const SLOTS: usize = 256;

#[derive(Debug)]
struct Word {
    folded: Folded,
    name: &'static str,
    /// What it holds is the app's own, and is not looked into.
    free: bool,
}

/// Most letters of a folded name.
const WIDTH: usize = 24;

/// A name without what some readers do not see: case and separators. Eight letters to a number, so
/// that two names are compared at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Folded([u64; WIDTH / 8]);

impl Folded {
    /// The slot in which a search for this name begins.
    fn slot(self) -> u8 {
        let [first, second, third] = self.0;
        let mixed = first ^ second.rotate_left(21) ^ third.rotate_left(42);
        // 2^64 divided by the golden ratio: the topmost byte comes to depend on all others.
        let [.., top] = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
        top
    }
}

impl Words {
    /// The fields of those names; `free` are those among them whose values are the app's own.
    pub(super) fn new(names: &[&'static str], free: &[&str]) -> Self {
        let word = |name: &&'static str| {
            Some(Word { folded: fold(name)?, name, free: free.contains(name) })
        };
        let words: Vec<Word> = names.iter().filter_map(word).collect();
        let mut slots = [0; SLOTS];
        for (word, place) in words.iter().zip(1..=u8::MAX) {
            let free = places(word.folded).find(|slot| slots.get(*slot) == Some(&0));
            if let Some(slot) = free.and_then(|slot| slots.get_mut(slot)) {
                *slot = place;
            }
        }
        Self { words, slots }
    }

    /// The field that some reader takes a key for, and its place among the others.
    fn find(&self, key: &str) -> Option<(u32, &Word)> {
        let folded = fold(key)?;
        for slot in places(folded) {
            let place = self.slots.get(slot)?.checked_sub(1)?;
            let word = self.words.get(usize::from(place))?;
            if word.folded == folded {
                return Some((place.into(), word));
            }
        }
        None
    }
}

/// Every slot, from the one where a name belongs.
fn places(folded: Folded) -> impl Iterator<Item = usize> {
    let first = folded.slot();
    (0..=u8::MAX).map(move |step| usize::from(first.wrapping_add(step)))
}

/// A key as the most careless reader sees it; `None` for one that is longer than every name of ours
/// or has letters that none has.
///
/// Go, Java and .NET fold four letters beyond ASCII into ASCII ones: `ſ` (U+017F), the Kelvin sign
/// (U+212A), `ı` (U+0131) and `İ` (U+0130). Readers of Protobuf's JSON take `maxTokens` too.
fn fold(key: &str) -> Option<Folded> {
    let mut folded = Folded::default();
    let (mut word, mut shift) = (0_usize, 0_u32);
    for letter in key.chars() {
        let seen = match letter {
            '\0' => break,
            '_' | '-' => continue,
            '\u{17F}' => 's',
            '\u{212A}' => 'k',
            '\u{130}' | '\u{131}' => 'i',
            letter => letter.to_ascii_lowercase(),
        };
        let seen = u8::try_from(seen).ok().filter(u8::is_ascii)?;
        *folded.0.get_mut(word)? |= u64::from(seen).wrapping_shl(shift);
        (word, shift) =
            if shift == 56 { (word.saturating_add(1), 0) } else { (word, shift.wrapping_add(8)) };
    }
    Some(folded)
}

/// Refuses a request that could be read in two ways.
///
/// # Errors
/// The first field that stands twice, or under a name that only some take for it, with its path.
pub(super) fn check(root: Value<'_>, words: &Words) -> Result<(), Fault> {
    enter(root, words, &At::Root)
}

fn enter(value: Value<'_>, words: &Words, at: &At<'_>) -> Result<(), Fault> {
    for (index, item) in value.items().enumerate() {
        enter(item, words, &at.item(index))?;
    }
    // A bit for each word: no format has more than 128.
    let mut seen = 0_u128;
    for (key, member) in value.members() {
        let Some((index, word)) = words.find(&key) else { continue };
        if key != word.name {
            return Err(misspelt(at, &key, word.name));
        }
        let bit = 1_u128.checked_shl(index).unwrap_or_default();
        if seen & bit != 0 {
            return Err(Fault::field(at.key(word.name), "stands here twice: send it once"));
        }
        seen |= bit;
        if !word.free {
            enter(member, words, &at.key(word.name))?;
        }
    }
    Ok(())
}

/// Longest key that is shown, in characters.
const SHOWN: usize = 64;

fn misspelt(at: &At<'_>, key: &str, name: &str) -> Fault {
    let key: String = key.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let expected = format!("some servers read this as `{name}`: send `{name}`, spelt like that");
    Fault::field(at.key(&key), expected)
}
