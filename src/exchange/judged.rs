//! What a provider role leaves once it has judged an answer: its attempt's report as it is then,
//! and the answer itself where that is kept and short, so that nobody has to ask for either.
use super::filter_state::{ANSWER, JUDGED};
use super::{ALLOWANCE, Effect, Effects, Report};
use crate::layout::{Reader, Writer};

/// What the edge role reads of it.
#[derive(Debug)]
pub(super) struct Judged {
    /// The attempt's report; `None` where nobody can read it.
    pub(super) report: Option<Report>,
    /// The answer that is to be kept; `None` where none is, or where it is found by a name of its
    /// own ([`ANSWER`]).
    pub(super) answer: Option<Vec<u8>>,
}

/// The same effects with one that says so: these judge an answer of that provider's.
pub(super) fn judge(mut effects: Effects, provider: &str) -> Effects {
    let report = Report::published(&effects.list).unwrap_or(provider.as_bytes());
    let mut out = Writer::with_capacity(report.len().saturating_add(16));
    out.bytes(report);
    let is_short = |effect: &Effect| match effect {
        Effect::State(key, answer) => key == ANSWER && answer.len() <= ALLOWANCE,
        _ => false,
    };
    if let Some(at) = effects.list.iter().position(is_short)
        && let Effect::State(_, answer) = effects.list.remove(at)
    {
        out.bytes(&answer);
    }
    effects.and(Effect::State(JUDGED.into(), out.finish()))
}

impl Judged {
    /// Reads what [`judge`] has left.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut fields = Reader::of(bytes);
        let report = fields.bytes().and_then(Report::decode);
        Self { report, answer: fields.bytes().map(<[u8]>::to_vec) }
    }
}
