//! Scores from raw scores.
use super::*;

fn weights(routes: &[&str]) -> Weights {
    Weights {
        bits: 8,
        table: vec![64; 256],
        table_scale: 256,
        lexical: [Lexical::default(); LEXICAL],
        lexical_scale: 0,
        bias: 10,
        knots: core::array::from_fn(|at| i32::try_from(at).unwrap().wrapping_mul(1000)),
        threshold: Score::LEAST,
        kinds: Vec::new(),
        routes: routes.iter().map(|name| Route { name: (*name).to_owned(), mean: 7 }).collect(),
    }
}

#[test]
fn a_score_is_the_share_of_labelled_requests_below() {
    let weights = weights(&[]);
    for (raw, parts) in [(i32::MIN, 0), (-1, 0), (0, 0), (16_000, 5000), (24_500, 7656)] {
        assert_eq!(weights.score(raw).parts(), parts, "{raw}");
    }
    for raw in [32_000, i32::MAX] {
        assert_eq!(weights.score(raw), Score::MOST);
    }
    let mut level = weights;
    level.knots = [5; KNOTS];
    assert_eq!((level.score(4), level.score(5)), (Score::LEAST, Score::MOST));
}

#[test]
fn a_long_text_weighs_no_more_than_a_short_one_says() {
    let weights = weights(&[]);
    // The sum grows with the number of places, what is made of it with the root of that.
    assert_eq!(weights.raw(64, 1, &[0; LEXICAL], 0), 10 + 64);
    assert_eq!(weights.raw(6400, 100, &[0; LEXICAL], 5), 10 + 640 + 5);
    assert_eq!(weights.raw(0, 0, &[0; LEXICAL], 0), 10);
    assert_eq!(weights.raw(i64::MAX, 1, &[FAR; LEXICAL], i32::MAX), i32::MAX);
}

#[test]
fn what_is_unusual_counts_only_so_far() {
    let own = Lexical { centre: 100, inverse: 1638, weight: 1 };
    for (value, standing) in [(100, 0), (110, 63), (90, -64), (u16::MAX, FAR), (0, -FAR)] {
        assert_eq!(own.standing(value), standing, "{value}");
    }
}

#[test]
fn a_route_without_labels_is_not_known() {
    let named = weights(&["chat", "code"]);
    assert_eq!(named.route(Some("code")), Some(7));
    assert_eq!((named.route(Some("faq")), named.route(None)), (None, Some(0)));
    // Without routes in the labels there is nothing to know them by.
    let none = weights(&[]);
    assert_eq!((none.route(Some("code")), none.route(None)), (Some(0), Some(0)));
}
