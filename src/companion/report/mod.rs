//! What an access log says of experiments: arms side by side, with intervals, and how each differs
//! from control; or the same of classes, chains, models.
mod copies;
mod entry;
mod html;
mod plot;
mod sample;
mod stats;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

pub use self::html::page;
pub use self::text::text;

use self::copies::Found;
use self::entry::{Copy, Entry, Said};
use self::sample::{Known, METRICS, Metric, Sample, Unit};
use self::stats::{Difference, Estimate, Interval};

/// What a report is to be of.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What requests are grouped by where it is not their arms: a member of the access log.
    pub by: Option<String>,
    /// The arm that the others are held against; the first of each experiment where nobody says.
    pub control: Option<String>,
    /// What is known of the experiments, by their names.
    pub experiments: BTreeMap<String, Experiment>,
    /// The premium model's prices, in credits for a token of input, of cached input, of output.
    pub premium: Option<[f64; 3]>,
}

/// What a policy says of an experiment.
#[derive(Debug, Clone, Default)]
pub struct Experiment {
    /// Who has an arm: a member of the access log, or nothing for each request on its own.
    pub unit: Vec<&'static str>,
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
    pub(self) groups: Vec<Group>,
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
    /// The chance of such sizes, were the weights true.
    mismatch: Option<f64>,
    /// Whether rows were drawn by lot, so that a difference is the row's doing.
    drawn: bool,
}

#[derive(Debug)]
struct Row {
    name: String,
    sample: Sample,
    /// For each metric how it differs from the first row.
    differences: Vec<Option<Difference>>,
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
    /// What nobody can be grouped by.
    pub fn report(self, wanted: &Wanted) -> Result<Report, String> {
        let mut all = Sample::default();
        for entry in &self.entries {
            all.add(entry, self.known(entry, wanted), &entry.request_id);
        }
        let groups = match &wanted.by {
            Some(by) => vec![self.grouped(by, wanted)?],
            None => self.experiments(wanted),
        };
        let groups = if groups.is_empty() { vec![self.grouped("chain", wanted)?] } else { groups };
        let copies = copies::found(&self.copies, &self.entries);
        Ok(Report { groups, lines: self.lines, unreadable: self.unreadable, all, copies })
    }

    fn known(&self, entry: &Entry, wanted: &Wanted) -> Known {
        let score = self.scores.get(&entry.request_id).copied();
        let premium = wanted.premium.map(|[input, cached, output]| {
            let fresh = (entry.input_tokens - entry.cached_tokens).max(0.0);
            fresh * input + entry.cached_tokens * cached + entry.output_tokens * output
        });
        Known { score, premium: premium.filter(|_| entry.output_tokens > 0.0) }
    }

    fn experiments(&self, wanted: &Wanted) -> Vec<Group> {
        let names: BTreeSet<&String> =
            self.entries.iter().flat_map(|own| own.arms.keys()).collect();
        let group = |name: &String| {
            let unknown = Experiment::default();
            let known = wanted.experiments.get(name).unwrap_or(&unknown);
            let mut samples = BTreeMap::new();
            let mut sizes: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            for entry in &self.entries {
                let Some(arm) = entry.arms.get(name) else { continue };
                let unit = unit(entry, &known.unit);
                sizes.entry(arm).or_default().insert(unit.clone());
                let sample: &mut Sample = samples.entry(arm.clone()).or_default();
                sample.add(entry, self.known(entry, wanted), &unit);
            }
            let order = known.arms.iter().map(|(arm, _)| arm.clone()).collect::<Vec<_>>();
            let counts: Vec<(f64, f64)> = known
                .arms
                .iter()
                .map(|(arm, weight)| {
                    let units = sizes.get(arm.as_str()).map_or(0, BTreeSet::len);
                    (stats::float(units), *weight)
                })
                .collect();
            let mismatch = stats::mismatch(&counts);
            let rows = rows(samples, &order, wanted.control.as_deref());
            Group { name: name.clone(), what: "arm".to_owned(), rows, mismatch, drawn: true }
        };
        names.into_iter().map(group).collect()
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
            sample.add(entry, self.known(entry, wanted), &entry.request_id);
        }
        let rows = rows(samples, &[], wanted.control.as_deref());
        let name = name.to_owned();
        Ok(Group { what: name.clone(), name, rows, mismatch: None, drawn: false })
    }
}

