//! A service that counts for several proxies, as far as they hear of it.

/// What the service says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Service {
    /// Every request may go on.
    #[default]
    Fair,
    /// None may for so many seconds.
    Full(u64),
    /// Nothing, and then none may.
    Away,
}

impl Service {
    /// What a story says of it: `fair`, `away`, or the seconds for which it is full.
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text {
            "fair" => Some(Self::Fair),
            "away" => Some(Self::Away),
            seconds => seconds.parse().ok().map(Self::Full),
        }
    }
}
