//! The answer that a text marks as its answer.
use super::Conclusion;
use super::block::BLOCK;
use super::piece::{After, PIECE_MAX, Piece};

/// What a text marks as its answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Marked {
    /// Nothing.
    Not,
    /// One answer, perhaps more than once.
    Once(Piece),
    /// Several that are not the same, or a list.
    Apart,
}

/// The box of TeX that answers stand in.
const BOX: &str = r"\boxed{";
/// The mark of a last line that is the answer, as in collections of sums.
const HASHES: &str = "####";

/// Most marks of a text that are read: what follows each may be read several times. A text of more
/// is a list, or says one thing over and over.
const MARKS_MAX: usize = 100;

/// What may stand between a mark and the answer, on one line.
const BETWEEN: [char; 5] = [' ', '\t', '*', '_', '`'];

/// Reads the marks of a text: boxes, or else a last line, or else words.
pub(super) fn read(text: &str) -> Marked {
    let text = text.trim_end();
    match boxes(text) {
        Marked::Not => last_line(text).map_or_else(|| words(text), Marked::Once),
        found => found,
    }
}

impl Marked {
    /// With one more.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Apart, _) | (_, Self::Apart) => Self::Apart,
            (own, Self::Not) | (Self::Not, own) => own,
            (Self::Once(own), Self::Once(other)) => {
                let (one, two) = (Conclusion::from(own), Conclusion::from(other));
                match one.agrees_with(&two) {
                    false => Self::Apart,
                    // The one that says more counts.
                    true => Self::Once(if one.detail > 0 { own } else { other }),
                }
            }
        }
    }
}

fn boxes(text: &str) -> Marked {
    let (mut found, mut rest) = (Marked::Not, text);
    for _ in 0..=MARKS_MAX {
        let Some((_, after)) = rest.split_once(BOX) else { return found };
        rest = after;
        let Some(inside) = closed(after) else { continue };
        rest = after.get(inside.len()..).unwrap_or_default();
        if let Some(piece) = Piece::boxed(inside) {
            found = found.and(Marked::Once(piece));
        }
    }
    Marked::Apart
}

/// What stands before the bracket that closes, where that is not far.
fn closed(text: &str) -> Option<&str> {
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().take(PIECE_MAX).enumerate() {
        match byte {
            b'{' => depth = depth.saturating_add(1),
            b'}' if depth == 0 => return text.get(..at),
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn last_line(text: &str) -> Option<Piece> {
    let (_, last) = text.rsplit_once(HASHES)?;
    Piece::whole(last).filter(|_| !last.contains('\n'))
}

/// What a word says to be the answer.
struct Mark<'t> {
    /// The line of the answer, from where the answer begins, as far as it is read.
    line: &'t str,
    /// Where that ends.
    end: usize,
    /// Whether a colon stands between.
    colon: bool,
    /// Whether the line is one of its own.
    own_line: bool,
}

fn words(text: &str) -> Marked {
    let (mut found, mut before) = (Marked::Not, (Marked::Not, 0_usize));
    let (mut from, mut marks) = (0_usize, 0_usize);
    while let Some((word, start)) = next_word(text, from) {
        from = start.saturating_add(word.len());
        let Some(mark) = mark(text, start, from) else { continue };
        marks = marks.saturating_add(1);
        if marks > MARKS_MAX {
            return Marked::Apart;
        }
        // "Answer: the answer is 5" says it once.
        if start >= before.1 {
            found = found.and(before.0);
        }
        before = (said(text, word, &mark), mark.end);
    }
    found.and(before.0)
}

/// The next word from there that an answer may follow, and where it begins.
fn next_word(text: &str, from: usize) -> Option<(&'static str, usize)> {
    const WORDS: [&str; 3] = ["answer", "option", "choice"];
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        let skipped = rest.iter().position(|byte| matches!(byte | 0x20, b'a' | b'o' | b'c'))?;
        at = at.saturating_add(skipped);
        let own = bytes.get(at..at.saturating_add(6))?;
        let is_of_word = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
        };
        let begins = !is_of_word(at.checked_sub(1).and_then(|before| bytes.get(before)));
        let ends = !is_of_word(bytes.get(at.saturating_add(6)));
        let word = WORDS.into_iter().find(|word| own.eq_ignore_ascii_case(word.as_bytes()));
        if let Some(word) = word.filter(|_| begins && ends) {
            return Some((word, at));
        }
        at = at.saturating_add(1);
    }
}

