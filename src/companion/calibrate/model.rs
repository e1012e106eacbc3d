//! Weights from rows: what is usual, the regression, whole numbers, kinds of texts and routes.
use super::kinds::kinds;
use super::ridge::{Design, Penalty, Solution};
use super::set::{Row, Set};
use crate::complexity::{KNOTS, LEXICAL, Lexical, ONE, ROUTES_MAX, Route, Score, Weights};

/// Two to this power are the weights of words: 8 KiB. Larger tables did no better on 15,000 labels.
const BITS: u32 = 13;

/// Against large weights. The counts are few and each is seen in every text, so with little against
/// them they would say what only chance says; these two did best with some hundred labels and were
/// as good as others with thousands.
const PENALTY: Penalty = Penalty { table: 10.0, lexical: 3000.0 };

/// As many labels a route must have to be known.
pub(super) const ROUTE_MIN: usize = 30;

/// So many labels of a route count as much as what its texts say.
const ROUTE_PRIOR: f64 = 20.0;

/// Learns from the rows at some places. Knots and threshold are still to be found.
pub(super) fn learn(set: &Set, places: &[usize], seed: u64) -> Weights {
    let usual = usual(set, places);
    let features = set.at(places).map(|row| &row.features);
    let targets: Vec<f64> = set.at(places).map(|row| row.target).collect();
    let design = Design::new(features, BITS, &usual);
    let mut weights = whole(&design.solve(&targets, PENALTY), usual);
    weights.kinds = kinds(set, places, &weights, seed);
    weights.routes = routes(set, places, &weights);
    weights
}

/// What is usual of each count, and how far counts spread.
fn usual(set: &Set, places: &[usize]) -> [Lexical; LEXICAL] {
    let count = places.len().max(1) as f64;
    let (mut sums, mut squares) = ([0.0; LEXICAL], [0.0; LEXICAL]);
    for row in set.at(places) {
        let sums = sums.iter_mut().zip(&mut squares);
        for ((sum, square), value) in sums.zip(&row.features.lexical) {
            let value = f64::from(*value);
            *sum += value;
            *square += value * value;
        }
    }
    let mut usual = [Lexical::default(); LEXICAL];
    for ((own, sum), square) in usual.iter_mut().zip(sums).zip(squares) {
        let centre = sum / count;
        // A count that is nearly the same everywhere is not made larger than it is.
        let spread = (square / count - centre * centre).max(1.0).sqrt();
        own.centre = centre.round() as u16;
        own.inverse = (16_384.0 / spread).round() as u16;
    }
    usual
}

/// A solution in whole numbers: the largest weight of each sort is 127.
fn whole(solution: &Solution, mut lexical: [Lexical; LEXICAL]) -> Weights {
    let one = ONE as f64;
    let unit = |weights: &[f64]| {
        let largest = weights.iter().fold(0.0_f64, |largest, weight| largest.max(weight.abs()));
        (largest / 127.0).max(1e-12)
    };
    let (table_unit, lexical_unit) = (unit(&solution.table), unit(&solution.lexical));
    for (own, weight) in lexical.iter_mut().zip(&solution.lexical) {
        own.weight = (weight / lexical_unit).round() as i8;
    }
    Weights {
        bits: BITS,
        table: solution.table.iter().map(|weight| (weight / table_unit).round() as i8).collect(),
        table_scale: (one * 256.0 * table_unit).round() as u32,
        lexical,
        lexical_scale: (one * 65_536.0 / 64.0 * lexical_unit).round() as u32,
        bias: (one * solution.bias).round() as i32,
        knots: [0; KNOTS],
        threshold: Score::LEAST,
        kinds: Vec::new(),
        routes: Vec::new(),
    }
}

/// What the routes with labels enough gain beside what their texts say.
fn routes(set: &Set, places: &[usize], weights: &Weights) -> Vec<Route> {
    let mut sums = vec![(0_usize, 0.0); set.routes.len()];
    for row in set.at(places) {
        let sum = row.route.and_then(|route| sums.get_mut(route));
        if let Some((count, sum)) = sum {
            *count = count.saturating_add(1);
            *sum += row.target - f64::from(weights.raw_of(&row.features, 0)) / ONE as f64;
        }
    }
    let mut known: Vec<(&String, usize, f64)> = Vec::new();
    for (name, (count, sum)) in set.routes.iter().zip(sums) {
        if count >= ROUTE_MIN {
            known.push((name, count, sum / (count as f64 + ROUTE_PRIOR)));
        }
    }
    if known.len() > ROUTES_MAX {
        known.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        known.truncate(ROUTES_MAX);
        known.sort_by(|a, b| a.0.cmp(b.0));
    }
    let mean = |gain: f64| (gain * ONE as f64).round() as i32;
    known
        .into_iter()
        .map(|(name, _, gain)| Route { name: name.clone(), mean: mean(gain) })
        .collect()
}

/// The raw score of a row; `None` where its route or its kind is not known.
pub(super) fn raw(set: &Set, weights: &Weights, row: &Row) -> Option<i32> {
    let route = row.route.and_then(|at| set.routes.get(at)).map(String::as_str);
    let mean = weights.route(route)?;
    let standings = weights.standings(&row.features.lexical);
    let familiar = weights.is_familiar(&standings, &weights.seen(&row.features), route);
    familiar.then(|| weights.raw_of(&row.features, mean))
}
