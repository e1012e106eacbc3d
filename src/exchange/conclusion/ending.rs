//! The answer of a text that marks none: its one line that is nothing else, or what its last
//! sentence calculates.
use super::piece::{PIECE_MAX, Piece};

/// Longest text whose last sentence may say "is 5" and mean its answer, in bytes. A longer one says
/// other things, too.
const SHORT: usize = 300;

/// The words before such a number.
const VERBS: [&str; 3] = [" is ", " are ", " equals "];

/// Reads what the text comes to in the end.
pub(super) fn read(text: &str) -> Option<Piece> {
    line(text).or_else(|| calculated(text))
}

/// The first line or the last one that is a letter, or the last that is a number, where a blank
/// line stands between it and the others, and these are nothing like it.
fn line(text: &str) -> Option<Piece> {
    let mut found = text.lines().map(str::trim).filter_map(Piece::whole);
    let (piece, None) = (found.next()?, found.next()) else { return None };
    let is_blank = |line: &str| line.trim().is_empty();
    let (mut lines, mut back) = (text.lines(), text.lines().rev());
    let (first, second) = (lines.next()?, lines.next()?);
    let (last, before) = (back.next()?, back.next()?);
    let at_end = Piece::whole(last).is_some() && is_blank(before);
    let at_begin = Piece::whole(first).is_some() && is_blank(second);
    let alone = match piece {
        Piece::Letter { words, .. } => words == 0 && (at_begin || at_end),
        Piece::Number { .. } => at_end,
        Piece::Words(_) => false,
    };
    alone.then_some(piece)
}

/// What the last sentence calculates: `9 * 2 = 18 dollars`.
fn calculated(text: &str) -> Option<Piece> {
    let line = text.trim_end().rsplit('\n').next()?;
    let sentence = line.trim_end_matches(['.', '*', '_', ' ']).rsplit(". ").next()?;
    if sentence.len() > PIECE_MAX {
        return None;
    }
    let mut sides = sentence.split('=');
    if let (Some(left), Some(right), None) = (sides.next(), sides.next(), sides.next()) {
        let is_sum = left.trim_end().ends_with(|c: char| c.is_ascii_digit() || c == ')');
        return Piece::number(right, super::piece::After::Nothing).filter(|_| is_sum);
    }
    if text.len() > SHORT {
        return None;
    }
    let ends = VERBS.iter().filter_map(|verb| Some((sentence.rfind(verb)?, verb.len())));
    let (at, length) = ends.max()?;
    let (left, right) = (sentence.get(..at)?, sentence.get(at.saturating_add(length)..)?);
    let other = left.contains(|c: char| c.is_ascii_digit());
    Piece::number(right, super::piece::After::Nothing).filter(|_| !other)
}
