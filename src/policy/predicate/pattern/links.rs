//! The characters of a pattern, and which may follow which: an expression without its repetitions.
use std::rc::Rc;

use super::super::reading::WORK_MAX;
use super::bits::{Bits, WORDS, one, or, shifted};
use super::place::Places;
use super::set::Set;
use super::syntax::Expr;

/// Most jumps: a pattern that has so many does more than all patterns of a policy may.
const JUMPS_MAX: usize = WORK_MAX;

/// What may follow what in a pattern.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// The set that each of its characters is of.
    pub(super) sets: Vec<Rc<Set>>,
    /// Characters that may be the first, each beside such a place.
    pub(super) first: Entries,
    /// Characters that may be the last.
    pub(super) last: Entries,
    /// Places at which the pattern is found in nothing.
    pub(super) empty: Places,
    /// Characters that may follow the one before them in the pattern.
    pub(super) next: Bits<WORDS>,
    /// What else may follow what.
    pub(super) jumps: Vec<Jump<WORDS>>,
}

/// Characters, and the places beside which they stand.
pub(super) type Entries = Vec<(Bits<WORDS>, Places)>;

/// After each of some characters may come each of others, where such a place is between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jump<const W: usize> {
    pub(super) from: Bits<W>,
    pub(super) to: Bits<W>,
    pub(super) at: Places,
}

/// A part of a pattern.
#[derive(Debug)]
struct Piece {
    first: Entries,
    last: Entries,
    /// Where it may be nothing.
    empty: Places,
}

/// How many characters an expression has, with what stands between them, each as often as it is
/// repeated.
pub(super) fn parts(expr: &Expr) -> usize {
    match expr {
        Expr::One(_) | Expr::At(_) => 1,
        Expr::All(all) | Expr::Any(all) => {
            all.iter().map(parts).fold(0, usize::saturating_add).max(1)
        }
        Expr::Times(one, least, most) => parts(one).saturating_mul(most.unwrap_or(*least).max(1)),
    }
}

impl Links {
    /// Those of an expression of at most as many parts as there are bits.
    pub(super) fn of(expr: &Expr) -> Self {
        let mut links = Self::default();
        let whole = links.piece(expr);
        Self { first: whole.first, last: whole.last, empty: whole.empty, ..links }
    }

    /// How many operations a machine of so many words does for each character of a text at most:
    /// some to find where a match may begin, and its own. One is half a nanosecond in V8.
    pub(super) const fn work(&self, words: usize) -> usize {
        self.jumps.len().saturating_add(2).saturating_mul(words).saturating_add(12)
    }

    fn piece(&mut self, expr: &Expr) -> Piece {
        match expr {
            Expr::One(set) => {
                let own = vec![(one(self.sets.len()), Places::ALL)];
                self.sets.push(Rc::clone(set));
                Piece { first: own.clone(), last: own, empty: Places::NONE }
            }
            Expr::At(places) => nothing(*places),
            Expr::All(all) => all.iter().fold(nothing(Places::ALL), |before, own| {
                let own = self.piece(own);
                self.joined(before, own)
            }),
            Expr::Any(any) => any.iter().fold(nothing(Places::NONE), |mut all, own| {
                let own = self.piece(own);
                add(&mut all.first, &own.first, Places::ALL);
                add(&mut all.last, &own.last, Places::ALL);
                Piece { empty: all.empty.or(own.empty), ..all }
            }),
            Expr::Times(one, least, most) => self.times(one, *least, *most),
        }
    }

    /// A piece so many times, the later ones within the earlier: `aa(a(a)?)?`.
    fn times(&mut self, one: &Expr, least: usize, most: Option<usize>) -> Piece {
        let count = most.unwrap_or(least.max(1));
        let mut pieces: Vec<Piece> = (0..count).map(|_| self.piece(one)).collect();
        if let (None, Some(last)) = (most, pieces.last()) {
            self.jump(&last.last, &last.first);
        }
        let mut all = nothing(Places::ALL);
        while let Some(own) = pieces.pop() {
            all = self.joined(own, all);
            if pieces.len() >= least {
                all.empty = Places::ALL;
            }
        }
        all
    }

    fn joined(&mut self, mut before: Piece, after: Piece) -> Piece {
        self.jump(&before.last, &after.first);
        add(&mut before.first, &after.first, before.empty);
        let mut last = after.last;
        add(&mut last, &before.last, after.empty);
        Piece { first: before.first, last, empty: before.empty.and(after.empty) }
    }

    fn jump(&mut self, before: &Entries, after: &Entries) {
        for (from, left) in before {
            for (to, right) in after {
                let at = left.and(*right);
                let single = from.iter().fold(0, |all, word| word.count_ones().saturating_add(all));
                if at == Places::ALL && single == 1 && shifted(from) == *to {
                    self.next = or(self.next, to);
                } else if at != Places::NONE {
                    self.add(Jump { from: *from, to: *to, at });
                }
            }
        }
    }

    fn add(&mut self, own: Jump<WORDS>) {
        let like = |other: &&mut Jump<WORDS>| {
            other.at == own.at && (other.to == own.to || other.from == own.from)
        };
        let room = self.jumps.len() < JUMPS_MAX;
        // Of two that differ in one thing one is made.
        match self.jumps.iter_mut().find(like) {
            Some(other) => {
                (other.from, other.to) = (or(other.from, &own.from), or(other.to, &own.to));
            }
            // More would be refused, so none is lost that matters.
            None if room => self.jumps.push(own),
            None => {}
        }
    }
}

const fn nothing(empty: Places) -> Piece {
    Piece { first: Vec::new(), last: Vec::new(), empty }
}

/// Adds characters that stand beside such places only.
fn add(entries: &mut Entries, more: &Entries, at: Places) {
    for (bits, own) in more {
        let own = own.and(at);
        match entries.iter_mut().find(|(_, places)| *places == own) {
            _ if own == Places::NONE => {}
            Some((all, _)) => *all = or(*all, bits),
            None => entries.push((*bits, own)),
        }
    }
}
