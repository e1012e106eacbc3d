//! What one attempt tells of itself: how it stands, when what happened, what was used.
//!
//! The provider role publishes it to filter state under its model's name, the edge role reads it
//! when the request is over. Bills, counters and the log learn of attempts from nothing else, so
//! none of them depends on headers or on how Envoy counts attempts.
//!
//! It is published when the attempt begins, when it is judged, at its end and on the way: an app
//! that leaves ends the edge role before the provider role, so what is known then is what was
//! published last.
mod words;

use std::borrow::Cow;

pub(super) use self::words::{ABANDONED, CUT, DEADLINE, RESUMED, SILENCE, STALE, UNJUDGED, words};
use self::words::{UNANSWERED, progress, word};
use super::conclusion::Conclusion;
use super::contract::VERSION;
use super::credible::believed;
use super::filter_state;
use super::said::Said;
use super::stopped_by::StoppedBy;
use super::{Effect, Envoy, Outcome};
use crate::layout::{Reader, Writer};
use crate::policy::parted;
use crate::usage::Usage;

/// Longer without a word than this, in milliseconds, and an attempt is at something that is not
/// seen: it waits, reads or reasons. Providers stream a word many times a second.
pub(super) const QUIET_MS: u64 = 1_000;

/// Longest id of an answer that is told, in bytes: Anthropic's have 28.
const ID_MAX: usize = 128;

/// One attempt, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The model, by its name in the policy.
    pub model: String,
    /// The account of its provider at which it was asked; empty where that has none.
    pub account: String,
    /// The provider's id of its answer; empty where there is none yet.
    pub answer_id: String,
    /// The digest of the id of the first function call in its answer; 0 where there is none.
    pub call: u64,
    /// How often this model was tried: more than once where a connection was stale.
    pub tries: u64,
    /// How it stands.
    pub progress: Progress,
    /// The provider's HTTP status; 0 before there is one.
    pub status: u16,
    /// When it began, by the proxy's clock in milliseconds, as all times here.
    pub began_ms: u64,
    /// When its first content came; 0 while there is none. From then on the app has a part of it.
    pub first_ms: u64,
    /// When text came last; 0 while there is none. Reasoning is no text.
    pub last_ms: u64,
    /// When it ended; 0 while it has not.
    pub ended_ms: u64,
    /// The time in which nothing was said, as far as something has been said since.
    pub quiet: Quiet,
    /// What it has used.
    pub used: Used,
    /// Bytes of its answer's body that have been handed on to the app.
    pub bytes: u64,
    /// Envoy's words for why it had no connection, or lost it; the rule that an answer breaks which
    /// is not accepted; [`SILENCE`] where its answer broke by that; empty otherwise.
    pub why: String,
    /// What its answer comes to, where that is compared with another's.
    pub conclusion: Option<Conclusion>,
    /// How many legs after it are left out: those of a model whose answer was to agree with this
    /// one's, and those of its own model at other accounts.
    pub skips: u64,
    /// Why no other model was asked after it, where there was one.
    pub stopped_by: Option<StoppedBy>,
    /// How long its provider asks to be left alone, in milliseconds; 0 where it does not.
    pub wait_ms: u64,
    /// Its failure would be that of every request: no words of this one can have made it.
    pub is_of_all: bool,
    /// Another model has gone on with its answer, which broke in mid-stream.
    pub resumed: bool,
    /// What its answer has said, where somebody listened and it came to its own end.
    pub said: Option<Box<Said>>,
}

/// How an attempt stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Progress {
    /// It runs, or was left without an answer: whoever ended it told this attempt nothing.
    #[default]
    Running,
    /// Its answer came to its own end.
    Answered,
    /// Its answer had begun, and broke.
    Cut,
    /// It failed before the app had any of it.
    Failed(Outcome),
}

/// What an attempt has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// What the provider has reported; `None` while it has not.
    pub reported: Option<Usage>,
    /// Tokens of text and calls that were seen, estimated.
    pub text_estimate: u64,
    /// Tokens of reasoning that were seen, estimated.
    pub reasoning_estimate: u64,
}

/// The time in which nothing was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quiet {
    /// How much of it there was, in milliseconds.
    pub ms: u64,
    /// Tokens of the text that ended it: they were made while it lasted.
    pub ended: u64,
}

impl Report {
    /// An attempt of a leg that begins.
    #[must_use]
    pub fn begin(leg: &str, now_ms: u64) -> Self {
        let (model, account) = parted(leg);
        let (model, account) = (model.to_owned(), account.unwrap_or_default().to_owned());
        Self { model, account, tries: 1, began_ms: now_ms, ..Self::default() }
    }

