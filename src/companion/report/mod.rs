//! What an access log says of experiments: arms side by side, with intervals, and how each differs
//! from control; or the same of classes, chains, models; and what was saved.
//!
//! What would have been paid with the premium model alone is the price of the tokens that the
//! answer used: not those of answers before it that were not accepted or broke, which were paid
//! beside it. The premium model is taken to count the same text as as many tokens, to answer at the
//! same length, and to find as much of the input cached. A request that nobody answered counts with
//! what it cost.
mod always;
mod copies;
mod entry;
mod gamma;
mod html;
mod json;
mod plot;
mod sample;
mod sizes;
mod stats;
mod text;

use std::collections::{BTreeMap, BTreeSet};

pub use self::html::page;
pub use self::text::text;

use self::copies::Found;
use self::entry::{Answer, Copy, Entry, Said};
use self::sample::{Known, METRICS, Sample, Saved};
use self::sizes::{Drawn, Sizes};
use self::stats::Difference;
use crate::credit::Price;

/// What a report is to be of.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What requests are grouped by where it is not their arms: a member of the access log.
    pub by: Option<String>,
    /// The arm that the others are held against; the first of each experiment where nobody says.
    pub control: Option<String>,
    /// What is known of policies, the one in force first.
    pub policies: Vec<Policy>,
    /// The premium model's price.
    pub premium: Option<Price>,
}

/// What is known of a policy.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Its digest, by which lines of the log name it.
    pub digest: String,
    /// Its experiments, by their names.
    pub experiments: BTreeMap<String, Experiment>,
}

/// What a policy says of an experiment.
#[derive(Debug, Clone, Default)]
pub struct Experiment {
    /// Who has an arm: members of the access log, none for each request on its own; `None` for what
    /// the log has no member for.
    pub unit: Option<Vec<&'static str>>,
    /// The arms with their weights, in order.
    pub arms: Vec<(String, f64)>,
}

/// A log that is being read.
#[derive(Debug, Default)]
pub struct Reading {
    entries: Vec<Entry>,
    copies: Vec<Copy>,
    scores: BTreeMap<String, f64>,
    /// Lines that are no line of an access log.
    unreadable: usize,
    lines: usize,
}

/// What a log says.
#[derive(Debug)]
pub struct Report {
    groups: Vec<Group>,
    lines: usize,
    unreadable: usize,
    /// Everything, for what was saved in all.
    all: Sample,
    /// What experiments have found that copy requests.
    copies: Vec<Found>,
}

/// One experiment, or one way to group requests.
#[derive(Debug)]
struct Group {
    name: String,
    /// What each row is: an arm, a class.
    what: String,
    rows: Vec<Row>,
    sizes: Sizes,
    /// Whether rows were drawn by lot, so that a difference is the row's doing.
    drawn: bool,
    independent: Independent,
}

/// What intervals and tests take for independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Independent {
    /// The experiment's units.
    Units,
    /// Requests, since each is drawn for itself, or nothing is drawn.
    Requests,
    /// Requests, since some lines do not say what their unit was.
    UnitsUntold,
}

#[derive(Debug)]
struct Row {
    name: String,
    sample: Sample,
    /// For each metric how it differs from the first row.
    differences: Vec<Option<Difference>>,
}

impl Independent {
    const fn name(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::Requests => "requests",
            Self::UnitsUntold => "requests, units untold",
        }
    }
}

impl Reading {
    /// One line more.
    pub fn line(&mut self, line: &str) {
        self.lines = self.lines.saturating_add(1);
        match entry::read(line) {
            Said::Request(entry) => self.entries.push(*entry),
            Said::Copy(copy) => self.copies.push(copy),
            Said::Feedback { request_id, score } => drop(self.scores.insert(request_id, score)),
            Said::Other => {}
            Said::Unreadable => self.unreadable = self.unreadable.saturating_add(1),
        }
    }

    /// Whether there is a request to report of.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What the lines say.
    ///
    /// # Errors
    /// What nobody can be grouped by, and a control that is no arm.
    pub fn report(self, wanted: &Wanted) -> Result<Report, String> {
        let mut all = Sample::default();
        for entry in &self.entries {
            all.add(entry, self.known(entry, wanted), None);
        }
        let groups = match &wanted.by {
            Some(by) => vec![self.grouped(by, wanted)?],
            None => self.experiments(wanted),
        };
        let groups = if groups.is_empty() { vec![self.grouped("chain", wanted)?] } else { groups };
        if let Some(control) = &wanted.control {
            let names: BTreeSet<&str> = rows_of(&groups).collect();
            if !names.contains(control.as_str()) {
                let names: Vec<&str> = names.into_iter().collect();
                return Err(format!(
                    "--control: expected one of {}, found `{control}`",
                    names.join(", ")
                ));
            }
        }
        let copies = copies::found(&self.copies, &self.entries);
        Ok(Report { groups, lines: self.lines, unreadable: self.unreadable, all, copies })
    }

    fn known(&self, entry: &Entry, wanted: &Wanted) -> Known {
        let score = self.scores.get(&entry.request_id).copied();
        let saved = match (wanted.premium, entry.credits, entry.answer) {
            (None, ..) => Saved::Unasked,
            (_, None, _) | (_, _, Answer::Untold) => Saved::Untold,
            (_, Some(paid), Answer::None) => Saved::Of(paid, 0.0),
            (Some(price), Some(paid), Answer::Used(usage)) => {
                Saved::Of(paid, credits(price.cost(&usage, 0).micros()))
            }
        };
        Known { score: score.filter(|score| (0.0..=1.0).contains(score)), saved }
    }

