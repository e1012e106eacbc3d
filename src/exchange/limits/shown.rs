//! What an app is told of its limits: when to come again, and how much is left.
use std::rc::Rc;

use super::super::reply::SHOULD_RETRY;
use super::record::{Bucket, Subject};
use super::subject::flow;
use crate::credit::Moment;
use crate::dialect::{Client, Fault, FaultKind};
use crate::policy::{Limit, Pace, Rate};
use crate::port::Host;
use crate::resilience::nanos;

/// Nanoseconds in a millisecond.
const NANOS: u64 = 1_000_000;

/// What is left by the rules of which least is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Left {
    requests: Option<Rest>,
    tokens: Option<Rest>,
}

/// What is left by one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rest {
    of: u64,
    left: u64,
    /// In how many milliseconds all of it is there again.
    full_ms: u64,
}

impl Left {
    /// Notes what is left of a subject's limits; a rule that only observes limits nobody.
    pub(super) fn note(&mut self, subject: &Subject, rules: &[Rc<Rate>], now_ms: u64) {
        for rule in rules.iter().filter(|rule| !rule.observe) {
            let full_ns = subject.known(rule.id).map_or(0, Bucket::full_ns);
            let rest = |pace: Pace| Rest {
                of: pace.burst,
                left: flow(pace).left(full_ns, nanos(now_ms)),
                full_ms: full_ns.saturating_sub(nanos(now_ms)).div_ceil(NANOS),
            };
            self.add(match rule.limit {
                Limit::Requests(pace) => Self { requests: Some(rest(pace)), tokens: None },
                Limit::Tokens(pace) => Self { requests: None, tokens: Some(rest(pace)) },
                Limit::Concurrent(_) => Self::default(),
            });
        }
    }

    /// What somebody else has found is left, of tokens or of requests.
    pub(super) fn found(of_tokens: bool, (of, left): (u64, u64), full_ms: u64) -> Self {
        let rest = Some(Rest { of, left, full_ms });
        match of_tokens {
            true => Self { tokens: rest, requests: None },
            false => Self { tokens: None, requests: rest },
        }
    }

    /// What is left of requests and of tokens.
    #[cfg(test)]
    pub(super) fn rests(&self) -> [Option<u64>; 2] {
        [self.requests, self.tokens].map(|own| own.map(|own| own.left))
    }

    /// Of two the one of which less is left.
    pub(in super::super) fn add(&mut self, other: Self) {
        for (own, other) in [(&mut self.requests, other.requests), (&mut self.tokens, other.tokens)]
        {
            if let Some(rest) = other
                && !own.is_some_and(|own| own.left <= rest.left)
            {
                *own = Some(rest);
            }
        }
    }

    /// The headers that say it, in the words of the app's API.
    pub(in super::super) fn headers(
        &self,
        client: &Client,
        host: &dyn Host,
    ) -> Vec<(&'static str, String)> {
        let names = client.limit_headers;
        let mut headers = Vec::new();
        let mut unix = None;
        for (own, [limit, remaining, reset]) in
            [(self.requests, names.requests), (self.tokens, names.tokens)]
        {
            let Some(Rest { of, left, full_ms }) = own else { continue };
            let when = if names.reset_is_a_moment {
                let now = *unix.get_or_insert_with(|| host.unix_seconds());
                Moment::of_millis(now.saturating_mul(1000))
                    .plus_seconds(full_ms.div_ceil(1000))
                    .to_string()
            } else {
                duration(full_ms)
            };
            headers.extend([(limit, of.to_string()), (remaining, left.to_string()), (reset, when)]);
        }
        headers
    }
}

/// A time as OpenAI's API says it: `1h2m3s`, `6m0s`, `1.5s`, `20ms`.
fn duration(ms: u64) -> String {
    let (seconds, rest) = (ms / 1000, ms % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) if seconds == 0 => format!("{rest}ms"),
        (0, 0) if rest > 0 => format!("{seconds}.{}s", format!("{rest:03}").trim_end_matches('0')),
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// Longest wait, in seconds, that the official SDKs keep to: asked for a longer one they try again
/// after a few seconds.
const PATIENCE: u64 = 60;

/// When to come again, in whole seconds, as HTTP has it: no sooner than there is room. Where that
/// is later than SDKs wait, they are asked not to try by themselves.
pub(in super::super) fn retry_after(wait_ns: u64) -> impl Iterator<Item = (&'static str, String)> {
    let seconds = seconds(wait_ns);
    let hopeless = (seconds > PATIENCE).then(|| (SHOULD_RETRY, "false".to_owned()));
    [("retry-after", seconds.to_string())].into_iter().chain(hopeless)
}

/// A wait in whole seconds, at least one.
pub(super) fn seconds(wait_ns: u64) -> u64 {
    wait_ns.div_ceil(NANOS.saturating_mul(1000)).max(1)
}

/// What an app is told that a rule does not let through, of whose subject it is.
pub(super) fn fault(rule: &Rate, whose: &str, (wait_ns, too_large): (u64, bool)) -> Fault {
    let says = rule.says();
    if let (true, Limit::Tokens(pace)) = (too_large, rule.limit) {
        let message = format!(
            "the request's input is longer than {} tokens, which is the most that {whose} may use \
             at once ({says}): send less",
            pace.burst
        );
        return Fault::new(FaultKind::TooLarge, message);
    }
    let message = match rule.limit {
        Limit::Concurrent(_) => format!(
            "{whose} has as many requests running as it may ({says}): try again when one is over"
        ),
        _ => format!("{whose} has used up its {says}: try again in {} s", seconds(wait_ns)),
    };
    Fault::new(FaultKind::RateLimit, message)
}

#[cfg(test)]
mod tests {
    use super::{duration, retry_after};

    #[test]
    fn times_are_said_as_the_api_says_them() {
        for (ms, said) in [
            (0, "0ms"),
            (20, "20ms"),
            (1_000, "1s"),
            (1_500, "1.5s"),
            (59_999, "59.999s"),
            (360_000, "6m0s"),
            (3_723_000, "1h2m3s"),
            (86_400_000, "24h0m0s"),
        ] {
            assert_eq!(duration(ms), said);
        }
        for (ns, seconds) in [(0, "1"), (1, "1"), (1_000_000_000, "1"), (1_000_000_001, "2")] {
            assert_eq!(retry_after(ns).map(|own| own.1).collect::<Vec<_>>(), [seconds]);
        }
        assert_eq!(retry_after(60_000_000_001).last().unwrap(), ("x-should-retry", "false".into()));
    }
}
