//! Where to cut: the most requests for the budget model whose loss is surely small enough.
//!
//! The loss is a mean over all requests, those that stay premium among them. Its upper bound is
//! taken after every hundredth of the requests, from the easiest on, and the search ends with the
//! first bound that is too high: like that the choice among many cuts does not wear the confidence
//! away (fixed-sequence testing, as in Learn then Test). One request more is counted as lost
//! altogether, so that few labels without a loss are no proof.
//!
//! The bound is of what is seen next, not of a mean over all requests that there could ever be: so
//! many requests as there are labels lose no more. They vary as much as the labels do, so the bound
//! is farther from the loss by the root of two.
use super::set::{Row, Set};

/// What is asked of a cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// The mean quality that may be lost.
    pub max_loss: f64,
    /// How many standard errors the confidence is.
    pub z: f64,
}

/// Steps of the search.
const STEPS: usize = 100;

impl Rule {
    /// How far the bound is above a mean of labels, by its standard error.
    #[must_use]
    pub fn above(&self, error: f64) -> f64 {
        self.z * core::f64::consts::SQRT_2 * error
    }

    /// The score at which to cut: below it the budget model answers. `None` where even the first
    /// cut is too bold.
    ///
    /// Rows without a score stay with the premium model. `more` is how many times as many labels
    /// there would have to be: 1 for those there are.
    #[must_use]
    pub fn cut<S: PartialOrd + Copy>(
        &self,
        set: &Set,
        rows: &[(usize, Option<S>)],
        more: f64,
    ) -> Option<S> {
        let mut scored: Vec<(S, &Row)> =
            rows.iter().filter_map(|(at, score)| Some(((*score)?, set.rows.get(*at)?))).collect();
        // Equal scores keep the order of the lines: sorting is stable.
        scored.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(core::cmp::Ordering::Equal));
        let mut sums = Sums::new(set, rows, more);
        let step = (rows.len() / STEPS).max(1);
        let (mut cut, mut next, mut before) = (None, 0_usize, None);
        for (count, (score, row)) in scored.iter().enumerate() {
            if count >= next && before != Some(*score) {
                if sums.bound(self) > self.max_loss {
                    break;
                }
                cut = (count > 0).then_some(*score);
                next = count.saturating_add(step);
            }
            sums.add(row);
            before = Some(*score);
        }
        cut
    }
}

/// What is lost so far.
struct Sums {
    rows: f64,
    /// How many rows a text has on the mean.
    of_text: f64,
    more: f64,
    sum: f64,
    squares: f64,
    /// What each text has lost: rows of the same text are not independent.
    by_cluster: Vec<f64>,
}

impl Sums {
    fn new<S>(set: &Set, rows: &[(usize, S)], more: f64) -> Self {
        let by_cluster = vec![0.0; set.clusters];
        let mut texts: Vec<usize> =
            rows.iter().filter_map(|(at, _)| Some(set.rows.get(*at)?.cluster)).collect();
        texts.sort_unstable();
        texts.dedup();
        let rows = rows.len() as f64;
        let of_text = rows / texts.len().max(1) as f64;
        Self { rows, of_text, more, sum: 0.0, squares: 0.0, by_cluster }
    }

    fn add(&mut self, row: &Row) {
        let gain = row.gain();
        self.sum += gain;
        if let Some(own) = self.by_cluster.get_mut(row.cluster) {
            self.squares += gain * (2.0 * *own + gain);
            *own += gain;
        }
    }

    /// The upper bound of the mean loss.
    fn bound(&self, rule: &Rule) -> f64 {
        let (one, more) = (self.of_text, self.more);
        let count = self.rows * more + one;
        let (sum, squares) = (self.sum * more + one, self.squares * more + one * one);
        let mean = sum / count;
        let variance = (squares / count - mean * mean).max(0.0) / count;
        mean + rule.above(variance.sqrt())
    }
}

/// The quantile of the normal distribution: how many standard errors a confidence is.
///
/// Acklam's approximation, right to nine digits.
#[must_use]
pub fn quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -39.696_830_286_653_76,
        220.946_098_424_520_5,
        -275.928_510_446_968_7,
        138.357_751_867_269,
        -30.664_798_066_147_16,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -54.476_098_798_224_06,
        161.585_836_858_040_9,
        -155.698_979_859_886_6,
        66.801_311_887_719_72,
        -13.280_681_552_885_72,
        1.0,
    ];
    const C: [f64; 6] = [
        -0.007_784_894_002_430_293,
        -0.322_396_458_041_136_5,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        0.007_784_695_709_041_462,
        0.322_467_129_070_039_8,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    let poly = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, c| sum * x + c);
    let low = 0.02425;
    if p < low {
        let q = (-2.0 * p.ln()).sqrt();
        poly(&C, q) / poly(&D, q)
    } else if p > 1.0 - low {
        -quantile(1.0 - p)
    } else {
        let q = p - 0.5;
        poly(&A, q * q) * q / poly(&B, q * q)
    }
}

#[cfg(test)]
mod tests;
