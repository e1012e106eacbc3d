//! Cuts that are as bold as their evidence, and no bolder.
use super::*;
use crate::companion::calibrate::set::tests::set;

fn rule() -> Rule {
    Rule { max_loss: 0.01, z: quantile(0.95) }
}

/// The share of rows below the cut, where scores are the rows' places.
fn share(gains: &[(usize, f64)], more: f64) -> f64 {
    let set = set(gains);
    let rows: Vec<_> = (0..gains.len()).map(|at| (at, Some(at))).collect();
    let cut = rule().cut(&set, &rows, more).unwrap_or(0);
    cut as f64 / gains.len() as f64
}

/// So many rows of texts of their own, of which every `one_in`th loses.
fn rows(count: usize, one_in: usize) -> Vec<(usize, f64)> {
    let gain = |at: usize| if at.checked_rem(one_in) == Some(one_in / 2) { 1.0 } else { 0.0 };
    (0..count).map(|at| (at, gain(at))).collect()
}

#[test]
fn quantiles_are_those_of_the_tables() {
    for (p, z) in [(0.5, 0.0), (0.95, 1.644_854), (0.975, 1.959_964), (0.999, 3.090_232)] {
        assert!((quantile(p) - z).abs() < 1e-6, "{p}: {}", quantile(p));
        assert!((quantile(1.0 - p) + z).abs() < 1e-6, "{p}");
    }
}

#[test]
fn few_rows_without_a_loss_are_no_proof() {
    assert_eq!(share(&rows(200, 1000), 1.0), 0.0);
    assert!(share(&rows(400, 1000), 1.0) > 0.9);
}

#[test]
fn the_bound_of_the_loss_decides_and_more_evidence_allows_more() {
    // Of all that is moved a tenth is lost: a tenth of the rows may be moved, less what the bound
    // is above the mean.
    let shares = [1000, 4000, 40_000].map(|count| share(&rows(count, 10), 1.0));
    assert!(shares.is_sorted(), "{shares:?}");
    let [few, some, many] = shares;
    assert!(few < 0.05 && some > 0.05 && many > 0.075 && many < 0.1, "{shares:?}");
    assert!((share(&rows(4000, 10), 10.0) - many).abs() < 0.015, "as if there were ten times more");
}

#[test]
fn rows_of_one_text_are_one_piece_of_evidence() {
    let own = rows(4000, 10);
    let repeated: Vec<_> = own.iter().map(|(at, gain)| (at / 20, *gain)).collect();
    assert!(share(&repeated, 1.0) < share(&own, 1.0));
}

#[test]
fn the_search_ends_with_the_first_cut_that_is_too_bold() {
    // What comes later may win again: to look for that would be to choose among many cuts.
    let gain = |at: usize| match at {
        0..400 => 0.0,
        400..500 => 1.0,
        _ => -1.0,
    };
    let rows: Vec<_> = (0..4000).map(|at| (at, gain(at))).collect();
    let moved = share(&rows, 1.0);
    assert!(moved > 0.09 && moved < 0.125, "{moved}");
}

#[test]
fn equal_scores_are_not_parted_and_rows_without_one_stay() {
    let set = set(&rows(2000, 5000));
    let scored: Vec<_> = (0..2000).map(|at| (at, (at < 1000).then_some(at / 400))).collect();
    assert_eq!(rule().cut(&set, &scored, 1.0), Some(2));
}
