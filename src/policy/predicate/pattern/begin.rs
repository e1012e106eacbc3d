//! Where in a text a match may begin, told by the first bytes there for less than the machine
//! takes.
//!
//! The characters with which a match may begin are shared out among eight bits. A table says for
//! each byte to which of them it may belong as the first byte of a match, the second and so on.
//! Where one bit is left after all, a match may begin; elsewhere none does.
use super::bits::{WORDS, meet, one, or, places};
use super::links::{Entries, Links};
use super::place::Places;

/// How many bytes are looked at, each in a byte of a word.
const BYTES: usize = 4;

/// Most spellings that are followed; beyond them the later bytes may be any.
const WAYS_MAX: usize = 64;

/// Tells where a match may begin.
#[derive(Debug)]
pub(super) struct Begin {
    /// For each byte its bits as the first one, the second one and so on, from the lowest up.
    table: Box<[u32; 256]>,
}

/// A character of the pattern, and its bytes that are still to come; `None` for any.
type Way = (usize, Option<Vec<u8>>);

impl Begin {
    pub(super) fn of(links: &Links) -> Self {
        let mut begin = Self { table: Box::new([0; 256]) };
        if links.empty != Places::NONE {
            begin.table.fill(u32::MAX);
            return begin;
        }
        let first: Vec<usize> = places(&all(&links.first)).collect();
        for (index, place) in first.iter().enumerate() {
            let share = index.saturating_mul(8).checked_div(first.len()).unwrap_or(0);
            begin.mark(links, *place, 1_u32.wrapping_shl(share as u32));
        }
        begin
    }

    /// Marks the bytes of matches that begin with a character.
    fn mark(&mut self, links: &Links, first: usize, mut bit: u32) {
        let (mut ways, mut any) = (Vec::new(), false);
        spell(links, first, &mut ways);
        for _ in 0..BYTES {
            if any {
                self.table.iter_mut().for_each(|own| *own |= bit);
            }
            let mut after = Vec::new();
            for (place, bytes) in ways {
                match bytes.as_deref().and_then(<[u8]>::split_first) {
                    Some((own, rest)) => {
                        if let Some(slot) = self.table.get_mut(usize::from(*own)) {
                            *slot |= bit;
                        }
                        if !rest.is_empty() {
                            push(&mut after, (place, Some(rest.to_vec())));
                        } else {
                            any |= meet(&all(&links.last), &one(place));
                            for next in followers(links, place) {
                                // What comes then may be any, so it need not be known.
                                if after.len() > WAYS_MAX {
                                    break;
                                }
                                spell(links, next, &mut after);
                            }
                        }
                    }
                    None => {
                        any = true;
                        self.mark_any(links, place, bit);
                    }
                }
            }
            any |= after.len() > WAYS_MAX;
            ways = after;
            bit <<= 8;
        }
    }

    /// Marks the first bytes of a set that is not spelled out.
    fn mark_any(&mut self, links: &Links, place: usize, bit: u32) {
        let Some(set) = links.sets.get(place) else { return };
        for (byte, slot) in (0..=u8::MAX).zip(self.table.iter_mut()) {
            let own = if byte.is_ascii() { set.contains(byte.into()) } else { byte >= 0xC0 };
            *slot |= if own { bit } else { 0 };
        }
    }

    /// How far it is to where a match may begin; `None` where none may.
    pub(super) fn ahead(&self, text: &[u8]) -> Option<usize> {
        let mut state = 0_u32;
        for (at, byte) in text.iter().enumerate() {
            let own = self.table.get(usize::from(*byte)).copied().unwrap_or_default();
            state = (state << 8 | 0xFF) & own;
            if state >= 1 << 24 {
                return at.checked_sub(BYTES - 1);
            }
        }
        // What the text has no more of may be any.
        let left = state.to_le_bytes().iter().rposition(|bits| *bits != 0)?;
        text.len().checked_sub(left.saturating_add(1))
    }
}

/// All characters of some entries, wherever they stand.
fn all(entries: &Entries) -> [u64; WORDS] {
    entries.iter().fold([0; WORDS], |all, (bits, _)| or(all, bits))
}

/// What may follow a character.
fn followers(links: &Links, place: usize) -> impl Iterator<Item = usize> {
    let own = one(place);
    let next = place.saturating_add(1);
    let next = Some(next).filter(|next| meet(&links.next, &one(*next)));
    let jumps = links.jumps.iter().filter(move |jump| meet(&jump.from, &own));
    next.into_iter().chain(jumps.flat_map(|jump| places(&jump.to)))
}

/// Adds the ways in which a character may be spelled.
fn spell(links: &Links, place: usize, ways: &mut Vec<Way>) {
    let letters = links.sets.get(place).and_then(|set| set.letters(WAYS_MAX));
    let Some(letters) = letters else {
        return push(ways, (place, None));
    };
    for letter in letters {
        let mut bytes = [0; 4];
        push(ways, (place, Some(letter.encode_utf8(&mut bytes).as_bytes().to_vec())));
    }
}

fn push(ways: &mut Vec<Way>, way: Way) {
    if ways.len() <= WAYS_MAX && !ways.contains(&way) {
        ways.push(way);
    }
}
