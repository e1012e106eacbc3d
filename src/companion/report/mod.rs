//! What an access log says of experiments: arms side by side, with intervals, and how each differs
//! from control; or the same of classes, chains, models; and what was saved.
//!
//! What would have been paid with the premium model alone is the price of the tokens that the
//! answer used: not those of answers before it that were not accepted or broke, which were paid
//! beside it. The premium model is taken to count the same text as as many tokens, to answer at the
//! same length, and to find as much of the input cached. A request that nobody answered counts with
//! what it cost.
mod always;
mod compare;
mod copies;
mod ended;
mod entry;
mod gamma;
mod group;
mod html;
mod json;
mod metric;
mod names;
mod plot;
mod rests;
mod sample;
mod sizes;
mod stats;
mod text;

use std::collections::{BTreeMap, BTreeSet, HashSet};

pub use self::html::page;
pub use self::text::text;

use self::copies::Found;
use self::entry::{Copy, Entry, Rest, Said, Score};
use self::group::Group;
use self::names::Names;
use self::sample::{Sample, Savings};
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

/// A log that is being read. What is kept of a request is numbers and the places of names: some 250
/// bytes, a digest of its line, and one of each user that an experiment draws.
#[derive(Debug, Default)]
pub struct Reading {
    wanted: Wanted,
    names: Names,
    entries: Vec<Entry>,
    copies: Vec<Copy>,
    rests: Vec<Rest>,
    scores: Vec<Score>,
    /// Lines that are no line of an access log.
    unreadable: usize,
    lines: usize,
    /// Digests of the lines so far.
    seen: HashSet<u64>,
    /// Lines that have stood there before.
    repeated: usize,
}

/// What a log says.
#[derive(Debug)]
pub struct Report {
    groups: Vec<Group>,
    lines: usize,
    unreadable: usize,
    repeated: usize,
    requests: usize,
    /// Everything that was saved.
    saved: Savings,
    /// Scores that somebody else has given than who had sent the request.
    strangers: usize,
    /// What experiments have found that copy requests.
    copies: Vec<Found>,
}

impl Reading {
    /// A log of which that is wanted.
    #[must_use]
    pub fn of(wanted: Wanted) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// One line more.
    pub fn line(&mut self, line: &str) {
        self.lines = self.lines.saturating_add(1);
        // A line that names a request is no other's: files that overlap say it twice.
        if line.contains("\"request_id\":") && !self.seen.insert(names::digest(line.trim())) {
            self.repeated = self.repeated.saturating_add(1);
            return;
        }
        match entry::read(line, &mut self.names, self.wanted.premium) {
            Said::Request(entry) => self.entries.push(*entry),
            Said::Copy(copy) => self.copies.push(copy),
            Said::Rest(rest) => self.rests.push(rest),
            Said::Score(score) => self.scores.push(score),
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
    pub fn report(mut self) -> Result<Report, String> {
        self.name_policies();
        rests::add(core::mem::take(&mut self.rests), &mut self.entries);
        let strangers = self.score();
        let groups = match &self.wanted.by {
            Some(by) => vec![self.grouped(by)?],
            None => self.experiments(),
        };
        let groups = if groups.is_empty() { vec![self.grouped("chain")?] } else { groups };
        if let Some(control) = &self.wanted.control {
            let rows = groups.iter().flat_map(|group| &group.rows);
            let names: BTreeSet<&str> = rows.map(|row| row.name.as_str()).collect();
            if !names.contains(control.as_str()) {
                let names: Vec<&str> = names.into_iter().collect();
                return Err(format!(
                    "--control: expected one of {}, found `{control}`",
                    names.join(", ")
                ));
            }
        }
        let mut all = Sample::of(&self.entries);
        (0..self.entries.len()).for_each(|place| all.add(place, None, 0));
        let saved = all.savings();
        let copies = copies::found(&self.copies, &self.entries, &self.names);
        let Self { lines, unreadable, repeated, .. } = self;
        let requests = self.entries.len();
        Ok(Report { groups, lines, unreadable, repeated, requests, saved, strangers, copies })
    }

    /// Older versions name no policy where a request was refused: it was that of the lines around.
    fn name_policies(&mut self) {
        let named = self.entries.iter().map(|own| own.policy).find(|own| !own.is_none());
        let mut policy = named.unwrap_or_default();
        for entry in &mut self.entries {
            if entry.policy.is_none() && entry.is_refused() {
                entry.policy = policy;
            } else if !entry.policy.is_none() {
                policy = entry.policy;
            }
        }
    }

    /// Gives each request the last score that its own app has given it, and says how many scores
    /// are somebody else's: of another tenant, or of another user where both are known.
    fn score(&mut self) -> usize {
        let mut scores: BTreeMap<u64, Vec<Score>> = BTreeMap::new();
        for score in core::mem::take(&mut self.scores) {
            scores.entry(score.about).or_default().push(score);
        }
        if scores.is_empty() {
            return 0;
        }
        let place = |member: &str| entry::NAMES.iter().position(|own| *own == member);
        let [tenant, user] = ["tenant", "user"].map(|member| place(member).unwrap_or_default());
        let mut strangers: usize = 0;
        for entry in &mut self.entries {
            let Some(scores) = scores.get(&entry.request_id) else { continue };
            let [tenant, user] =
                [tenant, user].map(|place| entry.names.get(place).copied().unwrap_or_default());
            for own in scores {
                if own.tenant.is_another(tenant) || own.user.is_another(user) {
                    strangers = strangers.saturating_add(1);
                } else {
                    entry.score = Some(own.score).filter(|own| (0.0..=1.0).contains(own)).into();
                }
            }
        }
        strangers
    }
}

#[cfg(test)]
mod tests;
