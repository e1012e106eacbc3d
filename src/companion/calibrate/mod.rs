//! Weights for the complexity score, learned from an operator's own labels, and what they promise.
//!
//! Nothing here is measured on what it was learned from: scores are out of fold, and what is
//! expected of the threshold is nested (weights and threshold are made anew, five times, each
//! without the rows that they then decide). Weights are whole numbers already where they are
//! measured, so that what is measured is what runs in the filter.
pub mod cross;
pub mod curve;
mod kinds;
pub mod label;
mod model;
pub mod near;
pub mod outcome;
pub mod price;
mod random;
pub mod report;
mod ridge;
pub mod rule;
pub mod set;

use core::sync::atomic::{AtomicUsize, Ordering};

pub use cross::Recipe;
pub use set::Set;

use crate::complexity::{Score, Weights};
use cross::{Decided, FOLDS};
use curve::Point;
use outcome::{Outcome, outcome};

/// The share of budget answers below which it is not worth the words.
const WORTH: f64 = 0.01;

/// What was learned, and what it promises.
#[derive(Debug)]
pub struct Calibration {
    /// The weights with their threshold.
    pub weights: Weights,
    /// What can be expected of them.
    pub expected: Outcome,
    /// The same by the length of the text alone, under the same rule.
    pub by_length: Outcome,
    /// The same by chance, under the same rule.
    pub by_chance: Outcome,
    /// The curves of all three.
    pub curves: Curves,
    /// How good the rankings are, of which chance has 0.5: calibrated and by length. `None` where
    /// the premium model's answers are no better, so that there is no gap to win back.
    pub ranking: Option<(f64, f64)>,
    /// The ranking by the number of labels.
    pub learning: Vec<(usize, f64)>,
    /// What more labels would save.
    pub more: Vec<(f64, f64)>,
    /// Each route by itself.
    pub routes: Vec<OfRoute>,
    /// Whether the labels allow a promise.
    pub verdict: Verdict,
}

/// What each share of budget answers saves and loses.
#[derive(Debug)]
pub struct Curves {
    /// By the calibrated score.
    pub calibrated: Vec<Point>,
    /// By the length of the text.
    pub length: Vec<Point>,
    /// With all answers by the budget model.
    pub all_budget: Point,
}

/// A route by itself.
#[derive(Debug)]
pub struct OfRoute {
    /// Its name; empty for requests without one.
    pub name: String,
    /// What it comes to.
    pub outcome: Outcome,
    /// What is to be said of it.
    pub verdict: &'static str,
}

/// Whether labels allow a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They do.
    Promised,
    /// There are too few for the loss that is allowed: everything stays premium.
    TooFew,
    /// There are enough, but no cut keeps the loss within its bound: everything stays premium.
    NothingSafe,
}

/// Learns from labels. `progress` is told how many of how many steps are done.
pub fn calibrate(
    set: &Set,
    recipe: &Recipe,
    progress: impl Fn(usize, usize) + Sync,
) -> Calibration {
    let whole = FOLDS.saturating_add(1).saturating_mul(FOLDS.saturating_add(1));
    let total = whole.saturating_add(curve::learning_steps(set, recipe));
    let done = AtomicUsize::new(0);
    let step = || progress(done.fetch_add(1, Ordering::Relaxed).saturating_add(1), total);
    let decided = cross::nested(set, recipe, &step);
    let (mut weights, scored) = cross::calibrated(set, &set.all(), recipe, &step);
    let learning = curve::learning(set, recipe, &step);
    let by_length: Vec<u64> = set.rows.iter().map(|row| row.length).collect();
    let mut random = random::Random::new(recipe.seed);
    let by_chance: Vec<u64> = set.rows.iter().map(|_| random.next()).collect();
    let under_rule = |score: &[u64]| cross::nested_by(set, recipe, score);
    let lengths: Vec<_> = by_length.iter().map(|length| Some(*length)).enumerate().collect();
    let mut expected = outcome(set, &decided, |_| true);
    let verdict = verdict(set, recipe, &weights, &expected);
    let mut decided = decided;
    if verdict != Verdict::Promised {
        weights.threshold = Score::LEAST;
        decided.iter_mut().for_each(|one| one.budget = false);
        expected = outcome(set, &decided, |_| true);
    }
    let curves = Curves {
        calibrated: curve::curve(set, &scored),
        length: curve::curve(set, &lengths),
        all_budget: curve::curve(set, &lengths).last().copied().unwrap_or(NOTHING),
    };
    Calibration {
        expected,
        by_length: outcome(set, &under_rule(&by_length), |_| true),
        by_chance: outcome(set, &under_rule(&by_chance), |_| true),
        curves,
        ranking: curve::apgr(set, &scored).zip(curve::apgr(set, &lengths)),
        learning,
        more: curve::with_more(set, &scored, &recipe.rule),
        routes: routes(set, recipe, &decided),
        verdict,
        weights,
    }
}

const NOTHING: Point = Point { budget: 0.0, saved: 0.0, quality: 0.0 };

/// The fewest labels that could show a loss this small, if not one of them lost anything.
#[must_use]
pub fn fewest(rule: &rule::Rule) -> usize {
    // One request is counted as lost: its mean is 1 of n, and so is its standard error.
    ((1.0 + rule.above(1.0)) / rule.max_loss).ceil() as usize
}

fn verdict(set: &Set, recipe: &Recipe, weights: &Weights, expected: &Outcome) -> Verdict {
    if set.clusters < fewest(&recipe.rule) {
        return Verdict::TooFew;
    }
    // The threshold is of one sort with those that were tried: what they lost is not overlooked.
    let lost = -expected.quality.mean;
    if weights.threshold == Score::LEAST || expected.budget < WORTH || lost > recipe.rule.max_loss {
        return Verdict::NothingSafe;
    }
    Verdict::Promised
}

fn routes(set: &Set, recipe: &Recipe, decided: &[Decided]) -> Vec<OfRoute> {
    let named = set.routes.iter().enumerate().map(|(at, name)| (Some(at), name.clone()));
    let unnamed = set.rows.iter().any(|row| row.route.is_none());
    let all = named.chain(unnamed.then(|| (None, String::new())));
    let of = |(route, name): (Option<usize>, String)| {
        let outcome = outcome(set, decided, |row| row.route == route);
        let (rule, gap) = (&recipe.rule, outcome.gap);
        let verdict = if outcome.rows < model::ROUTE_MIN && !name.is_empty() {
            "premium: too few labels to know this route"
        } else if gap.mean + rule.above(gap.error) + 1.0 / outcome.rows.max(1) as f64
            <= rule.max_loss
        {
            "budget would do for all of it: a rule may send this route there"
        } else if outcome.budget >= WORTH {
            "by score"
        } else {
            "premium: nothing of it is safe to move"
        };
        OfRoute { name, outcome, verdict }
    };
    all.map(of).collect()
}
