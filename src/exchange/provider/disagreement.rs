//! Why an attempt is not made: the provider role has a request that it was not meant to have.
use core::fmt;

use super::super::plan::Mismatch;

/// What the two roles do not agree on. The app is told it with a 500, never a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disagreement {
    /// There is no plan that this module reads.
    Plan(Mismatch),
    /// It is the turn of a model that another provider serves.
    Cluster,
    /// The body is not the one that the plan announces.
    Body,
}

impl From<Mismatch> for Disagreement {
    fn from(mismatch: Mismatch) -> Self {
        Self::Plan(mismatch)
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(mismatch) => mismatch.fmt(f),
            Self::Cluster => f.write_str(
                "the request came into the cluster of a provider that does not serve its model: \
                 have the route choose each attempt's cluster by the filter state `wasm.tw.next`, \
                 as `tradewind render` does",
            ),
            Self::Body => f.write_str(
                "the body is not the one that the edge role has written for this provider: let no \
                 filter between the two roles change bodies, and give both the same policy (while \
                 an update is under way they may have two for a moment)",
            ),
        }
    }
}
