//! Sets of characters, as one character of a pattern stands for them.
use super::place::Side;

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
        let mut added = Vec::new();
        for small in 'a'..='z' {
            let large = small.to_ascii_uppercase();
            if self.contains(small) != self.contains(large) {
                added.extend([(small, small), (large, large)]);
            }
        }
        if self.ranges.iter().any(|(_, to)| !to.is_ascii()) {
            let mut own: Vec<char> = Vec::new();
            for (letter, small) in cases.pairs() {
                if self.contains(*letter) && own.last() != Some(small) {
                    own.push(*small);
                }
            }
            let same = cases.pairs().iter().filter(|(_, small)| own.contains(small));
            added.extend(same.map(|(letter, _)| (*letter, *letter)));
        }
        self.ranges.extend(added);
    }
}

/// Letters beyond ASCII that are large or small, each with its small form: those of the Latin,
/// Greek, Cyrillic and Armenian alphabets.
#[derive(Debug, Default)]
pub(super) struct Cases(core::cell::OnceCell<Vec<(char, char)>>);

impl Cases {
    fn pairs(&self) -> &[(char, char)] {
        self.0.get_or_init(|| {
            let letters = ('\u{80}'..='\u{58F}').chain('\u{1E00}'..='\u{1FFF}');
            let mut pairs = Vec::new();
            for letter in letters {
                let mut small = letter.to_lowercase();
                let (first, more) = (small.next().unwrap_or(letter), small.next());
                if first != letter && more.is_none() && !first.is_ascii() {
                    pairs.extend([(letter, first), (first, first)]);
                }
            }
            // At the end of a word it has a form of its own.
            pairs.push(('ς', 'σ'));
            pairs
        })
    }
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
