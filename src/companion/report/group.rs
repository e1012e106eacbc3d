//! Requests side by side: by their arms of an experiment, or by what else their lines say.
use std::collections::BTreeMap;

use super::compare::difference;
use super::entry::{self, Entry, Exposure};
use super::metric::METRICS;
use super::names::{Name, digest};
use super::sample::{Sample, Savings, Shown};
use super::sizes::{Drawn, Sizes, strata};
use super::stats::Difference;
use super::{Experiment, Reading};

/// One experiment, or one way to group requests.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    /// What each row is: an arm, a class.
    pub(super) what: String,
    pub(super) rows: Vec<Row>,
    pub(super) sizes: Sizes,
    /// Whether rows were drawn by lot, so that a difference is the row's doing.
    pub(super) drawn: bool,
    pub(super) independent: Independent,
}

/// What intervals and tests take for independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Independent {
    /// The experiment's units.
    Units,
    /// Requests, since each is drawn for itself, or nothing is drawn.
    Requests,
    /// Requests, since some lines do not say what their unit was.
    UnitsUntold,
}

/// One arm, or what else is grouped by.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) requests: usize,
    pub(super) units: usize,
    /// What is shown of each metric, and how it differs from the first row.
    pub(super) metrics: Vec<Option<(Shown, Option<Difference>)>>,
    pub(super) saved: Savings,
}

impl Independent {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::Requests => "requests",
            Self::UnitsUntold => "requests, units untold",
        }
    }
}

impl Reading {
    pub(super) fn experiments(&self) -> Vec<Group> {
        let all = self.entries.iter().flat_map(|own| &own.exposures);
        let names: BTreeMap<&str, Name> =
            all.map(|own| (self.names.text(own.experiment), own.experiment)).collect();
        names.into_iter().map(|(text, name)| self.experiment(text, name)).collect()
    }

    fn experiment(&self, text: &str, name: Name) -> Group {
        let policies = &self.wanted.policies;
        let known = policies.first().and_then(|own| own.experiments.get(text));
        let weights = |digest: &str| {
            // The policy in force stands for what names none.
            let mut all = policies.iter();
            let policy = all.find(|own| digest.is_empty() || own.digest == digest)?;
            policy.experiments.get(text).map(|own| own.arms.as_slice())
        };
        let strata = strata(self.policies_of(name).into_iter(), weights);
        let mut samples: BTreeMap<String, Sample<'_>> = BTreeMap::new();
        let mut drawn: BTreeMap<String, Drawn> = BTreeMap::new();
        let mut independent = Independent::Requests;
        for (place, entry) in self.entries.iter().enumerate() {
            let Some(exposure) = exposure(entry, name) else { continue };
            let unit = match (self.unit(entry, exposure, known), independent) {
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
            let (arm, policy) = (self.names.text(exposure.arm), self.names.text(entry.policy));
            let stratum = strata.get(policy).copied().unwrap_or_default();
            sample(&mut samples, arm, &self.entries).add(place, unit, stratum);
            let unit = unit.unwrap_or_else(|| u64::try_from(place).unwrap_or_default());
            if !drawn.contains_key(policy) {
                drawn.insert(policy.to_owned(), Drawn::default());
            }
            drawn.get_mut(policy).into_iter().for_each(|own| own.add(arm, unit));
        }
        let mut sizes = Sizes::of(drawn, weights);
        if policies.is_empty() {
            // Nobody asks for it.
            sizes.left_out = 0;
        }
        let arms = known.map(|own| own.arms.as_slice()).unwrap_or_default();
        let order: Vec<&str> = arms.iter().map(|(arm, _)| arm.as_str()).collect();
        let rows = rows(samples, &order, self.wanted.control.as_deref());
        let (name, what) = (text.to_owned(), "arm".to_owned());
        Group { name, what, rows, sizes, drawn: true, independent }
    }

    /// The policies that have drawn requests of an experiment, in the order in which they did.
    fn policies_of(&self, experiment: Name) -> Vec<&str> {
        let mut found: Vec<Name> = Vec::new();
        for entry in self.entries.iter().filter(|own| exposure(own, experiment).is_some()) {
            if !found.contains(&entry.policy) {
                found.push(entry.policy);
            }
        }
        found.into_iter().map(|name| self.names.text(name)).collect()
    }

    pub(super) fn grouped(&self, by: &str) -> Result<Group, String> {
        let place = entry::NAMES.iter().position(|name| *name == by);
        let place = place.ok_or_else(|| {
            format!("--by: expected one of {}, found `{by}`", entry::NAMES.join(", "))
        })?;
        let mut samples: BTreeMap<String, Sample<'_>> = BTreeMap::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let name = entry.names.get(place).copied().unwrap_or_default();
            let name = if name.is_none() { "none" } else { self.names.text(name) };
            sample(&mut samples, name, &self.entries).add(index, None, 0);
        }
        let rows = rows(samples, &[], self.wanted.control.as_deref());
        let (name, sizes) = (by.to_owned(), Sizes::default());
        let independent = Independent::Requests;
        Ok(Group { what: name.clone(), name, rows, sizes, drawn: false, independent })
    }

