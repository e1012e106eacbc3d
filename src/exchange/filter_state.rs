//! The names in a stream's filter state: what the roles leave for one another, for the route's
//! matcher and for the access log. Envoy puts `wasm.` before each.

/// The plan, for the provider role.
pub const PLAN: &str = "tw.plan";
/// The app's own body, where the request leaves the edge role with another.
pub const ORIGINAL: &str = "tw.original";
/// The model of the next attempt: the route's matcher reads it.
pub const NEXT: &str = "tw.next";
/// Set once a provider role has judged the answer that comes; holds that attempt's report as it was
/// then. The edge role has read the report of a whole answer with this, and need not ask for it
/// again. What comes without it was made by Envoy, or by a provider whose cluster lacks that role.
pub const JUDGED: &str = "tw.judged";

/// For the access log: the request's id. No header of the request tells it once a provider role has
/// made the headers new.
pub const REQUEST_ID: &str = "tw.request_id";
/// For the access log: the chain, the models that were passed over, and why.
pub const DECISION: &str = "tw.decision";
/// For the access log: the chain for those who have little left, where it serves.
pub const NEAR_LIMIT: &str = "tw.near_limit";
/// For the access log: every attempt, in order.
pub const ATTEMPTS: &str = "tw.attempts";
/// For the access log: how many models were tried. The app is told the same in a header, which the
/// log does not read: what an app is told is for others to decide.
pub const TRIED: &str = "tw.tried";
/// For the access log: the model that the request ended with.
pub const MODEL: &str = "tw.model";
/// For the access log: what was charged.
pub const BILL: &str = "tw.bill";

/// What a provider role publishes of an attempt; the model's name follows.
pub const REPORT: &str = "tw.report.";

/// The name of what a provider role publishes of a model's attempt.
#[must_use]
pub(super) fn report(model: &str) -> String {
    [REPORT, model].concat()
}
