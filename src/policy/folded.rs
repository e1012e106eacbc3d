//! A text as phrases are looked for in it, and what of a text nobody sees.

/// A text as phrases are looked for in it: in lower case, with plain apostrophes, without marks of
/// emphasis, its words apart by one space.
#[must_use]
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let before = folded.len();
        let plain = |c: char| match c {
            '`' | '\u{b4}' | '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{ff07}' => '\'',
            _ => c,
        };
        let chars = word.chars().filter(|c| !matches!(c, '*' | '_') && !is_unseen(*c));
        let own = chars.map(plain).flat_map(char::to_lowercase);
        folded.extend((before > 0).then_some(' ').into_iter().chain(own));
        // A word of marks alone is none.
        if before > 0 && folded.len() == before.saturating_add(1) {
            folded.truncate(before);
        }
    }
    folded
}

/// Characters that only change how others are shown, or are shown as nothing: from, to.
const UNSEEN: [(char, char); 16] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a character is one that nobody sees: a space among them.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    let is_listed = || UNSEEN.iter().any(|(from, to)| (*from..=*to).contains(&c));
    c.is_whitespace() || c.is_control() || (!c.is_ascii() && is_listed())
}