    /// Whose request it is, as far as an experiment tells people apart; `None` for one that is
    /// drawn for itself.
    fn unit(
        &self,
        entry: &Entry,
        exposure: &Exposure,
        known: Option<&Experiment>,
    ) -> Result<Option<u64>, Untold> {
        // Where lines tell of policies they tell of units.
        if exposure.unit.is_some() || !entry.policy.is_none() {
            return Ok(exposure.unit);
        }
        let members = known.and_then(|own| own.unit.as_ref()).ok_or(Untold)?;
        let own = members.iter().map(|member| {
            let place = entry::NAMES.iter().position(|own| own == member)?;
            let name = entry.names.get(place).filter(|own| !own.is_none())?;
            Some(self.names.text(*name))
        });
        let own: Vec<&str> = own.collect::<Option<_>>().ok_or(Untold)?;
        Ok((!own.is_empty()).then(|| digest(&own.join("\u{1f}"))))
    }
}

/// A request's arm of an experiment.
fn exposure(entry: &Entry, experiment: Name) -> Option<&Exposure> {
    entry.exposures.iter().find(|own| own.experiment == experiment)
}

/// Nobody says what an experiment's unit is.
struct Untold;

/// The sample of that name.
fn sample<'s, 'e>(
    samples: &'s mut BTreeMap<String, Sample<'e>>,
    name: &str,
    entries: &'e [Entry],
) -> &'s mut Sample<'e> {
    if !samples.contains_key(name) {
        samples.insert(name.to_owned(), Sample::of(entries));
    }
    samples.entry(name.to_owned()).or_insert_with(|| Sample::of(entries))
}

/// The rows in the policy's order, control first, each held against it.
fn rows(samples: BTreeMap<String, Sample<'_>>, order: &[&str], control: Option<&str>) -> Vec<Row> {
    let mut names: Vec<&str> =
        order.iter().filter(|own| samples.contains_key(**own)).copied().collect();
    names.extend(samples.keys().map(String::as_str).filter(|own| !order.contains(own)));
    if let Some(at) = names.iter().position(|own| Some(*own) == control) {
        let control = names.remove(at);
        names.insert(0, control);
    }
    let control = names.first().and_then(|name| samples.get(*name));
    let row = |(place, name): (usize, &&str)| {
        let sample = samples.get(*name)?;
        let metrics = METRICS.iter().map(|metric| {
            let control = control.filter(|_| place > 0);
            let found = control.and_then(|control| difference(sample, control, metric));
            Some((sample.shown(metric)?, found))
        });
        Some(Row {
            name: (*name).to_owned(),
            requests: sample.requests(),
            units: sample.units(),
            metrics: metrics.collect(),
            saved: sample.savings(),
        })
    };
    names.iter().enumerate().filter_map(row).collect()
}
