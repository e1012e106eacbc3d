//! The words for what becomes of an attempt: in counters, in the log, and in what is published.
use super::super::Outcome;
use super::Progress;

const RUNNING: &str = "running";
const ANSWERED: &str = "answered";
/// Its answer broke after the app had a part of it.
pub(in super::super) const CUT: &str = "cut";
/// Its answer broke, and another model has gone on with it.
pub(in super::super) const RESUMED: &str = "resumed";
/// The gateway ended it before it had answered.
pub(super) const UNANSWERED: &str = "unanswered";
/// Its app left while it ran.
pub(in super::super) const ABANDONED: &str = "abandoned";
/// It ran when its app's patience was over.
pub(in super::super) const DEADLINE: &str = "deadline";
/// Its connection had been kept, and turned out to be closed: the same model was asked once more.
pub(in super::super) const STALE: &str = "stale";

/// Why its answer broke, where nothing came for too long.
pub(in super::super) const SILENCE: &str = "silence";

/// Nobody tells of it: no provider role stands in its cluster, or that role's VM failed.
pub(in super::super) const UNJUDGED: &str = "unjudged";

/// Every word for what becomes of an attempt.
pub(in super::super) fn words() -> impl Iterator<Item = &'static str> {
    let failures = Outcome::ALL.into_iter().map(|outcome| outcome.verdict().name);
    [ANSWERED, CUT, ABANDONED, DEADLINE, UNANSWERED, STALE, UNJUDGED].into_iter().chain(failures)
}

pub(super) const fn word(progress: Progress) -> &'static str {
    match progress {
        Progress::Running => RUNNING,
        Progress::Answered => ANSWERED,
        Progress::Cut => CUT,
        Progress::Failed(outcome) => outcome.verdict().name,
    }
}

pub(super) fn progress(word: &str) -> Option<Progress> {
    match word {
        RUNNING => Some(Progress::Running),
        ANSWERED => Some(Progress::Answered),
        CUT => Some(Progress::Cut),
        failed => {
            let mut all = Outcome::ALL.into_iter();
            all.find(|outcome| outcome.verdict().name == failed).map(Progress::Failed)
        }
    }
}
