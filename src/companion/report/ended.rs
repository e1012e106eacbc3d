//! How a request ended, as far as a report asks.

/// What the gateway says of an answer that it gave whole.
const ANSWERED: [&str; 3] = ["answered", "served", "resumed"];

/// What it says of one whose app left while it ran.
const ABANDONED: &str = "abandoned";

/// How a request ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Ended {
    /// Its line does not say.
    #[default]
    Untold,
    /// Its app had the whole answer.
    Answered,
    /// Its app left before that, which is nobody's failure.
    Left,
    /// Nobody was asked: the arm refuses such a request, or its tenant had nothing left.
    Refused,
    /// It has failed: at once, or in the middle of an answer whose status said nothing of it.
    Failed,
}

impl Ended {
    /// By the status that the app had, what the gateway says became of the last attempt, and
    /// whether a chain served it. A status of 0 is that of an app that left before there was one.
    /// Words that this version does not know are failures: those that are none are two.
    pub(super) fn of(status: Option<f64>, outcome: &str, chained: bool) -> Self {
        let status_failed = status.is_some_and(|own| own >= 400.0);
        match (status, outcome) {
            (Some(own), _) if own <= 0.0 || own == 499.0 => Self::Left,
            _ if !chained && (status_failed || !outcome.is_empty()) => Self::Refused,
            _ if status_failed => Self::Failed,
            (_, ABANDONED) => Self::Left,
            (None, "") => Self::Untold,
            (Some(_), "") => Self::Answered,
            (_, outcome) if ANSWERED.contains(&outcome) => Self::Answered,
            _ => Self::Failed,
        }
    }

    /// Whether its app had no answer, or a part of one; `None` where nobody says.
    pub(super) const fn is_error(self) -> Option<bool> {
        match self {
            Self::Untold => None,
            Self::Answered | Self::Left => Some(false),
            Self::Refused | Self::Failed => Some(true),
        }
    }

    /// Whether how long it took, and what it used, is that of a whole answer.
    pub(super) const fn is_whole(self) -> bool {
        matches!(self, Self::Answered | Self::Untold)
    }
}

#[cfg(test)]
mod tests {
    use super::Ended;
    use crate::exchange::Outcome;

    #[test]
    fn an_answer_that_broke_is_an_error_whatever_its_status_says() {
        for (status, outcome, expected) in [
            (Some(200.0), "answered", Ended::Answered),
            (Some(200.0), "", Ended::Answered),
            (None, "answered", Ended::Answered),
            (None, "", Ended::Untold),
            (Some(200.0), "cut", Ended::Failed),
            (None, "cut", Ended::Failed),
            (Some(503.0), "answered", Ended::Failed),
            (Some(503.0), "overloaded", Ended::Failed),
            (Some(200.0), "abandoned", Ended::Left),
            (Some(0.0), "reset", Ended::Left),
            (Some(499.0), "", Ended::Left),
        ] {
            assert_eq!(Ended::of(status, outcome, true), expected, "{status:?} {outcome}");
        }
        assert_eq!(Ended::of(Some(400.0), "refused", false), Ended::Refused);
        assert_eq!(Ended::of(Some(0.0), "abandoned", false), Ended::Left);
    }

    #[test]
    fn every_word_of_the_gateway_is_known() {
        let failures = Outcome::ALL.map(|outcome| outcome.verdict().name);
        for outcome in failures.into_iter().chain(["cut", "unanswered", "unjudged", "failed"]) {
            assert_eq!(Ended::of(Some(200.0), outcome, true), Ended::Failed, "{outcome}");
        }
    }
}
