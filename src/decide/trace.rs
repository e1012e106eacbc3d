//! Why a request is served as it is, or refused: what `explain` and the access log print.
use std::borrow::Cow;

use crate::dialect::Fault;
use crate::json::Writer;
use crate::policy::shown;

/// Longest reason in the log, in characters: the paths of an app's own fields stand in some.
const REASON_MAX: usize = 400;

/// What the steps of a decision have chosen and passed over, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace(Vec<Entry>);

/// One choice of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name of the step that has chosen.
    pub step: &'static str,
    /// The chain that the choice is about; `None` for a choice that holds for every chain.
    pub chain: Option<String>,
    /// What the step made of the subject.
    pub verdict: Verdict,
    /// What the choice is about: a class, a chain, a model, a field, the request.
    pub subject: String,
    /// Why, in words for an operator; an app may have named some of the fields in it.
    pub reason: Cow<'static, str>,
}

/// What a step made of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The request is of that class.
    Classed,
    /// The request is in that arm of an experiment: `experiment=arm`.
    Assigned,
    /// What keeps such an arm, by a digest, where that is not the request alone:
    /// `experiment=digest`.
    Unit,
    /// The experiment does not have the request. Told to those who watch.
    NotTaken,
    /// The chain may serve the request.
    Chosen,
    /// The model has answered before, and is tried first.
    Kept,
    /// The model may not serve the request.
    Skipped,
    /// The model is asked, though it has failed of late.
    Tried,
    /// The model may give less than it was asked for, or less than half of what it could.
    Lowered,
    /// A rule adds to the request.
    Added,
    /// The model is sent the conversation without its oldest turns.
    Shortened,
    /// What of the request is kept by the model's provider is marked.
    Marked,
    /// The model answers first, and its answer is judged.
    Judged,
    /// The model answers, and nobody judges that, though it is not the last one of its cascade.
    Unjudged,
    /// More is set aside than the request itself can use.
    Raised,
    /// What the policy says there counts for the request. Told to those who watch.
    Applied,
    /// Nobody serves the request.
    Refused,
}

impl Verdict {
    /// The verdict's name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classed => "classed",
            Self::Assigned => "assigned",
            Self::Unit => "unit",
            Self::Chosen => "chosen",
            Self::Kept => "kept",
            // What did not count was passed over, whatever it is.
            Self::NotTaken | Self::Skipped => "skipped",
            Self::Tried => "tried",
            Self::Lowered => "lowered",
            Self::Added => "added",
            Self::Shortened => "shortened",
            Self::Marked => "marked",
            Self::Judged => "judged",
            Self::Unjudged => "unjudged",
            Self::Raised => "raised",
            Self::Applied => "applied",
            Self::Refused => "refused",
        }
    }
}

impl Trace {
    /// Adds an entry.
    pub(super) fn add(&mut self, entry: Entry) {
        self.0.push(entry);
    }

    /// Adds entries.
    pub(super) fn extend(&mut self, entries: impl IntoIterator<Item = Entry>) {
        self.0.extend(entries);
    }

    /// Adds that a step has refused the request; the subject is the model that was asked for, or
    /// whom the step refuses it to.
    pub fn refuse(&mut self, step: &'static str, subject: &str, fault: &Fault) {
        self.add(Entry {
            step,
            chain: None,
            verdict: Verdict::Refused,
            subject: shown(subject),
            reason: Cow::Owned(fault.message.clone()),
        });
    }

    /// The entries that hold for one chain, in order; all of them where no chain was chosen.
    pub fn of<'t>(&'t self, chain: Option<&'t str>) -> impl Iterator<Item = &'t Entry> {
        self.0.iter().filter(move |entry| match (chain, entry.chain.as_deref()) {
            (Some(chain), Some(own)) => chain == own,
            _ => true,
        })
    }

    /// What got that verdict, in order.
    pub fn subjects(&self, verdict: Verdict) -> impl Iterator<Item = &str> {
        let entries = self.0.iter().filter(move |entry| entry.verdict == verdict);
        entries.map(|entry| entry.subject.as_str())
    }

    /// The same entries as JSON:
    /// `[{"step":"fit","skipped":"gpt","reason":"it has no `images`, …"}]`.
    #[must_use]
    pub fn json(&self, chain: Option<&str>) -> Vec<u8> {
        let mut json = Writer::after(Vec::with_capacity(128));
        json.array(|json| {
            for entry in self.of(chain) {
                json.object(|json| {
                    json.key("step").string(entry.step);
                    json.key(entry.verdict.name()).string(&entry.subject);
                    json.key("reason").string(&entry.shown_reason());
                });
            }
        });
        json.finish()
    }
}

impl Entry {
    /// The reason as the log has it.
    #[must_use]
    pub fn shown_reason(&self) -> Cow<'_, str> {
        logged(&self.reason)
    }
}

/// A text as the log has it, which an app may have chosen.
#[must_use]
pub fn logged(text: &str) -> Cow<'_, str> {
    if text.len() <= REASON_MAX {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(REASON_MAX).and_then(|(end, _)| text.get(..end));
    end.map_or(Cow::Borrowed(text), |start| Cow::Owned(format!("{start}…")))
}
