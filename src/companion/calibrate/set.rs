//! The labels of a calibration, as numbers, and what can be wrong with all of them together.
use super::label::Label;
use super::near::{Shingles, groups};
use super::price::Price;
use crate::complexity::Features;

/// A request and what both models made of it.
#[derive(Debug)]
pub struct Row {
    /// Its route, by its place in [`Set::routes`].
    pub route: Option<usize>,
    /// Which rows hold the same text, or nearly: they are one piece of evidence.
    pub cluster: usize,
    /// What its text looks like.
    pub features: Features,
    /// The length of its texts, in bytes.
    pub length: u64,
    /// The quality of the premium model's answer.
    pub premium: f64,
    /// The quality of the budget model's answer.
    pub budget: f64,
    /// What the premium model's answer cost.
    pub premium_cost: f64,
    /// What the budget model's answer cost.
    pub budget_cost: f64,
    /// What is learned: the gain, less what it costs.
    pub target: f64,
}

impl Row {
    /// What is lost where the budget model answers.
    #[must_use]
    pub const fn gain(&self) -> f64 {
        self.premium - self.budget
    }
}

/// What a request has to gain by the premium model where that costs as much more as it does on
/// the mean. So of two requests that gain the same the dearer one is first to go to the budget
/// model. It is kept small: a score says what is hard, first of all.
const COST: f64 = 0.05;

/// All labels.
#[derive(Debug)]
pub struct Set {
    /// In the order of their lines.
    pub rows: Vec<Row>,
    /// The names of the routes, in order.
    pub routes: Vec<String>,
    /// How many texts there are that are not nearly the same.
    pub clusters: usize,
    /// What is to be said of the labels, though nothing is wrong.
    pub notes: Vec<String>,
}

impl Set {
    /// The labels, each at its price.
    ///
    /// # Errors
    /// There is nothing to learn from them.
    pub fn of(labels: Vec<Label>, price: &Price) -> Result<Self, String> {
        can_be_learned(&labels)?;
        let mut notes = Vec::new();
        unread(&labels, &mut notes);
        let (clusters, of_text) = clusters(&labels, &mut notes);
        let mut routes: Vec<String> = labels.iter().filter_map(|l| l.route.clone()).collect();
        routes.sort_unstable();
        routes.dedup();
        let tokens = price.tokens(&labels, &mut notes);
        let rows = labels.into_iter().zip(of_text).zip(tokens).map(|((label, cluster), tokens)| {
            let at = |route: &String| routes.binary_search(route).ok();
            Row {
                route: label.route.as_ref().and_then(at),
                cluster,
                features: label.features,
                length: label.length,
                premium: label.premium,
                budget: label.budget,
                premium_cost: price.premium(tokens.input, tokens.premium),
                budget_cost: price.budget(tokens.input, tokens.budget),
                target: 0.0,
            }
        });
        let mut rows: Vec<Row> = rows.collect();
        let mean = rows.iter().map(|row| row.premium_cost).sum::<f64>() / rows.len() as f64;
        for row in &mut rows {
            let more = (row.premium_cost - row.budget_cost) / mean.max(f64::MIN_POSITIVE);
            row.target = row.gain() - COST * more;
        }
        Ok(Self { rows, routes, clusters, notes })
    }

    /// The rows at some places.
    pub(super) fn at<'s>(&'s self, places: &'s [usize]) -> impl Iterator<Item = &'s Row> + Clone {
        places.iter().filter_map(|at| self.rows.get(*at))
    }

    /// The places of all rows.
    #[must_use]
    pub(super) fn all(&self) -> Vec<usize> {
        (0..self.rows.len()).collect()
    }
}

/// Whether there is something to be learned.
fn can_be_learned(labels: &[Label]) -> Result<(), String> {
    let Some(first) = labels.first() else {
        return Err("there are no labels: expected one JSON object a line".to_owned());
    };
    let better = labels.iter().filter(|label| label.premium > label.budget).count();
    let worse = labels.iter().filter(|label| label.premium < label.budget).count();
    if labels.iter().all(|l| l.premium == first.premium && l.budget == first.budget) {
        return Err(format!(
            "the quality is the same in all {} labels ({} and {}): there is nothing to tell \
             requests apart by; check how answers are judged",
            labels.len(),
            first.premium,
            first.budget
        ));
    }
    if better == 0 {
        return Err(format!(
            "in none of {} labels is the premium answer better: there is only one class, and \
             nothing to learn. Where that is true of the traffic, route it to the budget model \
             by a rule",
            labels.len()
        ));
    }
    if better == labels.len() {
        return Err(format!(
            "in all of {} labels the premium answer is better: there is only one class, and \
             nothing to learn. Keep this traffic on the premium model",
            labels.len()
        ));
    }
    if better.saturating_add(worse) == labels.len() && labels.len() > 100 && worse > better {
        return Err("the budget answers are better in most labels and never equal: `premium` and \
             `budget` seem to be exchanged"
            .to_owned());
    }
    Ok(())
}

/// Says which members of labels nobody reads.
fn unread(labels: &[Label], notes: &mut Vec<String>) {
    let mut names: Vec<&str> =
        labels.iter().flat_map(|label| label.unread.iter().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    let more = if names.len() > 8 { " and more" } else { "" };
    names.truncate(8);
    if !names.is_empty() {
        notes.push(format!("members that are not read: `{}`{more}", names.join("`, `")));
    }
}

/// How many different texts there are, and which of them each label has.
fn clusters(labels: &[Label], notes: &mut Vec<String>) -> (usize, Vec<usize>) {
    let shingles: Vec<&Shingles> = labels.iter().map(|label| &label.shingles).collect();
    let (count, of_text) = groups(&shingles);
    let mut firsts: Vec<Option<&Label>> = vec![None; count];
    let (mut again, mut contradicting, mut example) = (0_usize, 0_usize, None);
    for (label, at) in labels.iter().zip(&of_text) {
        let Some(first) = firsts.get_mut(*at) else { continue };
        let Some(first) = *first else {
            *first = Some(label);
            continue;
        };
        again = again.saturating_add(1);
        if (first.premium, first.budget) != (label.premium, label.budget) {
            contradicting = contradicting.saturating_add(1);
            example = example.or(Some((first.line, label.line)));
        }
    }
    if again > 0 {
        let contradicting = example.map_or_else(String::new, |(first, line)| {
            format!(
                "; {contradicting} of them say something else (first: lines {first} and {line})"
            )
        });
        notes.push(format!(
            "{again} labels repeat the text of an earlier one, or differ from it in numbers, \
             spaces, capitals or a few words alone{contradicting}. They are kept; those of one \
             text are learned from or decided together, and count as one piece of evidence: there \
             are {count}"
        ));
    }
    (count, of_text)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::complexity::LEXICAL;

    /// A set of rows, each of a text and with what it gains.
    pub(in super::super) fn set(gains: &[(usize, f64)]) -> Set {
        let row = |(cluster, gain): &(usize, f64)| Row {
            route: None,
            cluster: *cluster,
            features: Features { places: Vec::new(), lexical: [0; LEXICAL] },
            length: 1,
            premium: gain.max(0.0),
            budget: (-gain).max(0.0),
            premium_cost: 10.0,
            budget_cost: 1.0,
            target: *gain,
        };
        let clusters = gains.iter().map(|(cluster, _)| cluster.saturating_add(1)).max();
        Set {
            rows: gains.iter().map(row).collect(),
            routes: Vec::new(),
            clusters: clusters.unwrap_or(0),
            notes: Vec::new(),
        }
    }
}
