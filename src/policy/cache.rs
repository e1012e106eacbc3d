//! `cache`: answers that are given again.
use super::field::{
    Boolean, Bytes, Defaulted, Duration, Field, List, NameOf, Optional, Section, Shares, Spot,
    Word, Words,
};
use super::predicate::{self, Facts, Predicate, Reading, When};
use super::route;
use crate::credit::Share;

/// `cache`: answers that are given again to whoever asks the same.
#[derive(Debug, Clone)]
pub struct Cache {
    /// Places of the routes that it is for; `None` for all.
    routes: Option<Vec<usize>>,
    /// What holds of the requests that it is for.
    when: Option<Predicate>,
    /// For how long an answer is given again, in milliseconds.
    pub ttl_ms: u64,
    /// For how long after that it may stand in for models that fail, in milliseconds.
    pub stale_for_ms: u64,
    /// Who is given an answer that somebody else has had.
    pub scope: CacheScope,
    /// Most bytes of all answers that a proxy keeps.
    pub max_bytes: u64,
    /// Most bytes of one.
    pub max_entry: u64,
    /// What an answer costs that is given again, of what it has cost its first time.
    pub price: Share,
    /// Whether an app may ask for a new answer.
    pub respect_no_cache: bool,
}

/// `scope`: who is given an answer that somebody else has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheScope {
    /// The same user of the same tenant.
    User,
    /// Every user of the same tenant.
    Tenant,
    /// Every tenant.
    Everybody,
}

/// Why a cache is not for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCached {
    /// It is not for its route.
    Route,
    /// Its `when` does not hold: the question that does not.
    When(String),
}

impl Cache {
    /// Why it is not for a request; `None` where it is.
    ///
    /// # Errors
    /// Why it is not.
    pub fn takes(&self, facts: &dyn Facts) -> Result<(), NotCached> {
        if self.routes.as_ref().is_some_and(|routes| !routes.contains(&facts.route())) {
            return Err(NotCached::Route);
        }
        match self.when.as_ref().filter(|when| !when.holds(facts)) {
            Some(when) => Err(NotCached::When(when.against(facts))),
            None => Ok(()),
        }
    }
}

/// So many of the longest answers there is room for, at least: none of them leaves no room for
/// others.
const LONGEST_MIN: u64 = 16;

pub(super) const CACHE: Section = Section::new(
    "an object of settings",
    "Answers that are given again, at once and without asking a model, to whoever asks the same: \
     for the same API, the same name in `model` and the same body, however its JSON is written. \
     `stream` may differ: an answer that came whole is given as a stream where that is asked for, \
     and the other way round. What the gateway itself adds to a request (`prompt`), the chain that \
     serves it and what that chain is made of count too, so another policy finds no answer that it \
     would not have given. Never kept are answers that call functions, show thoughts, decline, \
     were filtered, cut or ended by a bound on their length; those to requests with fields that \
     only their own API knows (`n`, `logprobs`, a provider's own tools, …) or that name what a \
     provider keeps; those of models of another chain, whether that one is for tenants who have \
     little left, stands in, or has answered before (`sticky`); and those of copies. An answer \
     that is given again says `x-tradewind-cache: hit` and its age in `age`, costs no credits but \
     for `price`, and tells the usage of the first. What a proxy keeps all \
     its workers know, and no other proxy does; a change of the policy or of the module keeps it.",
    "cache:\n  routes: [auto]\n  when: {temperature: {at_most: 0}}\n  ttl: 5m\n  stale_for: 1h",
    &[&ROUTES, &WHEN, &TTL, &STALE_FOR, &SCOPE, &MAX_BYTES, &MAX_ENTRY, &PRICE, &RESPECT_NO_CACHE],
);

const ROUTES: Optional<List> = Field::optional(
    "routes",
    List::of("names of routes", &NameOf("route")).unique(),
    "all routes",
    "The routes that it is for, each by any of its names.",
);

const WHEN: Optional<When> = Field::optional(
    "when",
    When,
    "always",
    "What holds of the requests that it is for, with what the gateway has added to them. Answers \
     that are sampled differ each time they are asked for: with `{temperature: {at_most: 0}}` only \
     those are kept that do not.",
);

const TTL: Defaulted<Duration> = Field::defaulted(
    "ttl",
    Duration { least: 1_000, most: 604_800_000 },
    300_000,
    "For how long an answer is given again.",
);