/// Whose request it is, as far as an experiment tells people apart.
fn unit(entry: &Entry, members: &[&str]) -> String {
    if members.is_empty() {
        return entry.request_id.clone();
    }
    let own = members.iter().map(|member| entry.names.get(member).map_or("", String::as_str));
    own.collect::<Vec<_>>().join("\u{1f}")
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
            let control = rows.first()?.sample.mean(metric)?;
            sample.mean(metric)?.against(control)
        });
        let differences = differences.collect();
        rows.push(Row { name, sample, differences });
    }
    rows
}

/// A chance below which sizes are said to be wrong: looked at often, one of twenty would be.
const MISMATCH: f64 = 0.001;

impl Report {
    /// The report as JSON: every number with its interval.
    #[must_use]
    pub fn json(&self) -> Value {
        let interval =
            |own: Interval| json!({"value": own.value, "low": own.low, "high": own.high});
        let metrics = |row: &Row| {
            let mut out = serde_json::Map::new();
            for (metric, difference) in METRICS.iter().zip(&row.differences) {
                let Some(mean) = shown(&row.sample, metric) else { continue };
                let mut own = serde_json::Map::new();
                own.insert("mean".to_owned(), interval(mean));
                for (name, part) in QUANTILES {
                    let found = stats::quantile(row.sample.times(metric), part);
                    own.extend(found.map(|found| (name.to_owned(), interval(found))));
                }
                if let Some(difference) = difference {
                    own.insert("difference".to_owned(), interval(difference.interval));
                    own.insert("p".to_owned(), json!(difference.p));
                }
                out.insert(metric.name.to_owned(), Value::Object(own));
            }
            out
        };
        let row = |row: &Row| {
            let (paid, premium) = row.sample.paid();
            json!({
                "name": row.name,
                "requests": row.sample.requests,
                "units": row.sample.units(),
                "metrics": metrics(row),
                "saved": row.sample.saved().map(|own| interval(own.interval())),
                "paid": paid,
                "premium": premium,
            })
        };
        let group = |own: &Group| {
            json!({
                "name": own.name,
                "by": own.what,
                "drawn": own.drawn,
                "mismatch_p": own.mismatch,
                "rows": own.rows.iter().map(row).collect::<Vec<_>>(),
            })
        };
        let (paid, premium) = self.all.paid();
        let copies: Vec<Value> = self.copies.iter().map(Found::json).collect();
        let mut all = json!({
            "lines": self.lines,
            "unreadable": self.unreadable,
            "requests": self.all.requests,
            "groups": self.groups.iter().map(group).collect::<Vec<_>>(),
            "saved": self.all.saved().map(|own| interval(own.interval())),
            "paid": paid,
            "premium": premium,
        });
        if let (false, Value::Object(members)) = (copies.is_empty(), &mut all) {
            members.insert("copies".to_owned(), copies.into());
        }
        all
    }
}

/// The quantiles that are shown of times.
const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// A metric's mean with its interval: a share's stays within 0 and 1.
fn shown(sample: &Sample, metric: &Metric) -> Option<Interval> {
    let Estimate { mean, units, .. } = sample.mean(metric)?;
    let own = sample.mean(metric)?.interval();
    if metric.unit != Unit::Share {
        return Some(own);
    }
    // Where units are requests it is Wilson's interval; else what units differ by is wider.
    let least = stats::share(mean * units, units)?;
    Some(Interval {
        value: mean,
        low: own.low.min(least.low).max(0.0),
        high: own.high.max(least.high).min(1.0),
    })
}