    /// The name of its leg.
    #[must_use]
    pub fn leg(&self) -> Cow<'_, str> {
        match &*self.account {
            "" => Cow::Borrowed(&self.model),
            account => Cow::Owned([&*self.model, "@", account].concat()),
        }
    }

    /// Whether it is one of that leg.
    #[must_use]
    pub fn is_of(&self, leg: &str) -> bool {
        let (model, account) = parted(leg);
        self.model == model && self.account == account.unwrap_or_default()
    }

    /// Whether nothing more is to come of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.progress != Progress::Running
    }

    /// Whether its answer came to its own end.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.progress == Progress::Answered
    }

    /// Whether it failed before the app had any of its answer.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        matches!(self.progress, Progress::Failed(_))
    }

    /// Whether the app has been given a part of its answer.
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.first_ms > 0
    }

    /// Whether it has served its app: its answer came to its own end, or the app left while it ran.
    pub(super) fn has_served(&self) -> bool {
        self.is_answered() || (self.progress == Progress::Running && self.has_content())
    }

    /// Notes the provider's id of the answer.
    pub fn answers_as(&mut self, id: &str) {
        if self.answer_id.is_empty() && id.len() <= ID_MAX {
            id.clone_into(&mut self.answer_id);
        }
    }

    /// Notes that content has come.
    pub fn content(&mut self, now_ms: u64) {
        if self.first_ms == 0 {
            self.first_ms = now_ms;
        }
    }

    /// Notes that so many tokens of text have come.
    pub fn text(&mut self, tokens: u64, now_ms: u64) {
        let quiet_ms = self.quiet_since(now_ms);
        if quiet_ms > 0 {
            self.quiet.ms = self.quiet.ms.saturating_add(quiet_ms);
            self.quiet.ended = self.quiet.ended.saturating_add(tokens);
        }
        self.last_ms = now_ms;
    }

    /// For how long nothing has been said, in milliseconds; 0 where that is not long.
    #[must_use]
    pub fn quiet_since(&self, now_ms: u64) -> u64 {
        let ms = now_ms.saturating_sub(self.last_ms.max(self.began_ms));
        if ms > QUIET_MS { ms } else { 0 }
    }

    /// Ends it.
    pub fn end(&mut self, progress: Progress, now_ms: u64) {
        self.progress = progress;
        self.ended_ms = now_ms;
    }

    /// Its word in counters and in the log.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.progress {
            Progress::Running if self.first_ms > 0 => CUT,
            Progress::Running => UNANSWERED,
            other => word(other),
        }
    }

    /// Publishes it, in the place of what was published of the same leg before.
    #[must_use]
    pub fn publish(&self) -> Effect {
        Effect::State(filter_state::report(&self.leg()).into(), self.encode())
    }

    /// What these effects publish of an attempt, if they do.
    pub(super) fn published(effects: &[Effect]) -> Option<&[u8]> {
        effects.iter().find_map(|effect| match effect {
            Effect::State(key, report) if key.starts_with(filter_state::REPORT) => Some(&**report),
            _ => None,
        })
    }

    /// What was published of a leg's attempt; `None` when that leg was not tried.
    #[must_use]
    pub fn of(envoy: &dyn Envoy, leg: &str) -> Option<Self> {
        let bytes = envoy.property(&[&filter_state::report(leg)])?;
        Self::decode(&bytes).filter(|report| report.is_of(leg))
    }

    /// Those of a chain's legs that were tried, in order. No leg is tried before the one
    /// before it, but where that is left out, so nothing is asked for that cannot be there, but for
    /// one.
    #[must_use]
    pub fn read(envoy: &dyn Envoy, chain: &[String]) -> Vec<Self> {
        let mut reports: Vec<Self> = Vec::with_capacity(1);
        let mut chain = chain.iter();
        while let Some(report) = chain.next().and_then(|model| Self::of(envoy, model)) {
            let (last, skips) = (report.ends_the_chain(), report.skips);
            reports.push(report);
            if last {
                break;
            }
            if let Some(last) = usize::try_from(skips).ok().and_then(|all| all.checked_sub(1)) {
                chain.nth(last);
            }
        }
        reports
    }

    /// The leg of a chain that comes after those with these reports.
    pub(super) fn next<'c>(reports: &[Self], chain: &'c [String]) -> Option<&'c String> {
        let skipped = reports.iter().map(|report| report.skips).fold(0, u64::saturating_add);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        chain.get(reports.len().saturating_add(skipped))
    }

    /// Whether no other model is asked after it.
    fn ends_the_chain(&self) -> bool {
        match self.progress {
            _ if self.stopped_by.is_some() => true,
            // One that broke before Envoy let go of its first content was followed by another.
            Progress::Running => false,
            Progress::Answered | Progress::Cut => true,
            Progress::Failed(outcome) => !outcome.verdict().fails_over,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(256);
        out.number(VERSION);
        out.text(&self.model);
        out.text(&self.account);
        out.text(word(self.progress));
        out.number(self.tries);
        out.number(self.status.into());
        let Quiet { ms, ended } = self.quiet;
        let Used { reported, text_estimate, reasoning_estimate } = self.used;
        let times = [self.began_ms, self.first_ms, self.last_ms, self.ended_ms, ms];
        let counts = [ended, text_estimate, reasoning_estimate, self.bytes, self.call];
        times.into_iter().chain(counts).for_each(|number| out.number(number));
        out.option(reported, write_usage);
        out.text(&self.why);
        out.text(&self.answer_id);
        out.option(self.conclusion, |out, conclusion| conclusion.write(out));
        out.number(self.skips);
        out.option(self.stopped_by, |out, why| out.text(why.name()));
        out.number(self.wait_ms);
        out.flag(self.is_of_all);
        out.flag(self.resumed);
        out.option(self.said.as_ref(), |out, said| said.write(out));
        out.finish()
    }

    /// Reads a report; `None` for whatever was not written by [`Report::encode`] of this version.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Reader::of(bytes);
        (fields.number()? == VERSION).then_some(())?;
        let (model, account) = (fields.text()?.to_owned(), fields.text()?.to_owned());
        let progress = progress(fields.text()?)?;
        let (tries, status) = (fields.number()?, fields.number()?.try_into().ok()?);
        let mut number = || fields.number();
        let (began_ms, first_ms, last_ms) = (number()?, number()?, number()?);
        let (ended_ms, quiet) = (number()?, Quiet { ms: number()?, ended: number()? });
        let (text_estimate, reasoning_estimate) = (number()?, number()?);
        let (bytes, call) = (number()?, number()?);
        let used = Used { reported: fields.option(read_usage)?, text_estimate, reasoning_estimate };
        let (why, answer_id) = (fields.text()?.to_owned(), fields.text()?.to_owned());
        let (conclusion, skips) = (fields.option(Conclusion::read)?, fields.number()?);
        let stopped_by = fields.option(|fields| StoppedBy::named(fields.text()?))?;
        let (wait_ms, is_of_all) = (fields.number()?, fields.flag()?);
        let resumed = fields.flag()?;
        let said = fields.option(Said::read)?.map(Box::new);
        fields.is_empty().then_some(())?;
        #[rustfmt::skip]
        let read = Self {
            model, account, tries, progress, status, began_ms, first_ms, last_ms, ended_ms, quiet,
            used, bytes, call, why, answer_id, conclusion, skips, stopped_by, wait_ms, is_of_all,
            resumed, said,
        };
        Some(read)
    }
}

