//! Limits that several proxies share. Envoy's own filter asks the service that counts them, behind
//! the edge role: it is told whose request it is and, at the end, what that has used; the role says
//! in its app's words what the filter has found.
use super::super::used::{Ending, Last};
use super::super::{Effect, Envoy, HeaderMap, Host, Report, filter_state};
use super::shown::{self, Left, seconds};
use super::used::Used;
use crate::decide::{Need, Shared};
use crate::dialect::{Client, Fault, FaultKind};
use crate::policy::{Counts, GlobalLimits, Policy};
use crate::resilience::Records;

/// Envoy's word for a request that the service does not let through.
const OVER: &[u8] = b"request_rate_limited";

/// And for one that it refuses since the service did not answer.
const UNANSWERED: &[u8] = b"rate_limiter_error";

/// How the filter says what is left, and when all of it is there again, in seconds.
const LIMIT: &str = "x-ratelimit-limit";
const REMAINING: &str = "x-ratelimit-remaining";
const RESET: &str = "x-ratelimit-reset";

/// A request that did not get as far as to a model.
#[derive(Debug)]
pub(in super::super) struct NotLet {
    /// What its app is told.
    pub(in super::super) fault: Fault,
    /// The headers that say when to come again, and what is left.
    pub(in super::super) headers: Vec<(&'static str, String)>,
    /// What came of it, for a metric.
    pub(in super::super) word: &'static str,
}

/// What has to be told at a request's end.
#[derive(Debug)]
pub(in super::super) struct Telling {
    need: Need,
}

/// Tells the filter whose request it is.
pub(in super::super) fn names(shared: &Shared) -> impl Iterator<Item = Effect> + '_ {
    let name = |(by, name): &(_, String)| {
        Effect::State(filter_state::limit(by).into(), name.clone().into_bytes())
    };
    shared.names.iter().map(name)
}

impl Telling {
    /// What has to be told, where something has.
    pub(in super::super) fn of(shared: &Shared) -> Option<Self> {
        shared.counts_tokens.then(|| Self { need: shared.need.clone() })
    }

    /// What all attempts have used. The filter reads it when the stream is over.
    pub(in super::super) fn tell(
        &self,
        reports: &[Report],
        ending: Ending,
        host: &dyn Host,
    ) -> Effect {
        let records = Records::at(host, host.now_ms());
        let last = Last::of(self.need.size, reports, ending, records);
        let used = Used::of(reports, &self.need, last);
        Effect::State(filter_state::LIMIT_TOKENS.into(), used.all.to_string().into_bytes())
    }
}

impl NotLet {
    /// What an answer that no model gave says of the limits; `None` where it is another failure.
    pub(in super::super) fn read(
        policy: &Policy,
        client: &Client,
        envoy: &dyn Envoy,
    ) -> Option<Self> {
        let global = policy.global_limits()?;
        let details = envoy.property(&["response", "code_details"])?;
        if details.starts_with(UNANSWERED) {
            let message = "whether this request is within the limits that gateways share could \
                           not be found out (limits.global): try again in a moment";
            let fault = Fault::new(FaultKind::Overloaded, message);
            let headers = shown::retry_after(0).collect();
            return Some(Self { fault, headers, word: "unavailable" });
        }
        if !details.starts_with(OVER) {
            return None;
        }
        let wait_ns = number(envoy, RESET).unwrap_or(0).saturating_mul(1_000_000_000);
        let message = format!(
            "the limits that gateways share have no room for this request (limits.global): try \
             again in {} s",
            seconds(wait_ns)
        );
        let mut headers = left(global, envoy).headers(client, envoy);
        headers.extend(shown::retry_after(wait_ns));
        Some(Self { fault: Fault::new(FaultKind::RateLimit, message), headers, word: "limited" })
    }
}

/// What the service says is left, taken out of an answer's headers: they are the filter's words.
pub(in super::super) fn taken_out(global: &GlobalLimits, envoy: &dyn Envoy) -> (Left, Vec<Effect>) {
    let left = left(global, envoy);
    let own = [LIMIT, REMAINING, RESET];
    let out = own.map(|name| Effect::RemoveHeader(HeaderMap::Response, name.to_owned()));
    (left, out.into())
}

/// What is left, where it can be told of what.
fn left(global: &GlobalLimits, envoy: &dyn Envoy) -> Left {
    let counts = global.counts();
    let found = counts.and_then(|counts| {
        let (of, rest) = (number(envoy, LIMIT)?, number(envoy, REMAINING)?);
        let full_ms = number(envoy, RESET)?.saturating_mul(1_000);
        Some(Left::found(counts == Counts::Tokens, (of, rest), full_ms))
    });
    found.unwrap_or_default()
}

/// The number that a header of the answer begins with: `10, 10;w=60`.
fn number(envoy: &dyn Envoy, name: &str) -> Option<u64> {
    let value = envoy.header(HeaderMap::Response, name)?;
    let digits = value.split(|byte| !byte.is_ascii_digit()).next()?;
    core::str::from_utf8(digits).ok()?.parse().ok()
}