/// The mark that a word is, if it is one; it stands from `start` to `end`.
fn mark(text: &str, start: usize, end: usize) -> Option<Mark<'_>> {
    let after = text.get(end..)?.trim_start_matches(BETWEEN);
    let is = after.split_at_checked(2).filter(|(word, rest)| {
        word.eq_ignore_ascii_case("is") && !rest.starts_with(char::is_alphanumeric)
    });
    let (colon, rest) = match (after.strip_prefix([':', '=']), is) {
        (Some(rest), _) => (true, rest),
        (None, Some((_, rest))) => {
            let rest = rest.trim_start_matches(BETWEEN);
            let said = rest.strip_prefix(':');
            (said.is_some(), said.unwrap_or(rest))
        }
        (None, None) if after.starts_with('\n') && is_heading(text.get(..start)?) => (true, after),
        (None, None) => return None,
    };
    let rest = rest.trim_start_matches(BETWEEN);
    let own_line = rest.starts_with(['\n', '\r']);
    let line = if own_line { rest.trim_start() } else { rest };
    let from = text.len().saturating_sub(line.len());
    let line = head(line).split('\n').next().unwrap_or_default();
    Some(Mark { line, end: from.saturating_add(line.len()), colon, own_line })
}

/// Whether what stands before a word on its line makes it a heading.
fn is_heading(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let mut words = line.split(|c: char| c.is_whitespace() || matches!(c, '#' | '*' | '_'));
    words.all(|word| {
        let usual = ["", "final", "the", "correct"];
        usual.iter().any(|own| word.eq_ignore_ascii_case(own))
    })
}

/// What a mark says the answer to be.
fn said(text: &str, word: &str, mark: &Mark<'_>) -> Marked {
    let (line, below) = (mark.line.trim_end(), text.get(mark.end..).unwrap_or_default());
    if line.contains(BLOCK) {
        return Marked::Not;
    }
    // A list of answers, or a text that begins.
    let next = below.strip_prefix('\n').map_or("", head);
    let next = next.split('\n').next().unwrap_or_default().trim();
    let listed = is_item(line) || is_item(next) || (mark.colon && is_numbered(line));
    let goes_on = next.starts_with(|c: char| c.is_ascii_digit());
    if listed || goes_on || (mark.own_line && !next.is_empty()) {
        return Marked::Apart;
    }
    let found = Piece::letter(line, After::Reasons);
    let is_answer = word == "answer";
    let number = || Piece::number(line, After::Reasons).filter(|_| is_answer);
    // Words are the answer where nothing follows that may change it.
    let words = || Piece::words(line).filter(|_| is_answer && below.is_empty());
    found.or_else(number).or_else(words).map_or(Marked::Not, Marked::Once)
}

/// The beginning of a text, as far as it is read.
fn head(line: &str) -> &str {
    let mut end = line.len().min(PIECE_MAX);
    while !line.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    line.get(..end).unwrap_or_default()
}

/// Whether a line is an item of a list.
fn is_item(line: &str) -> bool {
    ["- ", "* ", "+ ", "• ", "– "].iter().any(|mark| line.starts_with(mark))
}

/// Whether a line is an item of a numbered list: `1. Go on`.
fn is_numbered(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = line.len().saturating_sub(rest.len());
    (1..=3).contains(&digits) && (rest.starts_with(". ") || rest.starts_with(") "))
}
