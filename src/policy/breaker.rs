//! `resilience.breaker`: when a model that fails is left alone, and for how long.
use super::field::{
    Boolean, Defaulted, Duration, Field, Nested, Optional, Required, Section, Shares, Spot, Whole,
};
use crate::credit::Share;

/// `resilience.breaker`: when a model that fails is left alone, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// So many failures in a row, with no answer between them.
    pub failures: u64,
    /// Such a share of the requests that it was asked; `None` where that does not count.
    pub rate: Option<FailureRate>,
    /// How long a failure counts, in milliseconds.
    pub window_ms: u64,
    /// For how long it is left alone, in milliseconds; twice as long each time in a row.
    pub open_for_ms: u64,
    /// The longest that that becomes, in milliseconds; never below `open_for_ms`.
    pub max_open_for_ms: u64,
    /// Nothing is left alone: what would be is counted.
    pub observe: bool,
}

/// `rate`: a share of requests that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureRate {
    /// The share, more than none.
    pub share: Share,
    /// Of so many requests at least.
    pub requests: u64,
}

pub(super) const BREAKER: Section = Section::new(
    "an object of settings",
    "A model that fails is left alone for a time: its breaker is open, and requests go to the \
     other models of their chain without asking it first. When the time is over, one request \
     tries the model: where it is answered the breaker closes, where it fails the model is left \
     alone for twice as long. Other requests leave it alone until then; where it stands behind a \
     model that is well, it keeps its place once its time is over, unless another request tries \
     it. A model that is left alone is a last resort: it is asked where every other model of the \
     request has failed, those of `resilience.fallback` too. Of several the one that closes \
     first is the first, but those come last whose time their provider has asked for, and after \
     them those that an operator has to mend. The access log says so of the model (`skipped`) \
     and of the attempt (`last_resort`), credits are set aside for it as for any other, and \
     where it answers its breaker closes. It has to fit into what is left of the request's time, \
     and into the retry budget. Where the breakers of all models of a chain are open, the one \
     that closes first is asked first, whatever has opened it. A cascade leaves none alone but \
     those that are judged, and those only until their time is over: its last model is asked \
     even while its breaker is open, since without it answers would go out that nobody has \
     judged. As last resorts, behind that one, the others are judged as ever, and an answer that \
     is not accepted then is a failure; where answers are to agree there are none. All workers \
     of a proxy know one breaker for each model; another proxy has its own. What counts is what \
     the model or its provider does: no connection, no answer, a status such as 500 or 529, an \
     answer that breaks, a stream whose first content takes longer than `first_token_timeout`, \
     also where the model is still thinking. No failure of it are a request that is at fault (400 \
     and 422, whatever the provider's words: an app may have put them there), one that is too \
     long or names what is not found, an answer that its cascade does not accept, and an app that \
     leaves. Silence for longer than `resilience.idle_timeout` is one, before an answer that \
     comes whole as well: that timeout has to be longer than the longest of these. Within a \
     stream it is none once 64 KiB of that have come, since it may be the app then that reads \
     nothing. A provider that answers 429, 503 \
     or 529 and says how long to wait (`retry-after`, `retry-after-ms`, of both the longer; \
     Google's `RetryInfo`; with 429 the headers in which it says when its limits are reset) is \
     left alone that long, at once; one that answers 429 and does not say for 1 s, and for twice \
     as long each time in a row, whatever else has failed meanwhile. One that refuses the \
     gateway's key, has no money left for it or does not know the model is left alone at once for \
     `max_open_for`; that an account can pay for smaller requests than this one says nothing of \
     the model. An answer counts at its end, since one that breaks after its beginning is the \
     worst for an app; but a request that tries a model closes its breaker with the first content \
     of a stream, unless what had opened it were streams that broke. Without this section every \
     request asks its models in their order.",
    "resilience:
  breaker: {failures: 5, rate: {share: \"50%\", requests: 20}, window: 30s, open_for: 15s}",
    &[&FAILURES, &RATE, &WINDOW, &OPEN_FOR, &MAX_OPEN_FOR, &OBSERVE],
);

const FAILURES: Defaulted<Whole> = Field::defaulted(
    "failures",
    Whole { of: "failures", least: 1, most: 1000 },
    5,
    "So many failures in a row open it, with no answer between them, each within `window` of the \
     one before.",
);

const RATE: Optional<Nested> = Field::optional(
    "rate",
    Nested(&FAILURE_RATE),
    "only failures in a row count",
    "A share of failures opens it as well.",
);

const WINDOW: Defaulted<Duration> = Field::defaulted(
    "window",
    Duration { least: 1_000, most: 3_600_000 },
    30_000,
    "How long a failure counts. A share is that of the requests that have ended in about the last \
     such time, from the first failure on: between a half of it and the whole.",
);

const OPEN_FOR: Defaulted<Duration> = Field::defaulted(
    "open_for",
    Duration { least: 100, most: 3_600_000 },
    15_000,
    "For how long the model is left alone, at first. A request that tries it and says nothing for \
     as long is given up, and another one tries it.",
);

const MAX_OPEN_FOR: Defaulted<Duration> = Field::defaulted(
    "max_open_for",
    Duration { least: 100, most: 86_400_000 },
    300_000,
    "The longest that a model is left alone, whatever its provider asks for: `open_for` at least, \
     where this is left out as well.",
);

const OBSERVE: Defaulted<Boolean> = Field::defaulted(
    "observe",
    Boolean,
    false,
    "Whether it changes nothing, and only counts what it would open \
     (`tradewind_breaker_would_open_total`).",
);

const FAILURE_RATE: Section = Section::new(
    "an object with a `share`",
    "A share of requests that fail.",
    "breaker: {rate: {share: \"50%\", requests: 20}}",
    &[&SHARE, &REQUESTS],
);

const SHARE: Required<Shares> =
    Field::required("share", Shares::MoreThanNone, "The share of the requests that have failed.");

const REQUESTS: Defaulted<Whole> = Field::defaulted(
    "requests",
    Whole { of: "requests", least: 1, most: 1_000_000 },
    20,
    "Of so many requests at least: fewer say little.",
);

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(spot: &Spot<'_>) -> Option<Breaker> {
    let mut fields = spot.object(&BREAKER)?;
    let failures = fields.read(&FAILURES);
    let rate = fields.read_with(&RATE, rate);
    let window_ms = fields.read(&WINDOW);
    let open_for_ms = fields.read(&OPEN_FOR);
    let (longest, given) = (fields.place(&MAX_OPEN_FOR), fields.has(&MAX_OPEN_FOR));
    let max_open_for_ms = fields.read(&MAX_OPEN_FOR);
    let observe = fields.read(&OBSERVE);
    fields.finish();
    if let (Some(usual), Some(most)) = (open_for_ms, max_open_for_ms)
        && most < usual
        && given
    {
        longest.problem("`max_open_for` is shorter than `open_for`".to_owned());
    }
    Some(Breaker {
        failures: failures?,
        rate: rate?,
        window_ms: window_ms?,
        open_for_ms: open_for_ms?,
        max_open_for_ms: max_open_for_ms?.max(open_for_ms?),
        observe: observe?,
    })
}

fn rate(spot: &Spot<'_>) -> Option<FailureRate> {
    let mut fields = spot.object(&FAILURE_RATE)?;
    let share = fields.read(&SHARE);
    let requests = fields.read(&REQUESTS);
    fields.finish();
    Some(FailureRate { share: share?, requests: requests? })
}
