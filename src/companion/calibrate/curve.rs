//! Curves: what each share of budget answers saves and loses, how good a ranking is, and how it
//! grows with the labels.
use super::cross::{FOLDS, Recipe, folds, in_parallel};
use super::model::{self, raw};
use super::random::Random;
use super::rule::Rule;
use super::set::{Row, Set};

/// Steps of a curve.
const STEPS: usize = 50;

/// What it comes to when the budget model answers the easiest requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The share of requests that the budget model answers.
    pub budget: f64,
    /// The share of the spend that is saved.
    pub saved: f64,
    /// The change of the mean quality.
    pub quality: f64,
}

/// Rows in the order of their scores; those without one come last.
fn ranked<'s, S: PartialOrd + Copy>(set: &'s Set, rows: &[(usize, Option<S>)]) -> Vec<&'s Row> {
    let mut rows: Vec<_> =
        rows.iter().filter_map(|(at, score)| Some((*score, set.rows.get(*at)?))).collect();
    rows.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => a.partial_cmp(b).unwrap_or(core::cmp::Ordering::Equal),
        (a, b) => a.is_none().cmp(&b.is_none()),
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The curve of a score.
#[must_use]
pub fn curve<S: PartialOrd + Copy>(set: &Set, rows: &[(usize, Option<S>)]) -> Vec<Point> {
    let ranked = ranked(set, rows);
    let count = ranked.len().max(1);
    let premium: f64 = ranked.iter().map(|row| row.premium_cost).sum();
    let (mut saved, mut lost, mut done) = (0.0, 0.0, 0_usize);
    let mut points = Vec::new();
    let mut left = ranked.iter();
    for step in 0..=STEPS {
        let end = count.saturating_mul(step) / STEPS;
        for row in left.by_ref().take(end.saturating_sub(done)) {
            saved += row.premium_cost - row.budget_cost;
            lost += row.gain();
        }
        done = end;
        points.push(Point {
            budget: end as f64 / count as f64,
            saved: saved / premium.max(f64::MIN_POSITIVE),
            quality: -lost / count as f64,
        });
    }
    points
}

/// How good a ranking is: the mean, over all shares of premium answers, of the part of the gap that
/// they win back (APGR, as RouteLLM defines it, by tenths). Chance has 0.5. `None` where the
/// premium model's answers are no better in the mean, so that there is no gap to win back.
#[must_use]
pub fn apgr<S: PartialOrd + Copy>(set: &Set, rows: &[(usize, Option<S>)]) -> Option<f64> {
    const PARTS: usize = 10;
    /// What is less than that is a sum of rounding errors.
    const GAP_LEAST: f64 = 1e-9;
    let ranked = ranked(set, rows);
    let gap: f64 = ranked.iter().map(|row| row.gain()).sum();
    if gap < GAP_LEAST {
        return None;
    }
    let (mut area, mut before) = (0.0, 0.0);
    for part in 1..=PARTS {
        let premium = ranked.len().saturating_mul(part) / PARTS;
        let won: f64 = ranked.iter().rev().take(premium).map(|row| row.gain()).sum();
        let share = won / gap;
        area += (before + share) / 2.0 / PARTS as f64;
        before = share;
    }
    Some(area)
}

/// How good the ranking is with fewer labels: their number and the APGR on rows that were not
/// among them. Empty where there is no gap to win back.
pub(super) fn learning(set: &Set, recipe: &Recipe, step: &(dyn Fn() + Sync)) -> Vec<(usize, f64)> {
    let parts = folds(set, &set.all(), recipe.seed);
    let work = |size: usize| {
        let mut scored = Vec::with_capacity(set.rows.len());
        for (outside, inside) in &parts {
            let mut some = outside.clone();
            Random::new(recipe.seed).shuffle(&mut some);
            some.truncate(size);
            let mut weights = model::learn(set, &some, recipe.seed);
            step();
            // The ranking is asked for, not what is known.
            weights.kinds.clear();
            let of = |at: &usize| (*at, set.rows.get(*at).and_then(|row| raw(set, &weights, row)));
            scored.extend(inside.iter().map(of));
        }
        (size, apgr(set, &scored))
    };
    let found = in_parallel(sizes(&parts), work).into_iter();
    found.filter_map(|(size, ranking)| Some((size, ranking?))).collect()
}

/// How many steps [`learning`] takes.
pub(super) fn learning_steps(set: &Set, recipe: &Recipe) -> usize {
    sizes(&folds(set, &set.all(), recipe.seed)).len().saturating_mul(FOLDS)
}

/// The numbers of labels that are tried: round ones, and as many as every part leaves.
fn sizes(parts: &[(Vec<usize>, Vec<usize>)]) -> Vec<usize> {
    let most = parts.iter().map(|(outside, _)| outside.len()).min().unwrap_or(0);
    let round = [100, 300, 1000, 3000, 10_000];
    let fewer = round.into_iter().filter(|size| *size < most.saturating_sub(most / 5));
    fewer.chain([most]).collect()
}

/// What could be saved if there were more labels and the ranking were as good as it is: their
/// number, by the number there is, and the share of the spend.
#[must_use]
pub fn with_more(set: &Set, rows: &[(usize, Option<i32>)], rule: &Rule) -> Vec<(f64, f64)> {
    let premium: f64 = set.rows.iter().map(|row| row.premium_cost).sum();
    let saved = |more: f64| {
        let Some(cut) = rule.cut(set, rows, more) else { return 0.0 };
        let below = rows.iter().filter(|(_, raw)| raw.is_some_and(|raw| raw < cut));
        let rows = below.filter_map(|(at, _)| set.rows.get(*at));
        rows.map(|row| row.premium_cost - row.budget_cost).sum::<f64>() / premium
    };
    [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0].map(|more| (more, saved(more))).to_vec()
}
