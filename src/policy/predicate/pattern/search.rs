//! Whether a text has a pattern in it.
use super::begin::Begin;
use super::bits::{Bits, and, none};
use super::links::Links;
use super::place::Side;
use super::program::Program;

/// A pattern that can be searched for.
#[derive(Debug)]
pub(super) struct Search<const W: usize> {
    begin: Begin,
    program: Program<W>,
}

impl<const W: usize> Search<W> {
    pub(super) fn of(links: &Links) -> Self {
        Self { begin: Begin::of(links), program: Program::of(links) }
    }

    /// Whether there is a match somewhere in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let program = &self.program;
        let (mut at, mut before, mut live): (_, _, Bits<W>) = (0_usize, Side::Edge, [0; W]);
        while let Some(rest) = text.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
            let begins = none(&live);
            if begins {
                let Some(ahead) = self.begin.ahead(rest) else { return false };
                if ahead > 0 {
                    at = at.saturating_add(ahead);
                    before = side_before(text, at);
                }
            }
            let Some((letter, side)) = program.read(text, &mut at) else { return false };
            let sort = before.then(side);
            if program.ends(&live, sort) {
                return true;
            }
            let next = if begins { program.first(sort) } else { program.next(&live, sort) };
            live = and(next, letter);
            before = side;
        }
        program.ends(&live, before.then(Side::Edge))
    }
}

/// The side of the character before a place.
fn side_before(text: &str, at: usize) -> Side {
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    before.map_or(Side::Edge, Side::of)
}
