//! The kinds of texts that labels hold: k-means on the counts, each kind with its own spreads and
//! its own words.
use super::random::Random;
use super::set::{Row, Set};
use crate::complexity::{KINDS_MAX, Kind, LEXICAL, SQUARE, Weights, nearest};

/// For how many labels there is a kind.
const LABELS: usize = 300;

/// Rounds of moving the centres.
const ROUNDS: usize = 15;

/// Texts that are looked at; more make the kinds no better.
const SAMPLE: usize = 5000;

/// Parts of the texts: how far those of a kind are from it is seen where it is made of the others.
const PARTS: usize = 5;

/// The share of a kind's own texts that are within its limit, and that of those that have no more
/// words which are not usual in it than they may have.
const WITHIN: f64 = 0.97;
const USUAL: f64 = 0.75;

/// How many standard errors a limit is on the safe side: few texts show it but roughly.
const SAFE: f64 = 1.645;

/// A kind with fewer texts has the limits of all.
const OWN: usize = 40;

/// A place is usual in a kind where so many of its texts have it, and two at least.
const COMMON: f64 = 0.02;

/// The spread that so many texts would have for which nothing is known.
const PRIOR: (f64, f64) = (20.0, 0.2);

type Point = [f64; LEXICAL];

/// What a kind is made of.
struct Text {
    standings: [i32; LEXICAL],
    point: Point,
    /// A bit for each place that it has.
    seen: Vec<u64>,
}

