//! What is said of how a request is served, beside the access log: headers of its answer, metrics.
use std::borrow::Cow;

use super::super::{Effect, HeaderMap, metric};
use crate::decide::{CLASS, Trace, Verdict};

/// The headers of its answer: its class, and the chain for those who have little left where that
/// serves it.
pub(super) fn headers(trace: &Trace, near_limit: Option<&str>) -> Vec<Effect> {
    let classes = trace.subjects(Verdict::Classed).map(|class| (CLASS, class));
    let near_limit = near_limit.map(|chain| ("x-tradewind-near-limit", chain));
    let says = |(name, value): (&'static str, &str)| {
        Effect::SetHeader(HeaderMap::Response, Cow::Borrowed(name), value.to_owned())
    };
    classes.chain(near_limit).map(says).collect()
}

/// Counts it by its class and the chain that serves it.
pub(super) fn count(trace: &Trace, chain: &str) -> impl Iterator<Item = Effect> {
    trace.subjects(Verdict::Classed).map(move |class| metric::CLASSIFIED.count(&[class, chain]))
}
