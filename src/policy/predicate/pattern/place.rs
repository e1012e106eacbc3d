//! The place between two characters, by what stands on its sides: what `^`, `$` and `\b` look at.

/// What stands on one side of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Nothing: the text begins or ends there.
    Edge,
    /// The end of a line.
    Break,
    /// A letter, a digit or `_`.
    Word,
    /// Any other character.
    Other,
}

/// Sorts of places, a bit for each pair of sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Places(u16);

/// How many sorts of places there are.
pub(super) const SORTS: usize = 16;

const SIDES: [Side; 4] = [Side::Edge, Side::Break, Side::Word, Side::Other];

impl Side {
    /// The side on which a character stands. Marks that are written over letters count as such.
    pub(super) fn of(letter: char) -> Self {
        match letter {
            '0'..='9' | 'A'..='Z' | '_' | 'a'..='z' => Self::Word,
            '\n' => Self::Break,
            '\0'..='\x7F' => Self::Other,
            // What most letters are, before all the others are searched.
            '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2C1}' => Self::Word,
            '\u{300}'..='\u{36F}' | '\u{391}'..='\u{3CE}' | '\u{400}'..='\u{481}' => Self::Word,
            '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' => Self::Word,
            other if other.is_alphabetic() => Self::Word,
            _ => Self::Other,
        }
    }

    /// The sort of the place before a character, or before the end.
    pub(super) const fn then(self, next: Self) -> usize {
        (self as usize) << 2 | next as usize
    }
}

impl Places {
    pub(super) const ALL: Self = Self(u16::MAX);
    pub(super) const NONE: Self = Self(0);

    /// The places whose sides, the one before and the one after, are such.
    pub(super) fn whose(such: impl Fn(Side, Side) -> bool) -> Self {
        let pairs = SIDES.iter().flat_map(|before| SIDES.iter().map(move |after| (before, after)));
        let those = pairs.filter(|(before, after)| such(**before, **after));
        those.fold(Self::NONE, |all, (before, after)| all.or(Self(bit(before.then(*after)))))
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn has(self, sort: usize) -> bool {
        self.0 & bit(sort) != 0
    }
}

const fn bit(sort: usize) -> u16 {
    1_u16.wrapping_shl((sort & 15) as u32)
}
