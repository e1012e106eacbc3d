//! A short piece of an answer: a letter of a choice, a number, or a few words.
use super::block::BLOCK;
use super::digest::Digest;
use super::number;

/// What a piece says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// One of the letters A to J, and a digest of the words beside it, 0 for none.
    Letter { letter: u8, words: u64 },
    /// A digest of a number, and one of its unit, 0 for none.
    Number { value: u64, unit: u64 },
    /// A digest of words.
    Words(u64),
}

/// What may stand after a letter or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Nothing but the words of the choice, or the unit.
    Nothing,
    /// Other sentences, and reasons: the piece is said to be the answer.
    Reasons,
}

/// Longest piece that is a letter, a number or a formula, in bytes. A longer one is none.
pub(super) const PIECE_MAX: usize = 200;

/// Longest words that are compared, in bytes, and how many they are at most.
const WORDS_BYTES: usize = 80;
const WORDS_MAX: usize = 12;

/// Most words that a choice has, where reasons may follow: more are a reason.
const CHOICE_WORDS: usize = 6;

/// With one of these begins what is said of an answer, and no answer.
const REASONS: [&str; 9] =
    ["because", "since", "as", "this", "that", "it", "here", "explanation", "reason"];

/// Marks of emphasis, which mean nothing.
const EMPHASIS: [char; 3] = ['*', '_', '`'];

/// Those that mean nothing around words, where they are the same on both sides.
const PAIRED: [&str; 4] = ["***", "**", "*", "`"];

/// What may stand around a piece, and means nothing.
const AROUND: [(&str, &str); 12] = [
    ("\"", "\""),
    ("“", "”"),
    ("'", "'"),
    ("‘", "’"),
    ("$$", "$$"),
    ("$", "$"),
    (r"\(", r"\)"),
    (r"\[", r"\]"),
    (r"\text{", "}"),
    (r"\textbf{", "}"),
    (r"\mathrm{", "}"),
    (r"\mathbf{", "}"),
];

impl Piece {
    /// A text that is a letter or a number and nothing else.
    pub(super) fn whole(text: &str) -> Option<Self> {
        Self::letter(text, After::Nothing).or_else(|| Self::number(text, After::Nothing))
    }

    /// One of the letters A to J: `B`, `(b)`, `**B**`, `B. Paris`. An `A` before a word is none.
    pub(super) fn letter(text: &str, after: After) -> Option<Self> {
        let text = bare(one_line(text)?);
        let text =
            ["option ", "choice "].iter().find_map(|word| without(text, word)).map_or(text, bare);
        let (letter, rest) = in_brackets(text).or_else(|| capital(text))?;
        let words = words_of_choice(rest, after)?;
        Some(Self::Letter { letter: letter.to_ascii_uppercase(), words })
    }

    /// A number, perhaps with a unit.
    pub(super) fn number(text: &str, after: After) -> Option<Self> {
        let text = bare(one_line(text)?);
        let number = number::read(text, after == After::Reasons)?;
        let unit = match &*number.unit {
            "" => 0,
            unit => Digest::of("unit").text(unit).finish(),
        };
        Some(Self::Number { value: Digest::of("number").text(&number.plain).finish(), unit })
    }

    /// A few words on one line: their case, and the marks of sentences and emphasis around them, do
    /// not count.
    pub(super) fn words(text: &str) -> Option<Self> {
        let text = framed(one_line(text)?);
        let few = text.len() <= WORDS_BYTES && text.split_whitespace().count() <= WORDS_MAX;
        digest(text).filter(|_| few).map(Self::Words)
    }

    /// What stands in a box: a letter, a number, words, or a formula, in which spaces do not count.
    pub(super) fn boxed(text: &str) -> Option<Self> {
        // One letter is a variable.
        let is_word = |word: &str| word.len() > 1 && word.chars().all(char::is_alphabetic);
        let words = || Self::words(text).filter(|_| framed(text).split_whitespace().all(is_word));
        let found = Self::whole(text).or_else(words);
        found.or_else(|| {
            let mut formula = framed(one_line(text)?).replace(r"\dfrac", r"\frac");
            for (from, to) in [(r"\tfrac", r"\frac"), (r"\,", ""), (r"\!", "")].into_iter().chain([
                (r"\;", ""),
                (r"\ ", ""),
                ("{,}", ","),
            ]) {
                formula = formula.replace(from, to);
            }
            let formula = without_command(&without_command(&formula, r"\left"), r"\right");
            let formula: String = formula.chars().filter(|c| !c.is_whitespace()).collect();
            let own = Digest::of("formula").text(&formula);
            (!formula.is_empty()).then(|| Self::Words(own.finish()))
        })
    }
}

/// A text that is one line of a length that is read, without a block.
fn one_line(text: &str) -> Option<&str> {
    let text = text.trim();
    let fits = !text.is_empty() && text.len() <= PIECE_MAX;
    (fits && !text.contains(['\n', BLOCK])).then_some(text)
}

