//! Ridge regression on hashed words and counts, by conjugate gradients.
//!
//! Sums are taken in the order of the rows and nothing runs in parallel inside, so the same rows
//! give the same weights to the last bit.
use crate::complexity::{Features, LEXICAL, Lexical, TABLE_BITS};

/// Most steps; each brings the solution nearer.
const STEPS: usize = 60;

/// The rest of the gradient, of what it was, at which the solution is near enough.
const NEAR: f64 = 1e-4;

/// What is held against large weights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Penalty {
    /// Of the hashed words.
    pub(super) table: f64,
    /// Of the counts.
    pub(super) lexical: f64,
}

/// Rows as the regression needs them.
#[derive(Debug)]
pub(super) struct Design {
    places: Vec<u32>,
    rows: Vec<Row>,
    size: usize,
}

#[derive(Debug)]
struct Row {
    end: usize,
    /// 1 by the root of the number of places.
    value: f64,
    lexical: [f64; LEXICAL],
}

/// Weights before they are made whole numbers.
#[derive(Debug, Clone)]
pub(super) struct Solution {
    /// Of the places of the table.
    pub(super) table: Vec<f64>,
    /// Of the counts, in their spreads.
    pub(super) lexical: Vec<f64>,
    /// What is left for a text that is usual in every way.
    pub(super) bias: f64,
}

impl Design {
    /// Rows of features, with counts seen as `usual` sees them.
    pub(super) fn new<'f>(
        rows: impl Iterator<Item = &'f Features>,
        bits: u32,
        usual: &[Lexical; LEXICAL],
    ) -> Self {
        let mut design = Self { places: Vec::new(), rows: Vec::new(), size: 1 << bits };
        for features in rows {
            let from = design.places.len();
            let shift = TABLE_BITS.saturating_sub(bits);
            for place in features.places.iter().map(|place| place.wrapping_shr(shift)) {
                if design.places.len() == from || design.places.last() != Some(&place) {
                    design.places.push(place);
                }
            }
            let end = design.places.len();
            let count = u32::try_from(end.saturating_sub(from)).unwrap_or(u32::MAX).max(1);
            let mut lexical = [0.0; LEXICAL];
            for ((to, own), value) in lexical.iter_mut().zip(usual).zip(&features.lexical) {
                *to = own.standing(*value) as f64 / 64.0;
            }
            design.rows.push(Row { end, value: 1.0 / f64::from(count).sqrt(), lexical });
        }
        design
    }

    /// The weights that come nearest to `targets`.
    pub(super) fn solve(&self, targets: &[f64], penalty: Penalty) -> Solution {
        let width = self.size.saturating_add(LEXICAL).saturating_add(1);
        let mut x = vec![0.0; width];
        let penalties: Vec<f64> = core::iter::repeat_n(penalty.table, self.size)
            .chain(core::iter::repeat_n(penalty.lexical, LEXICAL))
            .chain([1e-6])
            .collect();
        let diagonal = self.diagonal(&penalties);
        // What is left of the gradient.
        let mut left = self.transposed(targets);
        let full = dot(&left, &left).sqrt();
        let mut scaled: Vec<f64> = left.iter().zip(&diagonal).map(|(r, d)| r / d).collect();
        let mut way = scaled.clone();
        let mut rho = dot(&left, &scaled);
        for _ in 0..STEPS {
            if dot(&left, &left).sqrt() <= NEAR * full || rho <= 0.0 {
                break;
            }
            let mut bent = self.transposed(&self.times(&way));
            for ((bent, way), penalty) in bent.iter_mut().zip(&way).zip(&penalties) {
                *bent += penalty * way;
            }
            let step = rho / dot(&way, &bent);
            x.iter_mut().zip(&way).for_each(|(x, way)| *x += step * way);
            left.iter_mut().zip(&bent).for_each(|(left, bent)| *left -= step * bent);
            scaled.iter_mut().zip(&left).zip(&diagonal).for_each(|((s, r), d)| *s = r / d);
            let next = dot(&left, &scaled);
            let turn = next / rho;
            rho = next;
            way.iter_mut().zip(&scaled).for_each(|(way, s)| *way = s + turn * *way);
        }
        Solution::split(x, self.size)
    }

    fn each(&self) -> impl Iterator<Item = (&[u32], &Row)> {
        let mut rest = self.places.as_slice();
        let mut from = 0_usize;
        self.rows.iter().map(move |row| {
            let length = row.end.saturating_sub(from);
            from = row.end;
            let (own, after) = rest.split_at_checked(length).unwrap_or((&[], rest));
            rest = after;
            (own, row)
        })
    }

    fn times(&self, x: &[f64]) -> Vec<f64> {
        let (table, rest) = x.split_at_checked(self.size).unwrap_or((x, &[]));
        let (lexical, bias) = rest.split_at_checked(LEXICAL).unwrap_or((rest, &[]));
        let bias = bias.first().copied().unwrap_or(0.0);
        let row = |(places, row): (&[u32], &Row)| {
            let weights = places.iter().map(|place| table.get(*place as usize).unwrap_or(&0.0));
            weights.sum::<f64>() * row.value + dot(&row.lexical, lexical) + bias
        };
        self.each().map(row).collect()
    }

    fn transposed(&self, y: &[f64]) -> Vec<f64> {
        let mut table = vec![0.0; self.size];
        let mut lexical = [0.0; LEXICAL];
        let mut bias = 0.0;
        for ((places, row), y) in self.each().zip(y) {
            let part = y * row.value;
            for place in places {
                if let Some(to) = table.get_mut(*place as usize) {
                    *to += part;
                }
            }
            lexical.iter_mut().zip(&row.lexical).for_each(|(to, value)| *to += y * value);
            bias += y;
        }
        table.extend(lexical);
        table.push(bias);
        table
    }

    fn diagonal(&self, penalties: &[f64]) -> Vec<f64> {
        let mut table = vec![0.0; self.size];
        let mut lexical = [0.0; LEXICAL];
        for (places, row) in self.each() {
            for place in places {
                if let Some(to) = table.get_mut(*place as usize) {
                    *to += row.value * row.value;
                }
            }
            lexical.iter_mut().zip(&row.lexical).for_each(|(to, value)| *to += value * value);
        }
        table.extend(lexical);
        table.push(self.rows.len() as f64);
        table.iter().zip(penalties).map(|(own, penalty)| own + penalty).collect()
    }
}