    fn experiments(&self, wanted: &Wanted) -> Vec<Group> {
        let names: BTreeSet<&String> =
            self.entries.iter().flat_map(|own| own.arms.keys()).collect();
        names.into_iter().map(|name| self.experiment(name, wanted)).collect()
    }

    fn experiment(&self, name: &str, wanted: &Wanted) -> Group {
        let known = wanted.policies.first().and_then(|own| own.experiments.get(name));
        let mut samples: BTreeMap<String, Sample> = BTreeMap::new();
        let mut drawn: BTreeMap<String, Drawn> = BTreeMap::new();
        let mut independent = Independent::Requests;
        for (place, entry) in self.entries.iter().enumerate() {
            let Some(arm) = entry.arms.get(name) else { continue };
            let unit = match (unit(entry, name, known), independent) {
                (Ok(None), _) => None,
                (Ok(unit), Independent::UnitsUntold) => unit,
                (Ok(unit), _) => {
                    independent = Independent::Units;
                    unit
                }
                (Err(Untold), _) => {
                    independent = Independent::UnitsUntold;
                    None
                }
            };
            let sample = samples.entry(arm.clone()).or_default();
            sample.add(entry, self.known(entry, wanted), unit.as_deref());
            let unit = unit.unwrap_or_else(|| place.to_string());
            drawn.entry(entry.policy.clone()).or_default().add(arm, unit);
        }
        let weights = |digest: &str| {
            // The policy in force stands for what names none.
            let mut all = wanted.policies.iter();
            let policy = all.find(|own| digest.is_empty() || own.digest == digest)?;
            policy.experiments.get(name).map(|own| own.arms.as_slice())
        };
        let mut sizes = Sizes::of(&drawn, weights);
        if wanted.policies.is_empty() {
            // Nobody asks for it.
            sizes.left_out = 0;
        }
        let arms = known.map(|own| own.arms.as_slice()).unwrap_or_default();
        let order: Vec<String> = arms.iter().map(|(arm, _)| arm.clone()).collect();
        let rows = rows(samples, &order, wanted.control.as_deref());
        let (name, what) = (name.to_owned(), "arm".to_owned());
        Group { name, what, rows, sizes, drawn: true, independent }
    }

    fn grouped(&self, by: &str, wanted: &Wanted) -> Result<Group, String> {
        let name = entry::NAMES.iter().find(|name| **name == by);
        let name = *name.ok_or_else(|| {
            format!("--by: expected one of {}, found `{by}`", entry::NAMES.join(", "))
        })?;
        let mut samples: BTreeMap<String, Sample> = BTreeMap::new();
        for entry in &self.entries {
            let own = entry.names.get(name).map_or("none", String::as_str);
            let sample = samples.entry(own.to_owned()).or_default();
            sample.add(entry, self.known(entry, wanted), None);
        }
        let rows = rows(samples, &[], wanted.control.as_deref());
        let (name, sizes) = (name.to_owned(), Sizes::default());
        let independent = Independent::Requests;
        Ok(Group { what: name.clone(), name, rows, sizes, drawn: false, independent })
    }
}

/// The names of all rows.
fn rows_of(groups: &[Group]) -> impl Iterator<Item = &str> {
    groups.iter().flat_map(|group| group.rows.iter().map(|row| row.name.as_str()))
}

/// Nobody says what an experiment's unit is.
struct Untold;

/// Whose request it is, as far as an experiment tells people apart; `None` for one that is drawn
/// for itself.
fn unit(
    entry: &Entry,
    experiment: &str,
    known: Option<&Experiment>,
) -> Result<Option<String>, Untold> {
    if let Some(unit) = entry.units.get(experiment) {
        return Ok(Some(unit.clone()));
    }
    // Where lines tell of policies they tell of units.
    if !entry.policy.is_empty() {
        return Ok(None);
    }
    let members = known.and_then(|own| own.unit.as_ref()).ok_or(Untold)?;
    let own = members.iter().map(|member| entry.names.get(member).map(String::as_str));
    let own: Vec<&str> = own.collect::<Option<_>>().ok_or(Untold)?;
    Ok((!own.is_empty()).then(|| own.join("\u{1f}")))
}

/// The rows in the policy's order, control first, each held against it.
fn rows(
    mut samples: BTreeMap<String, Sample>,
    order: &[String],
    control: Option<&str>,
) -> Vec<Row> {
    let mut names: Vec<String> =
        order.iter().filter(|own| samples.contains_key(*own)).cloned().collect();
    names.extend(samples.keys().filter(|own| !order.contains(own)).cloned());
    if let Some(at) = names.iter().position(|own| Some(own.as_str()) == control) {
        let control = names.remove(at);
        names.insert(0, control);
    }
    let mut rows: Vec<Row> = Vec::new();
    for name in names {
        let Some(mut sample) = samples.remove(&name) else { continue };
        sample.sort();
        let differences = METRICS.iter().map(|metric| {
            let control = &rows.first()?.sample;
            sample.against(control, metric)
        });
        let differences = differences.collect();
        rows.push(Row { name, sample, differences });
    }
    rows
}

/// Credits of millionths of them.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "shown, not charged")]
fn credits(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests;