/// A formula without a command of TeX's: `\left(` is one, `\leftarrow` another.
fn without_command(formula: &str, command: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(formula.len()), formula);
    while let Some((before, after)) = rest.split_once(command) {
        out.push_str(before);
        if after.starts_with(|c: char| c.is_ascii_alphabetic()) {
            out.push_str(command);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A piece without what stands around it and means nothing; a letter or a number has no marks of
/// emphasis of its own, whether they are paired or not.
fn bare(piece: &str) -> &str {
    inside(piece, |piece| piece.trim_matches(EMPHASIS))
}

/// Words without what stands around them. Marks of emphasis are such where they are paired: `*args`
/// is not `**args`, and `__init__` is a name.
fn framed(piece: &str) -> &str {
    inside(piece, |piece| {
        let pair = PAIRED.iter().find_map(|mark| {
            let own = piece.strip_prefix(mark)?.strip_suffix(mark)?;
            (!own.contains(mark.chars().next()?)).then_some(own)
        });
        pair.unwrap_or(piece)
    })
}

fn inside(piece: &str, emphasis: fn(&str) -> &str) -> &str {
    let mut piece = piece.trim();
    loop {
        let before = piece.len();
        piece = emphasis(piece).trim();
        piece = piece.strip_suffix('.').unwrap_or(piece);
        for (open, close) in AROUND {
            let inside = piece.strip_prefix(open).and_then(|own| own.strip_suffix(close));
            let inside = inside.filter(|own| !own.contains(open) && !own.contains(close));
            piece = inside.unwrap_or(piece).trim();
        }
        if piece.len() == before {
            return piece;
        }
    }
}

/// A text without a word at its beginning, whatever its case.
fn without<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (own, rest) = text.split_at_checked(word.len())?;
    own.eq_ignore_ascii_case(word).then_some(rest)
}

/// A letter in brackets and what follows.
fn in_brackets(text: &str) -> Option<(u8, &str)> {
    let (text, close) = match text.strip_prefix('(') {
        Some(rest) => (rest, ')'),
        None => (text.strip_prefix('[')?, ']'),
    };
    let (letter, rest) = first(text.trim_start_matches(EMPHASIS))?;
    let rest = rest.trim_start_matches(EMPHASIS).strip_prefix(close)?;
    let rest = rest.trim_start_matches(EMPHASIS);
    let rest = rest.strip_prefix(['.', ':']).unwrap_or(rest);
    let ends = rest.is_empty() || rest.starts_with([' ', ',', ';']);
    (matches!(letter, b'A'..=b'J' | b'a'..=b'j') && ends).then_some((letter, rest))
}

/// A capital letter and what follows, where that can be no other word.
fn capital(text: &str) -> Option<(u8, &str)> {
    let (letter, rest) = first(text)?;
    let rest = rest.trim_start_matches(EMPHASIS).trim_start_matches('$');
    let marked = rest
        .strip_prefix(['.', ')', ':'])
        .filter(|rest| rest.is_empty() || rest.starts_with(' ') || rest.starts_with(EMPHASIS));
    let dash = [" - ", " – ", " — "].iter().find_map(|dash| rest.strip_prefix(dash));
    let reason = || {
        let words = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        ["because ", "since "].iter().any(|word| without(words, word).is_some()).then_some(words)
    };
    let rest = match rest {
        "" => Some(""),
        _ => marked.or(dash).or_else(reason),
    };
    rest.filter(|_| matches!(letter, b'A'..=b'J')).map(|rest| (letter, rest))
}

fn first(text: &str) -> Option<(u8, &str)> {
    let (letter, rest) = text.split_at_checked(1)?;
    Some((*letter.as_bytes().first()?, rest))
}

/// The digest of the words beside a letter, 0 for none; `None` where they say that it is not the
/// only one, or part of a name.
fn words_of_choice(rest: &str, after: After) -> Option<u64> {
    let rest = rest.trim_matches(EMPHASIS).trim();
    let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is = |words: &[&str]| words.iter().any(|own| word.eq_ignore_ascii_case(own));
    let mut chars = rest.chars();
    let head = [chars.next(), chars.next(), chars.next()];
    let another = match head {
        [Some(first), Some('.'), _] => first.is_alphabetic(),
        [Some('('), Some(letter), Some(')')] => letter.is_alphabetic(),
        [Some(first), None, _] => first.is_ascii_uppercase(),
        [Some(first), ..] => matches!(first, ',' | ';' | '/' | '&' | '+'),
        _ => false,
    };
    if another || is(&["and", "or", "nor"]) {
        return None;
    }
    if after == After::Nothing {
        return Some(digest(rest).unwrap_or(0));
    }
    let sentence = rest.split(". ").next().unwrap_or(rest);
    let reason = is(&REASONS) || sentence.split_whitespace().count() > CHOICE_WORDS;
    Some(digest(sentence).filter(|_| !reason).unwrap_or(0))
}

/// The digest of words; `None` where there are none.
fn digest(text: &str) -> Option<u64> {
    const BEGIN: [char; 5] = ['"', '\'', '“', '”', '‘'];
    const END: [char; 9] = ['"', '\'', '“', '”', '’', '.', ',', ';', ':'];
    let (mut digest, mut any) = (Digest::of("words"), false);
    for word in text.split_whitespace() {
        let word = word.trim_start_matches(BEGIN).trim_end_matches(END).trim_end_matches('!');
        let word = word.trim_end_matches(END).replace('’', "'").to_lowercase();
        any |= word.chars().any(char::is_alphanumeric);
        if !word.is_empty() {
            digest = digest.part(&word).part(" ");
        }
    }
    any.then(|| digest.finish())
}
