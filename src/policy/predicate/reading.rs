//! What questions are read against: the names of a policy, and how many there may be.
use core::cell::Cell;
use std::rc::Rc;

use super::super::field::Spot;
use crate::complexity::Classifier;

/// Most questions within one another.
const DEPTH_MAX: usize = 8;

/// Most questions of one `when`, those that are about others included.
const QUESTIONS_MAX: usize = 64;

/// Most operations that all patterns of a policy may do for each character that they read. Each
/// reads [`super::text::SEARCHED`] bytes at most, so that is five milliseconds for one request.
pub(super) const WORK_MAX: usize = 600;

/// The names that questions may say.
#[derive(Debug, Default)]
pub(in super::super) struct Reading<'n> {
    /// The names that apps ask for, each with the place of its route.
    pub(in super::super) routes: Vec<(&'n str, usize)>,
    /// Request headers that the policy lists.
    pub(in super::super) headers: &'n [String],
    /// Who there is.
    pub(in super::super) callers: Callers<'n>,
    /// Whether anybody counts credits.
    pub(in super::super) counted: bool,
    /// What judges how hard a request looks; `None` where the policy says nothing of it.
    pub(in super::super) classifier: Option<Rc<Classifier>>,
    /// Whether a question asks what a tenant has left.
    pub(in super::super) follows_balance: Cell<bool>,
    /// How many patterns there are so far, and how many operations they do for each character.
    pub(in super::super) patterns: Cell<(usize, usize)>,
}

impl Reading<'_> {
    /// Whether the patterns so far do too much, so that no other one need be made.
    pub(super) fn is_full(&self) -> bool {
        self.patterns.get().1 > WORK_MAX
    }

    /// Notes a pattern that does so many operations for each character; its place among all
    /// patterns. `None`, and a report, where they do too much by it.
    pub(super) fn searches(&self, spot: &Spot<'_>, work: usize) -> Option<usize> {
        let (index, before) = self.patterns.get();
        let all = before.saturating_add(work);
        self.patterns.set((index.saturating_add(1), all));
        if all > WORK_MAX {
            spot.problem(format!(
                "with this pattern, which does {work} operations for each character of a text, \
                 those of the policy do {all}, more than {WORK_MAX}: repeat less, or ask for \
                 several words by one pattern: `(?i)prove|refactor`"
            ));
            return None;
        }
        Some(index)
    }
}

/// The names by which callers are known.
#[derive(Debug, Default)]
pub(in super::super) struct Callers<'n> {
    /// Whether there may be others, so that any name may be right.
    pub(in super::super) open: bool,
    pub(in super::super) tenants: Vec<&'n str>,
    pub(in super::super) users: Vec<&'n str>,
    pub(in super::super) keys: Vec<&'n str>,
    /// Labels and their values.
    pub(in super::super) labels: Vec<(&'n str, &'n str)>,
}

impl Callers<'_> {
    /// These names, where there can be no others.
    pub(super) const fn known<'c>(&self, names: &'c [&'c str]) -> Option<&'c [&'c str]> {
        if self.open { None } else { Some(names) }
    }
}

/// How far within one `when` a question stands.
#[derive(Debug)]
pub(in super::super) struct Depth<'r> {
    pub(super) names: &'r Reading<'r>,
    depth: usize,
    questions: &'r Cell<usize>,
}

impl<'r> Depth<'r> {
    /// At the top of a `when`.
    pub(super) const fn of(names: &'r Reading<'r>, questions: &'r Cell<usize>) -> Self {
        Self { names, depth: 1, questions }
    }

    /// One deeper.
    pub(super) const fn below(&self) -> Self {
        Depth { names: self.names, depth: self.depth.saturating_add(1), questions: self.questions }
    }

    /// Whether there may be another question; reported where there may not.
    pub(super) fn takes(&self, spot: &Spot<'_>) -> bool {
        let asked = self.questions.get().saturating_add(1);
        self.questions.set(asked);
        if asked == QUESTIONS_MAX.saturating_add(1) {
            spot.problem(format!("more than {QUESTIONS_MAX} questions in one `when`: ask fewer"));
        }
        if self.depth > DEPTH_MAX {
            spot.problem(format!(
                "more than {DEPTH_MAX} questions within one another: ask less deep"
            ));
        }
        asked <= QUESTIONS_MAX && self.depth <= DEPTH_MAX
    }
}
