//! Why a chain is left before its end.
/// Why a chain is left before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoppedBy {
    /// Too many requests had gone on from a model that failed.
    RetryBudget,
    /// The app's patience was about to be over.
    Deadline,
}

impl StoppedBy {
    /// Its word in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RetryBudget => "retry_budget",
            Self::Deadline => "deadline",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::RetryBudget, Self::Deadline].into_iter().find(|own| own.name() == name)
    }
}
