//! Scores that no label had a part in: rows are judged by weights that were learned without them.
use super::model::{self, raw};
use super::random::Random;
use super::rule::Rule;
use super::set::Set;
use crate::complexity::{KNOTS, Score, Weights};

/// Parts of the rows: each is judged by what was learned from the others.
pub const FOLDS: usize = 5;

/// What a calibration is made with.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// What is asked of the threshold.
    pub rule: Rule,
    /// What all that looks random is made of.
    pub seed: u64,
}

/// Rows in parts: for each, the places of the rows outside and inside. Rows of the same text are in
/// the same one.
pub(super) fn folds(set: &Set, places: &[usize], seed: u64) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut clusters: Vec<usize> = set.at(places).map(|row| row.cluster).collect();
    clusters.sort_unstable();
    clusters.dedup();
    Random::new(seed).shuffle(&mut clusters);
    let mut fold_of = vec![0; set.clusters];
    for (at, cluster) in clusters.into_iter().enumerate() {
        if let Some(fold) = fold_of.get_mut(cluster) {
            *fold = at % FOLDS;
        }
    }
    let in_fold = |fold: usize, at: &usize| {
        let cluster = set.rows.get(*at).map_or(0, |row| row.cluster);
        fold_of.get(cluster) == Some(&fold)
    };
    let split = |fold| places.iter().partition(|at| !in_fold(fold, at));
    (0..FOLDS).map(split).collect()
}

/// The rows' raw scores, each by weights that were learned without it; `None` for one whose kind or
/// route was not known then.
pub(super) fn out_of_fold(
    set: &Set,
    places: &[usize],
    seed: u64,
    step: &(dyn Fn() + Sync),
) -> Vec<(usize, Option<i32>)> {
    let mut scored = Vec::with_capacity(places.len());
    for (outside, inside) in folds(set, places, seed) {
        let weights = model::learn(set, &outside, seed);
        step();
        let of = |at: &usize| (*at, set.rows.get(*at).and_then(|row| raw(set, &weights, row)));
        scored.extend(inside.iter().map(of));
    }
    scored.sort_unstable_by_key(|(at, _)| *at);
    scored
}

/// Weights from the rows at some places, with the threshold that their out-of-fold scores allow.
pub(super) fn calibrated(
    set: &Set,
    places: &[usize],
    recipe: &Recipe,
    step: &(dyn Fn() + Sync),
) -> (Weights, Vec<(usize, Option<i32>)>) {
    let scored = out_of_fold(set, places, recipe.seed, step);
    let mut weights = model::learn(set, places, recipe.seed);
    step();
    weights.knots = knots(&scored);
    let cut = recipe.rule.cut(set, &scored, 1.0);
    weights.threshold = cut.map_or(Score::LEAST, |cut| weights.score(cut));
    (weights, scored)
}

/// The raw scores below which so many 32nds of the rows are.
fn knots(scored: &[(usize, Option<i32>)]) -> [i32; KNOTS] {
    let mut raws: Vec<i32> = scored.iter().filter_map(|(_, raw)| *raw).collect();
    raws.sort_unstable();
    let last = raws.len().saturating_sub(1);
    core::array::from_fn(|at| {
        let place = last.saturating_mul(at).checked_div(KNOTS.saturating_sub(1));
        raws.get(place.unwrap_or(0)).copied().unwrap_or(0)
    })
}

/// Which rows the budget model would answer, each decided by weights and a threshold that were made
/// without it: what can be expected of a calibration.
pub(super) fn nested(set: &Set, recipe: &Recipe, step: &(dyn Fn() + Sync)) -> Vec<Decided> {
    let one = |(outside, inside): (Vec<usize>, Vec<usize>)| {
        let (weights, _) = calibrated(set, &outside, recipe, step);
        let decide = |at: usize| {
            let raw = set.rows.get(at).and_then(|row| raw(set, &weights, row));
            let score = raw.map(|raw| weights.score(raw));
            let budget = score.is_some_and(|score| score < weights.threshold);
            Decided { at, budget, known: score.is_some() }
        };
        inside.into_iter().map(decide).collect::<Vec<_>>()
    };
    sorted(in_parallel(folds(set, &set.all(), outer(recipe.seed)), one))
}

/// A row and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// Its place.
    pub at: usize,
    /// Whether the budget model answers.
    pub budget: bool,
    /// Whether its kind and its route were known.
    pub known: bool,
}

/// The same by any other score, under the same rule.
pub(super) fn nested_by(set: &Set, recipe: &Recipe, score: &[u64]) -> Vec<Decided> {
    let of = |at: &usize| (*at, score.get(*at).copied());
    let one = |(outside, inside): (Vec<usize>, Vec<usize>)| {
        let scored: Vec<_> = outside.iter().map(of).collect();
        let cut = recipe.rule.cut(set, &scored, 1.0);
        let budget = |at: usize| cut.is_some_and(|cut| score.get(at).is_some_and(|s| *s < cut));
        let decide = |at| Decided { at, budget: budget(at), known: true };
        inside.into_iter().map(decide).collect::<Vec<_>>()
    };
    sorted(folds(set, &set.all(), outer(recipe.seed)).into_iter().map(one).collect())
}

/// The outer parts are others than the inner ones.
const fn outer(seed: u64) -> u64 {
    seed.wrapping_add(0x5EED)
}

fn sorted(parts: Vec<Vec<Decided>>) -> Vec<Decided> {
    let mut all = parts.concat();
    all.sort_unstable_by_key(|decided| decided.at);
    all
}

/// Works on all items at once; the results have the order of the items.
pub(super) fn in_parallel<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let work = &work;
        let started: Vec<_> =
            items.into_iter().map(|item| scope.spawn(move || work(item))).collect();
        // A thread that failed has said why; its part is missing.
        started.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}
