//! Why a request is served as it is: what `explain` and the access log print.
use std::borrow::Cow;

use crate::json::Writer;

/// What the steps of a decision have chosen and passed over, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace(Vec<Entry>);

/// One choice of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The step's name.
    pub step: &'static str,
    /// The chain that the choice is about.
    pub chain: String,
    /// What the step made of the subject.
    pub verdict: Verdict,
    /// What was chosen or passed over: a chain, a model.
    pub subject: String,
    /// Why.
    pub reason: Cow<'static, str>,
}

/// What a step made of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may serve the request.
    Chosen,
    /// It may not.
    Skipped,
}

impl Verdict {
    /// The verdict's name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Skipped => "skipped",
        }
    }
}

impl Trace {
    /// Adds an entry.
    pub(super) fn add(&mut self, entry: Entry) {
        self.0.push(entry);
    }

    /// The entries about one chain, in order.
    pub fn of<'t>(&'t self, chain: &'t str) -> impl Iterator<Item = &'t Entry> {
        self.0.iter().filter(move |entry| entry.chain == chain)
    }

    /// The entries about one chain as JSON:
    /// `[{"step":"fit","skipped":"gpt","reason":"it has no `images`, …"}]`.
    #[must_use]
    pub fn json(&self, chain: &str) -> Vec<u8> {
        let mut json = Writer::after(Vec::with_capacity(128));
        json.array(|json| {
            for entry in self.of(chain) {
                json.object(|json| {
                    json.key("step").string(entry.step);
                    json.key(entry.verdict.name()).string(&entry.subject);
                    json.key("reason").string(&entry.reason);
                });
            }
        });
        json.finish()
    }
}
