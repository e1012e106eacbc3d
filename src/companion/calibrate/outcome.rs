//! What decisions come to: money saved and quality lost, with intervals.
use super::cross::Decided;
use super::set::{Row, Set};

/// A number and its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// The number.
    pub mean: f64,
    /// Its standard error; rows of the same text count as one.
    pub error: f64,
}

impl Estimate {
    /// The interval that holds the truth 95 times of 100.
    #[must_use]
    pub fn interval(self) -> (f64, f64) {
        (self.mean - 1.96 * self.error, self.mean + 1.96 * self.error)
    }
}

/// What some rows come to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outcome {
    /// How many rows there are.
    pub rows: usize,
    /// The share that the budget model answers.
    pub budget: f64,
    /// The share of unknown kinds and routes.
    pub unknown: f64,
    /// The share of the spend that is saved, of all answers by the premium model.
    pub saved: Estimate,
    /// The change of the mean quality.
    pub quality: Estimate,
    /// What the premium model is better by, over all rows.
    pub gap: Estimate,
}

/// What decisions come to, for the rows that `of` chooses.
#[must_use]
pub fn outcome(set: &Set, decided: &[Decided], of: impl Fn(&Row) -> bool) -> Outcome {
    let all = decided.iter().filter_map(|one| Some((one, set.rows.get(one.at)?)));
    let chosen: Vec<(&Decided, &Row)> = all.filter(|(_, row)| of(row)).collect();
    let rows = chosen.len();
    let share = |which: fn(&Decided) -> bool| {
        chosen.iter().filter(|(one, _)| which(one)).count() as f64 / rows.max(1) as f64
    };
    let spent = |one: &Decided, row: &Row| {
        if one.budget { row.budget_cost } else { row.premium_cost }
    };
    let premium: f64 = chosen.iter().map(|(_, row)| row.premium_cost).sum();
    let left: f64 = chosen.iter().map(|(one, row)| spent(one, row)).sum();
    let ratio = if premium > 0.0 { left / premium } else { 1.0 };
    let each = premium / rows.max(1) as f64;
    // How far each row is from the ratio of all.
    let off = chosen.iter().map(|(one, row)| {
        (row.cluster, (spent(one, row) - ratio * row.premium_cost) / each.max(f64::MIN_POSITIVE))
    });
    let saved = Estimate { mean: 1.0 - ratio, error: mean(off).error };
    let lost =
        chosen.iter().map(|(one, row)| (row.cluster, if one.budget { -row.gain() } else { 0.0 }));
    Outcome {
        rows,
        budget: share(|one| one.budget),
        unknown: share(|one| !one.known),
        saved,
        quality: mean(lost),
        gap: mean(chosen.iter().map(|(_, row)| (row.cluster, row.gain()))),
    }
}

/// A mean of values, each of a cluster.
pub(super) fn mean(values: impl Iterator<Item = (usize, f64)>) -> Estimate {
    let mut values: Vec<(usize, f64)> = values.collect();
    let count = values.len() as f64;
    if values.is_empty() {
        return Estimate::default();
    }
    let mean = values.iter().map(|(_, value)| value).sum::<f64>() / count;
    values.sort_by_key(|(cluster, _)| *cluster);
    let off = |rows: &[(usize, f64)]| rows.iter().map(|(_, value)| value - mean).sum::<f64>();
    let texts = values.chunk_by(|a, b| a.0 == b.0);
    let (squares, texts) =
        texts.fold((0.0, 0.0), |(sum, count), rows| (sum + off(rows).powi(2), count + 1.0));
    // The mean is that of the same texts, which makes them look nearer to it than they are.
    let few = texts / f64::max(texts - 1.0, 1.0);
    Estimate { mean, error: (squares * few).sqrt() / count }
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::set;
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn money_and_quality_are_counted_over_all_rows() {
        let set = set(&[(0, 1.0), (1, 0.0), (2, 0.0), (3, -1.0)]);
        let decided: Vec<Decided> = [true, true, false, false]
            .into_iter()
            .enumerate()
            .map(|(at, budget)| Decided { at, budget, known: at > 0 })
            .collect();
        let all = outcome(&set, &decided, |_| true);
        assert!(near(all.budget, 0.5) && near(all.unknown, 0.25) && all.rows == 4);
        // Two of four answers cost 1 in place of 10.
        assert!(near(all.saved.mean, 18.0 / 40.0), "{:?}", all.saved);
        assert!(near(all.quality.mean, -0.25) && near(all.gap.mean, 0.0));
        // The mean of -1, 0, 0, 0: the root of the squares 0.75² + 3 × 0.25², times 4 / 3, over 4.
        assert!(near(all.quality.error, 0.25), "{:?}", all.quality);
        let none = outcome(&set, &decided, |row| row.route.is_some());
        assert_eq!((none.rows, none.saved.mean, none.quality.mean), (0, 0.0, 0.0));
    }

    #[test]
    fn rows_of_one_text_do_not_make_an_interval_narrower() {
        let own = mean((0..100).map(|at| (at, f64::from(u8::from(at % 4 == 0)))));
        let twice = mean((0..200).map(|at| (at / 2, f64::from(u8::from(at / 2 % 4 == 0)))));
        assert!(near(own.mean, twice.mean) && near(own.error, twice.error));
    }
}