const STALE_FOR: Defaulted<Duration> = Field::defaulted(
    "stale_for",
    Duration { least: 0, most: 604_800_000 },
    0,
    "For how long after `ttl` an answer may still stand in where no model answers: see \
     `stale_cache` in `resilience.fallback`.",
);

const SCOPE: Defaulted<Words<CacheScope>> = Field::defaulted(
    "scope",
    Words {
        what: "scope",
        of: &[
            Word::new(
                "user",
                CacheScope::User,
                "Only the same user of the same tenant. A caller without a user is nobody's user, \
                 and finds what others without one have had.",
            ),
            Word::new(
                "tenant",
                CacheScope::Tenant,
                "Every caller of the same tenant from whom the same tags are required.",
            ),
            Word::new(
                "everybody",
                CacheScope::Everybody,
                "Every tenant: for answers that are nobody's secret. How fast an answer comes \
                 tells a tenant that another one has asked the same.",
            ),
        ],
    },
    CacheScope::Tenant,
    "Who is given an answer that somebody else has had.",
);

const MAX_BYTES: Defaulted<Bytes> = Field::defaulted(
    "max_bytes",
    Bytes { least: 1 << 20, most: 1 << 30 },
    16 << 20,
    "The most memory of a proxy that answers take, for all of its workers. Half of it is for \
     answers of up to 2 KiB, the rest for longer ones: a long answer never takes the place of a \
     short one. Where there is no place left, an older answer makes room. Lowered, it holds from \
     the proxy's next start on: until then what was kept stays.",
);

const MAX_ENTRY: Optional<Bytes> = Field::optional(
    "max_entry",
    Bytes { least: 1 << 10, most: 4 << 20 },
    "256 KiB, or a sixteenth of `max_bytes` where that is less",
    "The longest answer that is kept: at most a sixteenth of `max_bytes`.",
);

const PRICE: Defaulted<Shares> = Field::defaulted(
    "price",
    Shares::Any,
    Share::percent(0),
    "Where credits are counted, what an answer costs that is given again: a share of what it has \
     cost its first time, attempts that failed included, rounded down to a millionth of a credit. \
     Such a request is held and settled like any other, with the flag `cached`, and refused where \
     its tenant cannot pay for it. An answer that was kept while nobody counted credits costs \
     nothing, nor does one that stands in where no model answers.",
);

const RESPECT_NO_CACHE: Defaulted<Boolean> = Field::defaulted(
    "respect_no_cache",
    Boolean,
    true,
    "Whether an app may have a new answer made by `cache-control: no-cache` or `max-age=0`, which \
     is then kept, or by `no-store`, which is not; and is given none that is older than a greater \
     `max-age`, in seconds.",
);

const LONGEST: u64 = 256 << 10;

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(spot: &Spot<'_>, reading: &Reading<'_>) -> Option<Cache> {
    let mut fields = spot.object(&CACHE)?;
    let routes =
        fields.read_with(&ROUTES, |spot| route::places(&ROUTES.kind.items(spot)?, &reading.routes));
    let when = fields.read_with(&WHEN, |spot| predicate::read(spot, reading));
    let ttl_ms = fields.read(&TTL);
    let stale_for_ms = fields.read(&STALE_FOR);
    let scope = fields.read(&SCOPE);
    let max_bytes = fields.read(&MAX_BYTES);
    let place = fields.place(&MAX_ENTRY);
    let max_entry = fields.read(&MAX_ENTRY);
    let price = fields.read(&PRICE);
    let respect_no_cache = fields.read(&RESPECT_NO_CACHE);
    fields.finish();
    let (max_bytes, max_entry) = (max_bytes?, max_entry?);
    let most = max_bytes / LONGEST_MIN;
    if max_entry.is_some_and(|own| own > most) {
        place.problem(format!(
            "expected at most {most} bytes, a sixteenth of `max_bytes`: one answer must leave room \
             for others"
        ));
    }
    Some(Cache {
        routes: routes?,
        when: when?,
        ttl_ms: ttl_ms?,
        stale_for_ms: stale_for_ms?,
        scope: scope?,
        max_bytes,
        max_entry: max_entry.unwrap_or(LONGEST.min(most)),
        price: price?,
        respect_no_cache: respect_no_cache?,
    })
}
