//! Sets of characters, as one character of a pattern stands for them.
use super::place::Side;
use crate::order;

/// A set of characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Set {
    ranges: Vec<(char, char)>,
    /// Whether letters beyond ASCII are in it, and what beyond ASCII is no letter.
    words: bool,
    others: bool,
    negated: bool,
}

/// What `\s` stands for.
const SPACE: &[(char, char)] = &[
    ('\t', '\r'),
    (' ', ' '),
    ('\u{85}', '\u{85}'),
    ('\u{A0}', '\u{A0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200A}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202F}', '\u{202F}'),
    ('\u{205F}', '\u{205F}'),
    ('\u{3000}', '\u{3000}'),
];

/// What `\w` stands for, of ASCII.
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

impl Set {
    pub(super) fn of(ranges: &[(char, char)]) -> Self {
        Self { ranges: ranges.to_vec(), ..Self::default() }
    }

    /// The set of `\d`, `\s`, `\w` and of those in capitals, by its letter.
    pub(super) fn class(letter: char) -> Option<Self> {
        let word = |of: &[(char, char)], words| Self { words, others: !words, ..Self::of(of) };
        Some(match letter {
            'd' => Self::of(&[('0', '9')]),
            's' => Self::of(SPACE),
            'w' => word(WORD, true),
            'D' => Self::of(&gaps(&[('0', '9')], char::MAX)),
            'S' => Self::of(&gaps(SPACE, char::MAX)),
            'W' => word(&gaps(WORD, '\x7F'), false),
            _ => return None,
        })
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.ranges.extend(&other.ranges);
        self.words |= other.words;
        self.others |= other.others;
    }

    pub(super) fn negate(&mut self) {
        self.negated = !self.negated;
    }

    pub(super) fn contains(&self, letter: char) -> bool {
        self.contains_like(letter, Side::of(letter))
    }

    /// Whether characters on such a side that are like this one in all else are in it.
    pub(super) fn contains_like(&self, letter: char, side: Side) -> bool {
        let listed = self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&letter));
        let beyond = if side == Side::Word { self.words } else { self.others };
        (listed || (beyond && !letter.is_ascii())) != self.negated
    }

    /// Its characters, where there are no more than so many.
    pub(super) fn letters(&self, most: usize) -> Option<impl Iterator<Item = char>> {
        let sizes =
            self.ranges.iter().map(|(from, to)| (*from..=*to).take(most.saturating_add(1)).count());
        let few = sizes.fold(0, usize::saturating_add) <= most;
        let listed = few && !self.words && !self.others && !self.negated;
        listed.then(|| self.ranges.iter().flat_map(|(from, to)| *from..=*to))
    }

    /// Where beyond ASCII other characters begin to be in it than before.
    pub(super) fn borders(&self) -> impl Iterator<Item = u32> {
        let ends = self
            .ranges
            .iter()
            .flat_map(|(from, to)| [u32::from(*from), u32::from(*to).saturating_add(1)]);
        ends.filter(|border| (0x80..=u32::from(char::MAX)).contains(border))
    }

    /// Adds what differs from its characters by being large or small.
    pub(super) fn ignore_case(&mut self, cases: &Cases) {
        if self.negated {
            // `.` leaves out no letter.
            return;
        }
        let mut added = Vec::new();
        for small in 'a'..='z' {
            let large = small.to_ascii_uppercase();
            if self.contains(small) != self.contains(large) {
                added.extend([(small, small), (large, large)]);
            }
        }
        // Two letters of ASCII have forms beyond it.
        let far = |(_, to): &(char, char)| !to.is_ascii();
        if self.ranges.iter().any(far) || ['k', 'K', 's', 'S'].iter().any(|own| self.contains(*own))
        {
            let pairs = cases.pairs().iter();
            let mut own: Vec<char> = pairs
                .clone()
                .filter(|(letter, _)| self.contains(*letter))
                .map(|(_, form)| *form)
                .collect();
            order::sort(&mut own);
            own.dedup();
            let same = pairs.filter(|(_, form)| own.binary_search(form).is_ok());
            let new = same.filter(|(letter, _)| !self.contains(*letter));
            added.extend(new.map(|(letter, _)| (*letter, *letter)));
        }
        self.ranges.extend(added);
    }
}

/// Letters of the Latin, Greek, Cyrillic and Armenian alphabets that are the same as others but for
/// being large, small or a variant of them (simple case folding), each with the form that they have
/// in common.
#[derive(Debug, Default)]
pub(super) struct Cases(core::cell::OnceCell<Vec<(char, char)>>);

impl Cases {
    /// Where those alphabets stand, with the signs for kelvin, ohm and angstrom.
    pub(super) fn letters() -> impl Iterator<Item = char> {
        let more = ('\u{1C80}'..='\u{1C8A}').chain('\u{1D79}'..='\u{1D8E}');
        let signs = ['\u{2126}', '\u{212A}', '\u{212B}'].into_iter();
        let late = ('\u{2C60}'..='\u{2C7F}').chain('\u{A640}'..='\u{A69F}');
        let late = late.chain('\u{A720}'..='\u{A7FF}').chain('\u{FB05}'..='\u{FB06}');
        let early = ('\u{80}'..='\u{58F}').chain(more).chain('\u{1E00}'..='\u{1FFF}');
        early.chain(signs).chain(late)
    }

    fn pairs(&self) -> &[(char, char)] {
        self.0.get_or_init(|| {
            let mut pairs: Vec<(char, char)> = ['k', 's'].map(|own| (own, own)).into();
            pairs.extend([('K', 'k'), ('S', 's')]);
            for letter in Self::letters() {
                let form = form(letter);
                if form != letter {
                    pairs.extend([(letter, form), (form, form)]);
                }
            }
            pairs
        })
    }
}

/// The form that a letter has in common with those that differ from it in case: the small form of
/// its large one.
fn form(letter: char) -> char {
    match letter {
        // It is small where `I` is large in Turkish alone.
        'ı' => return letter,
        // Their large forms are several letters, and the same ones.
        '\u{1FD3}' => return '\u{390}',
        '\u{1FE3}' => return '\u{3B0}',
        '\u{FB05}' => return '\u{FB06}',
        _ => {}
    }
    let large = only(letter.to_uppercase()).unwrap_or(letter);
    only(large.to_lowercase()).unwrap_or(letter)
}

fn only(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

/// What lies between ranges that are in order, up to a last character.
fn gaps(ranges: &[(char, char)], last: char) -> Vec<(char, char)> {
    let mut gaps = Vec::new();
    let mut from = Some('\0');
    let next = |letter: char| (letter..=char::MAX).nth(1);
    let before = |letter: char| ('\0'..letter).next_back();
    for (first, end) in ranges {
        if let (Some(from), Some(to)) = (from, before(*first))
            && from <= to
        {
            gaps.push((from, to));
        }
        from = next(*end);
    }
    gaps.extend(from.filter(|from| *from <= last).map(|from| (from, last)));
    gaps
}
