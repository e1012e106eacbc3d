//! Patterns that texts are searched for. A search does so many operations for each character of a
//! text at most, whatever stands there; what the patterns of a policy come to has a bound, and a
//! text is read so far and no further.
mod begin;
mod bits;
mod links;
mod place;
mod program;
mod search;
mod set;
mod syntax;
#[cfg(all(test, not(target_family = "wasm")))]
mod tests;

use super::super::field::{Kind, Shape, Spot, Text, shown};
use super::reading::Depth;
use bits::{BITS_MAX, WORDS};
use links::Links;
use search::Search;

/// Longest pattern, in bytes.
const LONGEST: usize = 256;

/// A pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern;

impl Kind for Pattern {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a regular expression",
            pattern: "^.+$",
            longest: Some(LONGEST),
            example: "(?i)prove|refactor",
            ..Text::default()
        })
    }
}

/// A pattern that was read.
#[derive(Debug)]
pub(super) struct Sought {
    /// Its place among those of the policy.
    pub(super) index: usize,
    search: Machine,
}

/// Most patterns are short, and short ones are searched for sooner.
#[derive(Debug)]
enum Machine {
    Short(Box<Search<1>>),
    Long(Box<Search<WORDS>>),
}

impl Pattern {
    /// Reads a pattern; `None`, and a report, when something is wrong with it.
    pub(super) fn read(self, spot: &Spot<'_>, depth: &Depth<'_>) -> Option<Sought> {
        let text = spot.text("a regular expression")?;
        if text.is_empty() || text.len() > LONGEST {
            spot.problem(format!(
                "expected a regular expression of 1 to {LONGEST} bytes, found {}",
                text.len()
            ));
            return None;
        }
        if depth.names.is_full() {
            // An earlier pattern was one too many, which is reported.
            return None;
        }
        let links = links_of(text).map_err(|wrong| {
            spot.problem(format!("`{}` cannot be searched for: {wrong}", shown(text)));
        });
        let links = links.ok()?;
        let index = depth.names.searches(spot, work(&links))?;
        let search = Machine::of(&links);
        if search.is_in("") {
            spot.problem(format!("`{}` is found in every text, even in none", shown(text)));
        }
        Some(Sought { index, search })
    }
}

impl Sought {
    /// Whether a text has the pattern in it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.search.is_in(text)
    }
}

/// What may follow what in a pattern. Its work is known by that, before there is a machine of it.
fn links_of(text: &str) -> Result<Links, String> {
    let expr = syntax::parse(text)?;
    let parts = links::parts(&expr);
    if parts > BITS_MAX {
        return Err(format!(
            "with what it repeats it comes to {parts} characters, more than {BITS_MAX}: repeat less"
        ));
    }
    Ok(Links::of(&expr))
}

fn is_short(links: &Links) -> bool {
    links.sets.len() <= 64
}

/// How many operations a search does for each character of a text at most.
fn work(links: &Links) -> usize {
    links.work(if is_short(links) { 1 } else { WORDS })
}

impl Machine {
    fn of(links: &Links) -> Self {
        if is_short(links) {
            Self::Short(Box::new(Search::of(links)))
        } else {
            Self::Long(Box::new(Search::of(links)))
        }
    }

    fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Short(search) => search.is_in(text),
            Self::Long(search) => search.is_in(text),
        }
    }
}
