//! What a pattern becomes: a machine that has a bit for each character of the pattern. A bit is
//! set while what was read last may be that character.
//!
//! For each character of a text it does the same few operations on these bits, whatever the text
//! is, so its work is known before it has read any.
use super::bits::{Bits, WORDS, and, meet, narrow, one, or, shifted};
use super::links::{Entries, Jump, Links};
use super::place::{Places, SORTS, Side};
use super::set::Set;
use crate::order;

/// A machine of so many words of bits.
#[derive(Debug)]
pub(super) struct Program<const W: usize> {
    /// Characters that may be the first, by the sort of the place before them.
    first: [Bits<W>; SORTS],
    /// Characters that may be the last, by the sort of the place after them.
    last: [Bits<W>; SORTS],
    empty: Places,
    next: Bits<W>,
    jumps: Vec<Jump<W>>,
    /// Characters of the pattern that a character of ASCII may be.
    ascii: Vec<Bits<W>>,
    /// The same of others, each from a number on: where they are no letters, and where they are.
    beyond: Vec<(u32, [Bits<W>; 2])>,
}

impl<const W: usize> Program<W> {
    pub(super) fn of(links: &Links) -> Self {
        let bits = |like: &dyn Fn(&Set) -> bool| {
            let places = links.sets.iter().enumerate().filter(|(_, set)| like(set));
            narrow(&places.fold([0; WORDS], |all, (place, _)| or(all, &one(place))))
        };
        let mut borders: Vec<u32> = links.sets.iter().flat_map(|set| set.borders()).collect();
        borders.push(0x80);
        order::sort(&mut borders);
        borders.dedup();
        let beyond = borders.into_iter().map(|border| {
            // No character begins among the surrogates.
            let own = char::from_u32(border).unwrap_or('\u{E000}');
            let sides = [Side::Other, Side::Word];
            (border, sides.map(|side| bits(&|set: &Set| set.contains_like(own, side))))
        });
        let jump =
            |own: &Jump<WORDS>| Jump { from: narrow(&own.from), to: narrow(&own.to), at: own.at };
        Self {
            first: by_sort(&links.first),
            last: by_sort(&links.last),
            empty: links.empty,
            next: narrow(&links.next),
            jumps: links.jumps.iter().map(jump).collect(),
            ascii: ('\0'..='\x7F').map(|own| bits(&|set: &Set| set.contains(own))).collect(),
            beyond: beyond.collect(),
        }
    }

    /// Whether what has been read ends with a match, at a place of that sort.
    pub(super) fn ends(&self, live: &Bits<W>, sort: usize) -> bool {
        self.empty.has(sort) || self.last.get(sort).is_some_and(|last| meet(live, last))
    }

    /// What may begin at a place of that sort.
    pub(super) fn first(&self, sort: usize) -> Bits<W> {
        self.first.get(sort).copied().unwrap_or([0; W])
    }

    /// The same, with what may follow what has been read.
    pub(super) fn next(&self, live: &Bits<W>, sort: usize) -> Bits<W> {
        let mut next = or(self.first(sort), &and(shifted(live), &self.next));
        for jump in &self.jumps {
            if jump.at.has(sort) && meet(live, &jump.from) {
                next = or(next, &jump.to);
            }
        }
        next
    }

    /// The characters of the pattern that the next one of a text may be, and its side.
    pub(super) fn read(&self, text: &str, at: &mut usize) -> Option<(&Bits<W>, Side)> {
        let byte = *text.as_bytes().get(*at)?;
        if byte.is_ascii() {
            *at = at.saturating_add(1);
            return Some((self.ascii.get(usize::from(byte))?, Side::of(byte.into())));
        }
        let letter = text.get(*at..)?.chars().next()?;
        *at = at.saturating_add(letter.len_utf8());
        let (code, side) = (u32::from(letter), Side::of(letter));
        let own = self.beyond.partition_point(|(from, _)| *from <= code).checked_sub(1)?;
        let (_, sides) = self.beyond.get(own)?;
        Some((sides.get(usize::from(side == Side::Word))?, side))
    }
}

fn by_sort<const W: usize>(entries: &Entries) -> [Bits<W>; SORTS] {
    core::array::from_fn(|sort| {
        let own = entries.iter().filter(|(_, places)| places.has(sort));
        own.fold([0; W], |all, (bits, _)| or(all, &narrow(bits)))
    })
}
