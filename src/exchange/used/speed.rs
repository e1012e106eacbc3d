//! How many tokens a model makes while nothing is seen of it, as this proxy has found.
//!
//! Providers tell what was used at the end of an answer, and there is none when the app has left.
//! What earlier answers of the same model had made in their quiet time is known by then: a stream's
//! reasoning and the text that came after it, and the whole of an answer that is not streamed.
use super::super::{Progress, QUIET_MS, Report};
use crate::decide::Size;
use crate::layout::{Reader, Writer};
use crate::resilience::{Record, Records};

/// Most quiet time of a model that is remembered, in milliseconds: of more, what is older counts
/// less.
const WINDOW_MS: u64 = 300_000;

/// No answer counts for more than this of it, in milliseconds: one is not what a model does.
const ANSWER_MS: u64 = 60_000;

/// Shorter answers, in tokens, say how long a model is waited for, not how quick it is.
const ANSWER_LEAST: u64 = 64;

/// Tokens a second of a model that nothing is known of. Hosted models of the first rank write 51
/// to 113 (<https://www.aitoolrank.net/reviews/fastest-ai-models-2026>).
const USUAL: Sum = Sum { tokens: 70, ms: 1_000 };

/// What is known of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Speed {
    streamed: Sum,
    whole: Sum,
}

/// Tokens, and the quiet time in which they were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    /// Below zero where more was seen than was made: what is seen is estimated.
    tokens: i64,
    ms: u64,
}

impl Record for Speed {
    const KIND: &'static str = "speed.1";

    fn write(&self, out: &mut Writer) {
        for sum in [self.streamed, self.whole] {
            out.signed(sum.tokens);
            out.number(sum.ms);
        }
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        let mut sum = || Some(Sum { tokens: fields.signed()?, ms: fields.number()? });
        Some(Self { streamed: sum()?, whole: sum()? })
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        false
    }
}

impl Speed {
    /// What is known of a model by its name in the policy.
    pub(super) fn of(records: Records<'_>, model: &str) -> Self {
        records.read(model).unwrap_or_default()
    }

    /// Learns from an attempt whose provider said what it used, so that it can be believed.
    pub(in super::super) fn learn(records: Records<'_>, report: &Report, size: Size) {
        let Size { choices, streamed, .. } = size;
        let Some(own) = Sum::of(report, choices.max(1), streamed) else { return };
        let _ = records.update(&report.model, |speed: Option<Self>| {
            let mut speed = speed.unwrap_or_default();
            let sum = if streamed { &mut speed.streamed } else { &mut speed.whole };
            *sum = sum.and(own);
            Some((speed, ()))
        });
    }

    /// Tokens that the model makes of one answer in that many milliseconds of quiet.
    pub(super) fn makes(&self, streamed: bool, ms: u64) -> u64 {
        if self.is_known(streamed) { self.of_kind(streamed).times(ms) } else { USUAL.times(ms) }
    }

    /// Whether anything is known of such answers.
    pub(super) const fn is_known(&self, streamed: bool) -> bool {
        self.of_kind(streamed).ms > 0
    }

    const fn of_kind(&self, streamed: bool) -> Sum {
        if streamed { self.streamed } else { self.whole }
    }
}

impl Sum {
    /// What an attempt made of each of its answers in its quiet time; `None` where it had no quiet
    /// time, did not end properly, or was short.
    fn of(report: &Report, choices: u64, streamed: bool) -> Option<Self> {
        let least = ANSWER_LEAST.saturating_mul(choices);
        let usage = report.used.reported.filter(|usage| usage.output >= least)?;
        let ms = report.quiet.ms;
        // A whole answer that comes sooner says how far its provider is, not how quick its model.
        if report.progress != Progress::Answered || ms < QUIET_MS {
            return None;
        }
        let signed = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        if !streamed {
            return Some(Self { tokens: signed(usage.output), ms }.each(choices).within(ANSWER_MS));
        }
        let unseen = match usage.reasoning {
            0 => signed(usage.output).saturating_sub(signed(report.used.text_estimate)),
            told => signed(told),
        };
        // An estimate of a long text is wrong by more than a short quiet can hold: no more was made
        // in it than its share of the time, and a quarter.
        let all = report.ended_ms.saturating_sub(report.began_ms).max(ms);
        let share = Self { tokens: signed(usage.output), ms: all }.times(ms);
        let most = signed(share.saturating_add(share / 4));
        let tokens = unseen.saturating_add(signed(report.quiet.ended));
        let tokens = tokens.clamp(most.saturating_neg(), most);
        Some(Self { tokens, ms }.each(choices).within(ANSWER_MS))
    }

    /// The share of one of that many answers, which were made side by side.
    fn each(self, choices: u64) -> Self {
        let choices = i64::try_from(choices).unwrap_or(i64::MAX);
        Self { tokens: self.tokens.checked_div(choices).unwrap_or(0), ..self }
    }

    /// Both, the older one as far as it is remembered.
    fn and(self, own: Self) -> Self {
        let kept = self.within(WINDOW_MS.saturating_sub(own.ms));
        let tokens = kept.tokens.saturating_add(own.tokens);
        Self { tokens, ms: kept.ms.saturating_add(own.ms) }
    }

    /// The same of no more time than that.
    fn within(self, most_ms: u64) -> Self {
        let ms = self.ms.min(most_ms);
        let tokens = i128::from(self.tokens).saturating_mul(ms.into());
        let tokens = tokens.checked_div(self.ms.into()).unwrap_or(0);
        Self { tokens: i64::try_from(tokens).unwrap_or(self.tokens), ms }
    }

    fn times(self, ms: u64) -> u64 {
        let tokens = u128::try_from(self.tokens).unwrap_or(0);
        let product = tokens.saturating_mul(ms.into()).checked_div(self.ms.into()).unwrap_or(0);
        u64::try_from(product).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::{Speed, Sum};
    use crate::exchange::{Progress, Quiet, Report, Used};
    use crate::resilience::Record as _;
    use crate::usage::Usage;

    #[test]
    fn what_is_known_of_a_model_gives_way_to_another() {
        let whole = Sum { tokens: 1, ms: 1 };
        assert!(!Speed { whole, ..Speed::default() }.is_pinned(0));
    }

    #[test]
    fn a_whole_answer_within_a_second_teaches_nothing() {
        let of = |ms: u64| {
            let reported = Some(Usage { output: 100, ..Usage::default() });
            let used = Used { reported, ..Used::default() };
            let (quiet, progress) = (Quiet { ms, ended: 100 }, Progress::Answered);
            Sum::of(&Report { progress, quiet, used, ..Report::default() }, 1, false)
        };
        assert_eq!((of(999), of(1000)), (None, Some(Sum { tokens: 100, ms: 1000 })));
    }
}
