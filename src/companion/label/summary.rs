//! What came of all pairs, in words.
use std::collections::BTreeMap;
use std::io;

use super::compare::{By, Why};
use super::gateway::Used;

/// What was found of a pair.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Both answers come to the same.
    Same(By),
    /// They do not.
    Apart(By),
    /// A judge has found the budget model's to be worth so much of the premium model's.
    Judged(f64),
    /// Nobody can say.
    Unclear(Why),
    /// One model has answered both.
    SameModel,
    /// The judge gave no verdict.
    NoVerdict,
    /// The judge did not answer: why.
    Unanswered(String),
    /// More pairs than are to be judged.
    TooMany,
    /// Nobody asked the judge any more.
    NotAsked,
}

impl Found {
    /// The quality of the budget model's answer; `None` where it has no label.
    #[must_use]
    pub const fn quality(&self) -> Option<f64> {
        match self {
            Self::Same(_) => Some(1.0),
            Self::Apart(_) => Some(0.0),
            Self::Judged(quality) => Some(*quality),
            _ => None,
        }
    }

    /// By what it has a label, or why it has none.
    fn words(&self, may_judge: bool) -> String {
        match self {
            Self::Same(by) | Self::Apart(by) => by.name().to_owned(),
            Self::Judged(_) => "the judge".to_owned(),
            Self::Unclear(why) if why.is_for_a_judge() && !may_judge => {
                format!("{}: --judge MODEL may tell", why.meaning())
            }
            Self::Unclear(why) => why.meaning().to_owned(),
            Self::SameModel => "both were answered by the same model".to_owned(),
            Self::NoVerdict => "the judge gave no verdict".to_owned(),
            Self::Unanswered(why) => format!("the judge did not answer: {why}"),
            Self::TooMany => "more than --judge-at-most".to_owned(),
            Self::NotAsked => "the judge was not asked any more".to_owned(),
        }
    }
}

/// What came of all pairs.
#[derive(Debug, Default)]
pub struct Summary {
    pub requests: usize,
    pub copies: usize,
    pub unreadable: usize,
    pub again: usize,
    pub without_copy: usize,
    pub without_request: usize,
    pub used: Used,
    found: Vec<Found>,
    /// How many answers each model has given, of both sides.
    models: [BTreeMap<String, usize>; 2],
}

impl Summary {
    /// One pair more.
    pub fn add(&mut self, premium: &str, budget: &str, found: Found) {
        for (models, model) in self.models.iter_mut().zip([premium, budget]) {
            let count = models.entry(model.to_owned()).or_default();
            *count = count.saturating_add(1);
        }
        self.found.push(found);
    }

    /// Says it on standard error.
    pub fn tell(&self, may_judge: bool) {
        // Nothing is left to do when standard error is gone.
        let _ = self.write(&mut io::stderr().lock(), may_judge);
    }

    fn write(&self, out: &mut dyn io::Write, may_judge: bool) -> io::Result<()> {
        writeln!(out, "records of requests: {}, of copies: {}", self.requests, self.copies)?;
        for (count, what) in [
            (self.unreadable, "lines that could not be read"),
            (self.again, "records of a request that has one already"),
            (self.without_copy, "requests without their copy"),
            (self.without_request, "copies without their request"),
        ] {
            if count > 0 {
                writeln!(out, "  {what}: {count}")?;
            }
        }
        let [premium, budget] = self.models.each_ref().map(|models| {
            let own = models.iter().map(|(model, count)| format!("{model} ({count})"));
            own.collect::<Vec<_>>().join(", ")
        });
        if !self.found.is_empty() {
            writeln!(out, "premium answers: {premium}")?;
            writeln!(out, "budget answers: {budget}")?;
        }
        self.labels(out, may_judge)?;
        if self.used.requests > 0 {
            let Used { requests, input, output } = self.used;
            writeln!(out, "the judge: {requests} answers, {input} tokens in, {output} out")?;
        }
        Ok(())
    }

    fn labels(&self, out: &mut dyn io::Write, may_judge: bool) -> io::Result<()> {
        let (mut labelled, mut others) = (BTreeMap::new(), BTreeMap::<String, usize>::new());
        for found in &self.found {
            let words = found.words(may_judge);
            let Some(quality) = found.quality() else {
                let count = others.entry(words).or_default();
                *count = count.saturating_add(1);
                continue;
            };
            let counts: &mut [usize; 3] = labelled.entry(words).or_default();
            let [good, half, worse] = counts;
            let own = if quality >= 1.0 {
                good
            } else if quality > 0.0 {
                half
            } else {
                worse
            };
            *own = own.saturating_add(1);
        }
        let sum = |counts: &[usize; 3]| counts.iter().sum::<usize>();
        let all: usize = labelled.values().map(sum).sum();
        writeln!(out, "labels: {all} of {} pairs", self.found.len())?;
        for (by, [good, half, worse]) in &labelled {
            let half = if *half > 0 { format!(", undecided in {half}") } else { String::new() };
            writeln!(out, "  by {by}: budget as good in {good}, worse in {worse}{half}")?;
        }
        let none: usize = others.values().sum();
        if none > 0 {
            writeln!(out, "no label: {none}")?;
        }
        others.iter().try_for_each(|(why, count)| writeln!(out, "  {count}: {why}"))
    }
}
