//! The names in a stream's filter state: what the roles leave for one another, for the route's
//! matcher and for the access log. Envoy puts `wasm.` before each.
use crate::policy::RateBy;

/// The plan, for the provider role.
pub const PLAN: &str = "tw.plan";
/// The app's own body, where the request leaves the edge role with another.
pub const ORIGINAL: &str = "tw.original";
/// What the rest of an answer is asked by, should it break in mid-stream.
pub const RESUME: &str = "tw.resume";
/// The model of the next attempt: the route's matcher reads it. Where streams have clusters of
/// their own, that of a stream's is named as [`super::hop::of_streams`] does.
pub const NEXT: &str = "tw.next";
/// Set once a provider role has judged the answer that comes; holds that attempt's report as it was
/// then. The edge role has read the report of a whole answer with this, and need not ask for it
/// again. What comes without it was made by Envoy, or by a provider whose cluster lacks that role.
pub const JUDGED: &str = "tw.judged";

/// An answer that is to be kept for whoever asks the same, once its model's attempt has come to its
/// own end.
pub const ANSWER: &str = "tw.answer";

/// For limits that several proxies share: what a request is called as one of a tenant's, a user's
/// and so on; the kind of subject follows.
pub const LIMIT: &str = "tw.limit.";
/// How many tokens it has used, once it is over.
pub const LIMIT_TOKENS: &str = "tw.limit.tokens";

/// For the access log: what is known of a request and Envoy does not know, as text that stands
/// within a JSON object (`line.rs`).
pub const LOG: &str = "tw.log";

/// What a provider role publishes of an attempt; the model's name follows.
pub const REPORT: &str = "tw.report.";

/// The name of what a request is called as one of that kind of subject.
#[must_use]
pub fn limit(by: &RateBy) -> String {
    [LIMIT, by.word()].concat()
}

/// The name of what a provider role publishes of a model's attempt.
#[must_use]
pub(super) fn report(model: &str) -> String {
    [REPORT, model].concat()
}