impl Solution {
    fn split(mut all: Vec<f64>, size: usize) -> Self {
        let bias = all.pop().unwrap_or(0.0);
        let lexical = all.split_off(size.min(all.len()));
        Self { table: all, lexical, bias }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::companion::calibrate::random::Random;

    #[test]
    fn the_solution_is_where_the_gradient_ends() {
        let mut random = Random::new(5);
        let mut features = Vec::new();
        let mut targets = Vec::new();
        for _ in 0..300 {
            let mut places: Vec<u32> = (0..9).map(|_| random.below(1 << 15) as u32).collect();
            places.sort_unstable();
            places.dedup();
            let lexical = core::array::from_fn(|_| random.below(100) as u16);
            targets.push(random.share());
            features.push(Features { places, lexical });
        }
        let usual = [Lexical { centre: 50, inverse: 500, weight: 0 }; LEXICAL];
        let design = Design::new(features.iter(), 8, &usual);
        let penalty = Penalty { table: 2.0, lexical: 30.0 };
        let found = design.solve(&targets, penalty);
        let all: Vec<f64> =
            found.table.iter().chain(&found.lexical).copied().chain([found.bias]).collect();
        let off: Vec<f64> =
            targets.iter().zip(design.times(&all)).map(|(y, said)| y - said).collect();
        let gradient = design.transposed(&off);
        for (at, (gradient, weight)) in gradient.iter().zip(&all).enumerate() {
            let against = if at < 256 {
                2.0
            } else if at < 320 {
                30.0
            } else {
                0.0
            };
            assert!((gradient - against * weight).abs() < 0.05, "{at}: {gradient} {weight}");
        }
        let again = design.solve(&targets, penalty);
        assert_eq!((again.table, again.bias.to_bits()), (found.table, found.bias.to_bits()));
    }
}