pub(super) fn write_usage(out: &mut Writer, usage: Usage) {
    let Usage { input, cached_input, cache_write, cache_write_hour, .. } = usage;
    let Usage { output, reasoning, garbled, .. } = usage;
    for tokens in [input, cached_input, cache_write, cache_write_hour, output, reasoning] {
        out.number(tokens);
    }
    out.flag(garbled);
}

pub(super) fn read_usage(fields: &mut Reader<'_>) -> Option<Usage> {
    Some(Usage {
        input: fields.number()?,
        cached_input: fields.number()?,
        cache_write: fields.number()?,
        cache_write_hour: fields.number()?,
        output: fields.number()?,
        reasoning: fields.number()?,
        garbled: fields.flag()?,
    })
}

impl Used {
    /// The same with no more of an answer than so many tokens: where an answer is stopped, what
    /// came beyond its bound is not the app's to pay. What cannot be believed stays as it is, for
    /// whoever charges to see.
    #[must_use]
    pub fn within(mut self, most: u64) -> Self {
        let believed = |usage: &&mut Usage| usage.output.max(usage.reasoning) <= believed(most);
        if let Some(usage) = self.reported.as_mut().filter(believed) {
            usage.output = usage.output.min(most);
            usage.reasoning = usage.reasoning.min(most);
        }
        self.text_estimate = self.text_estimate.min(most);
        self.reasoning_estimate = self.reasoning_estimate.min(most);
        self
    }

    /// Tokens of output that were seen, estimated.
    #[must_use]
    pub const fn seen(&self) -> u64 {
        self.text_estimate.saturating_add(self.reasoning_estimate)
    }
}
