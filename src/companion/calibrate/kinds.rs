//! The kinds of texts that labels hold: k-means on the counts, each kind with its own spreads.
use super::random::Random;
use super::set::Set;
use crate::complexity::{Kind, LEXICAL, SQUARE, Weights, nearest};

/// Most kinds that are looked for, and for how many labels there is one.
const MOST: usize = 16;
const LABELS: usize = 300;

/// Rounds of moving the centres.
const ROUNDS: usize = 15;

/// Texts that are looked at; more make the kinds no better.
const SAMPLE: usize = 5000;

/// Of so many texts one is kept apart, to see how far those of a kind are from it.
const APART: usize = 5;

/// The share of a kind's own texts that are within its limit.
const WITHIN: f64 = 0.97;

/// A kind with fewer texts kept apart has the limit of all.
const OWN: usize = 40;

/// The spread that so many texts would have for which nothing is known.
const PRIOR: (f64, f64) = (20.0, 0.2);

type Point = [f64; LEXICAL];

/// The kinds of the texts at some places.
pub(super) fn kinds(set: &Set, places: &[usize], weights: &Weights, seed: u64) -> Vec<Kind> {
    let mut random = Random::new(seed);
    let mut sample = places.to_vec();
    random.shuffle(&mut sample);
    sample.truncate(SAMPLE);
    let standings: Vec<[i32; LEXICAL]> =
        set.at(&sample).map(|row| weights.standings(&row.features.lexical)).collect();
    let split = standings.len() / APART;
    let (apart, own) = standings.split_at_checked(split).unwrap_or((&[], &standings));
    let points: Vec<Point> = own.iter().map(|own| own.map(|s| f64::from(s) / 64.0)).collect();
    let count = (places.len() / LABELS).clamp(1, MOST);
    let centres = centres(&points, count, &mut random);
    let mut kinds = shapes(&points, &centres);
    limit(&mut kinds, apart);
    kinds
}

fn apart(a: &Point, b: &Point) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The place of the nearest centre.
fn of(point: &Point, centres: &[Point]) -> usize {
    let all = centres.iter().map(|centre| apart(point, centre)).enumerate();
    all.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at)
}

/// Centres: the first ones far from each other (k-means++), then moved to where their texts are.
fn centres(points: &[Point], count: usize, random: &mut Random) -> Vec<Point> {
    let mut centres: Vec<Point> =
        points.get(random.below(points.len())).copied().into_iter().collect();
    let mut far = vec![f64::INFINITY; points.len()];
    while centres.len() < count {
        let Some(newest) = centres.last() else { break };
        for (far, point) in far.iter_mut().zip(points) {
            *far = far.min(apart(point, newest));
        }
        let mut left = far.iter().sum::<f64>() * random.share();
        let chosen = far.iter().position(|far| {
            left -= far;
            left <= 0.0
        });
        centres.extend(points.get(chosen.unwrap_or(0)));
    }
    for _ in 0..ROUNDS {
        let mut sums = vec![([0.0; LEXICAL], 0.0); centres.len()];
        for point in points {
            if let Some((sum, count)) = sums.get_mut(of(point, &centres)) {
                sum.iter_mut().zip(point).for_each(|(sum, value)| *sum += value);
                *count += 1.0;
            }
        }
        for (centre, (sum, count)) in centres.iter_mut().zip(sums) {
            if count > 0.0 {
                *centre = sum.map(|sum| sum / count);
            }
        }
    }
    centres
}

/// How the texts of each centre spread.
fn shapes(points: &[Point], centres: &[Point]) -> Vec<Kind> {
    let mut spreads = vec![([0.0; LEXICAL], 0.0); centres.len()];
    for point in points {
        let at = of(point, centres);
        let Some((centre, (squares, count))) = centres.get(at).zip(spreads.get_mut(at)) else {
            continue;
        };
        for ((square, value), centre) in squares.iter_mut().zip(point).zip(centre) {
            *square += (value - centre) * (value - centre);
        }
        *count += 1.0;
    }
    let shape = |(centre, (squares, count)): (&Point, ([f64; LEXICAL], f64))| {
        let (texts, square) = PRIOR;
        let spreads = squares.map(|sum| ((sum + texts * square) / (count + texts)).max(0.02));
        let wide: f64 = spreads.iter().map(|spread| spread.ln()).sum();
        let rare = -2.0 * ((count + 1.0) / points.len().max(1) as f64).ln();
        Kind {
            centre: centre.map(|own| (own * 16.0).round() as i8),
            tight: spreads.map(|spread| (16.0 / spread).round() as u16),
            base: ((wide + rare) * f64::from(SQUARE)).round() as i32,
            limit: i32::MAX,
        }
    };
    centres.iter().zip(spreads).map(shape).collect()
}

/// The distance within which nearly all texts of a kind are, by texts that did not make it.
fn limit(kinds: &mut [Kind], apart: &[[i32; LEXICAL]]) {
    let mut distances = vec![Vec::new(); kinds.len()];
    for standings in apart {
        let Some((kind, distance)) = nearest(kinds, standings) else { continue };
        let at = kinds.iter().position(|own| core::ptr::eq(own, kind));
        if let Some(own) = at.and_then(|at| distances.get_mut(at)) {
            own.push(distance);
        }
    }
    let all = within(distances.concat());
    for (kind, own) in kinds.iter_mut().zip(distances) {
        let enough = own.len() >= OWN;
        kind.limit = if enough { within(own) } else { all };
    }
}

fn within(mut distances: Vec<i32>) -> i32 {
    distances.sort_unstable();
    let at = (distances.len() as f64 * WITHIN) as usize;
    distances.get(at).copied().unwrap_or(i32::MAX)
}