/// The kinds of the texts at some places.
pub(super) fn kinds(set: &Set, places: &[usize], weights: &Weights, seed: u64) -> Vec<Kind> {
    let mut random = Random::new(seed);
    let mut sample = places.to_vec();
    random.shuffle(&mut sample);
    sample.truncate(SAMPLE);
    let text = |row: &Row| {
        let standings = weights.standings(&row.features.lexical);
        let point = standings.map(|standing| f64::from(standing) / 64.0);
        Text { standings, point, seen: weights.seen(&row.features) }
    };
    let texts: Vec<Text> = set.at(&sample).map(text).collect();
    let count = (places.len() / LABELS).clamp(1, KINDS_MAX);
    let centres = centres(&texts, count, &mut random);
    let mut kinds = shapes(texts.iter(), &centres);
    limit(&mut kinds, &texts, &centres);
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
fn centres(texts: &[Text], count: usize, random: &mut Random) -> Vec<Point> {
    let first = texts.get(random.below(texts.len()));
    let mut centres: Vec<Point> = first.map(|text| text.point).into_iter().collect();
    let mut far = vec![f64::INFINITY; texts.len()];
    while centres.len() < count {
        let Some(newest) = centres.last() else { break };
        for (far, text) in far.iter_mut().zip(texts) {
            *far = far.min(apart(&text.point, newest));
        }
        let mut left = far.iter().sum::<f64>() * random.share();
        let chosen = far.iter().position(|far| {
            left -= far;
            left <= 0.0
        });
        centres.extend(texts.get(chosen.unwrap_or(0)).map(|text| text.point));
    }
    for _ in 0..ROUNDS {
        let mut sums = vec![([0.0; LEXICAL], 0.0); centres.len()];
        for Text { point, .. } in texts {
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

/// How the texts of each centre spread, and which places are usual in them.
fn shapes<'t>(texts: impl Iterator<Item = &'t Text> + Clone, centres: &[Point]) -> Vec<Kind> {
    let mut spreads = vec![([0.0; LEXICAL], 0.0); centres.len()];
    for Text { point, .. } in texts.clone() {
        let at = of(point, centres);
        let Some((centre, (squares, count))) = centres.get(at).zip(spreads.get_mut(at)) else {
            continue;
        };
        for ((square, value), centre) in squares.iter_mut().zip(point).zip(centre) {
            *square += (value - centre) * (value - centre);
        }
        *count += 1.0;
    }
    let all: f64 = spreads.iter().map(|(_, count)| count).sum();
    let shape = |(centre, (squares, count)): (&Point, ([f64; LEXICAL], f64))| {
        let (texts, square) = PRIOR;
        let spreads = squares.map(|sum| ((sum + texts * square) / (count + texts)).max(0.02));
        let wide: f64 = spreads.iter().map(|spread| spread.ln()).sum();
        let rare = -2.0 * ((count + 1.0) / all.max(1.0)).ln();
        Kind {
            centre: centre.map(|own| (own * 16.0).round() as i8),
            tight: spreads.map(|spread| (16.0 / spread).round() as u16),
            base: ((wide + rare) * f64::from(SQUARE)).round() as i32,
            limit: i32::MAX,
            usual: Vec::new(),
            others: u16::MAX,
        }
    };
    let mut kinds: Vec<Kind> = centres.iter().zip(spreads).map(shape).collect();
    usual(&mut kinds, texts);
    kinds
}

/// Finds the places that are usual in each kind.
fn usual<'t>(kinds: &mut [Kind], texts: impl Iterator<Item = &'t Text> + Clone) {
    let words = texts.clone().next().map_or(0, |text| text.seen.len());
    let mut counts = vec![(0_u32, vec![[0_u32; 64]; words]); kinds.len()];
    for text in texts {
        let own = nearest_of(kinds, text).and_then(|(at, _)| counts.get_mut(at));
        let Some((texts, counts)) = own else { continue };
        *texts = texts.saturating_add(1);
        for (counts, word) in counts.iter_mut().zip(&text.seen) {
            let mut left = *word;
            while left != 0 {
                if let Some(count) = counts.get_mut(left.trailing_zeros() as usize) {
                    *count = count.saturating_add(1);
                }
                left &= left.saturating_sub(1);
            }
        }
    }
    for (kind, (texts, counts)) in kinds.iter_mut().zip(counts) {
        let least = (f64::from(texts) * COMMON).max(2.0);
        let bit = |(at, count): (u32, &u32)| u64::from(f64::from(*count) >= least) << at;
        let word = |counts: &[u32; 64]| (0..).zip(counts).map(bit).fold(0, |word, bit| word | bit);
        kind.usual = counts.iter().map(word).collect();
    }
}

/// The place of the kind that is nearest to a text, and its distance.
fn nearest_of(kinds: &[Kind], text: &Text) -> Option<(usize, i32)> {
    let (kind, distance) = nearest(kinds, &text.standings)?;
    let at = kinds.iter().position(|own| core::ptr::eq(own, kind))?;
    Some((at, distance))
}

/// Finds the limits of each kind, by texts that did not make it.
fn limit(kinds: &mut [Kind], texts: &[Text], centres: &[Point]) {
    let mut distances = vec![Vec::new(); kinds.len()];
    let mut others = vec![Vec::new(); kinds.len()];
    for part in 0..PARTS {
        let of_part = |own: bool| {
            let all = texts.iter().enumerate();
            all.filter(move |(at, _)| (at % PARTS == part) == own).map(|(_, text)| text)
        };
        let made = shapes(of_part(false), centres);
        for text in of_part(true) {
            let Some((at, distance)) = nearest_of(&made, text) else { continue };
            distances.get_mut(at).into_iter().for_each(|own| own.push(distance));
            let strange = made.get(at).map(|kind| i32::from(kind.strange(&text.seen)));
            others.get_mut(at).into_iter().for_each(|own| own.extend(strange));
        }
    }
    let of_all = (within(distances.concat(), WITHIN), within(others.concat(), USUAL));
    for ((kind, distances), others) in kinds.iter_mut().zip(distances).zip(others) {
        let enough = distances.len() >= OWN;
        let own = (within(distances, WITHIN), within(others, USUAL));
        let (limit, others) = if enough { own } else { of_all };
        kind.limit = limit;
        kind.others = u16::try_from(others).unwrap_or(u16::MAX);
    }
}

/// The value that surely no more than a share of all are within.
fn within(mut values: Vec<i32>, share: f64) -> i32 {
    values.sort_unstable();
    let count = values.len() as f64;
    let at = count * share - SAFE * (count * share * (1.0 - share)).sqrt();
    values.get(at.max(0.0) as usize).copied().unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::model::learn;
    use super::super::random::Random;
    use super::super::set::tests::set;
    use crate::complexity::{Features, TABLE_BITS};

    /// A text of one of two sorts: their counts and their words are others, with chance in both.
    fn text(at: u64, sort: u16) -> Features {
        let mut random = Random::new(at);
        let mut chance = |most| u16::try_from(random.below(most)).unwrap();
        let word = |n: u16| n.wrapping_mul(256).wrapping_add(sort.wrapping_mul(9000));
        let places = (0..20).map(|n| word(n).wrapping_add(chance(5).wrapping_mul(4)).into());
        let places = places.collect();
        let lexical = core::array::from_fn(|_| sort.wrapping_mul(40).wrapping_add(chance(11)));
        Features { places, lexical }
    }

    #[test]
    fn neither_other_counts_nor_other_words_are_of_a_kind() {
        let gains: Vec<(usize, f64)> = (0..900).map(|at| (at, (at % 3) as f64 / 2.0)).collect();
        let mut set = set(&gains);
        for (at, row) in set.rows.iter_mut().enumerate() {
            row.features = text(at as u64, u16::from(at % 2 == 0));
        }
        let weights = learn(&set, &set.all(), 1);
        assert_eq!(weights.kinds.len(), 3);
        let familiar = |features: &Features, route| {
            let standings = weights.standings(&features.lexical);
            weights.is_familiar(&standings, &weights.seen(features), route)
        };
        let of = |sort: u16| {
            (900..1100).filter(|at| familiar(&text(*at, sort), None)).count() as f64 / 200.0
        };
        assert!(of(0) > 0.8 && of(1) > 0.8, "{} {}", of(0), of(1));
        let mut counts = text(900, 0);
        counts.lexical = [200; _];
        let mut words = text(900, 0);
        words.places.iter_mut().for_each(|place| *place ^= (1 << TABLE_BITS) - 1);
        words.places.sort_unstable();
        assert!(!familiar(&counts, None) && !familiar(&words, None));
        // Labels that name no route know none.
        assert!(!familiar(&words, Some("chat")));
    }
}
