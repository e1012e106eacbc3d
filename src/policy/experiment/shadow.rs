//! `experiments[].shadow`: a copy of some requests goes to another chain as well, after the answer.
use std::rc::Rc;

use super::super::chain::{CHAINS, Chains};
use super::super::endpoint::{Endpoint, Url};
use super::super::field::{
    Bytes, Defaulted, Duration, Field, Name, NameOf, Nested, Optional, Required, Section, Spot,
    Whole,
};
use super::super::predicate::{Facts, Reading};
use super::super::scope::Scope;
use super::super::secret::SecretName;
use super::percent::Percent;
use super::slots::SLOTS;

/// An experiment that serves nobody: copies of requests go to another chain.
#[derive(Debug, Clone)]
pub struct Shadow {
    /// Its name in the policy.
    pub name: Rc<str>,
    /// Who is charged for the copies; `None` where nobody counts credits and none is named.
    pub tenant: Option<Rc<str>>,
    /// How many copies of a worker may be on their way at once, from the moment that they are
    /// sampled.
    pub max_in_flight: usize,
    /// The longest body that is copied, in bytes.
    pub max_body: u64,
    /// How long a copy may take, in milliseconds.
    pub timeout_ms: u64,
    /// Where both texts go; `None` where they go nowhere.
    pub collector: Option<Rc<Collector>>,
    /// Of 10,000 requests so many are copied.
    pub rate: u32,
    /// What its chance is drawn by.
    pub draws_by: String,
    /// The place of the chain that serves the copies.
    pub(in super::super) chain: usize,
    scope: Scope,
}

/// `collector`: a service of the operator's that is sent what was asked and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    /// The name of its cluster in Envoy. No name of a policy's begins like it.
    pub cluster: String,
    /// Where it is.
    pub endpoint: Endpoint,
    /// The name of the secret that holds its token; `None` for one that wants none.
    pub secret: Option<String>,
}

impl Shadow {
    /// Whether it is for a request of that class.
    #[must_use]
    pub fn takes(&self, facts: &dyn Facts, class: Option<usize>) -> bool {
        self.scope.takes(facts, class)
    }

    /// Whether a request is copied for which this number was drawn.
    #[must_use]
    pub fn draws(&self, chance: u64) -> bool {
        chance.checked_rem(SLOTS.into()).is_some_and(|slot| slot < self.rate.into())
    }

    /// The share of requests that are copied, as a policy says it.
    #[must_use]
    pub fn share(&self) -> String {
        let (whole, part) = (self.rate / 100, self.rate % 100);
        if part == 0 { format!("{whole}%") } else { format!("{whole}.{part:02}%") }
    }
}

/// The longest body that may be copied: what one stream may hold.
const BODY_MOST: u64 = 384 << 10;

pub(super) const SHADOW: Optional<Nested> = Field::optional(
    "shadow",
    Nested(&COPIES),
    "requests are served by arms, and not copied",
    "How many requests are copied, and where the copies go. Nothing of `unit`, `layer`, `share`, \
     `holdout` and `arms` stands beside it.",
);

const COPIES: Section = Section::new(
    "an object with a `rate` and a `chain`",
    "Requests of which a copy goes to another chain as well. The app's request is served as it \
     would be without: its chain, its answer and its latency stay what they are. When it is over \
     and was answered, the copy runs as a request of its own, on a listener within Envoy that no \
     app can reach: held, charged, judged and logged like any other (`shadow`, `shadow_of`). Its \
     answer is thrown away; of both answers the access log has the length, what was used, the kind \
     and a digest. A copy is in no arm of an experiment, and no copy is made of it. One whose \
     experiment is not in the policy any more when it comes is refused. A request that \
     goes on with a conversation that its provider keeps is not copied. What copies cost is bound \
     by the credits of `tenant`, by `max_in_flight` and by `max_body`; what is beyond these is not \
     copied, which is counted in `tradewind_shadow_requests_total`.",
    "experiments:
  - name: could-be-cheaper
    routes: [auto]
    shadow: {rate: \"1%\", chain: budget, tenant: experiments}",
    &[&RATE, &CHAIN, &TENANT, &IN_FLIGHT, &MAX_BODY, &TIMEOUT, &COLLECTOR],
);

const RATE: Required<Percent> =
    Field::required("rate", Percent, "How many of the requests that it is for are copied.");

const CHAIN: Required<NameOf> =
    Field::required("chain", NameOf(CHAINS.one), "The chain that serves the copies.");

const TENANT: Optional<Name> = Field::optional(
    "tenant",
    Name("the name of a tenant"),
    "the tenant of the request, where credits are not counted",
    "The account that copies are charged to, in the place of the app's; what is bought for it is \
     the most that they cost. Where credits are counted it must be given.",
);

const IN_FLIGHT: Defaulted<Whole> = Field::defaulted(
    "max_in_flight",
    Whole { of: "requests", least: 1, most: 1_000 },
    8,
    "The most sampled requests and copies that a worker has at once.",
);

const MAX_BODY: Defaulted<Bytes> = Field::defaulted(
    "max_body",
    Bytes { least: 1, most: BODY_MOST },
    256 << 10,
    "The longest body that is copied. It is held until the app has its answer.",
);

const TIMEOUT: Defaulted<Duration> = Field::defaulted(
    "timeout",
    Duration { least: 1_000, most: 3_600_000 },
    600_000,
    "How long a copy may take. One that takes longer is given up, and charged as one that its app \
     has left.",
);

const COLLECTOR: Optional<Nested> = Field::optional(
    "collector",
    Nested(&COLLECTED),
    "no text leaves the gateway",
    "A service of yours that is sent what was asked and what was answered, as JSON: one `POST` for \
     the request and one for its copy, each sent once. `tradewind collect` is one.",
);

const COLLECTED: Section = Section::new(
    "an object with an `endpoint`",
    "Where the texts go. Prompts and answers leave the gateway there, and nowhere else.",
    "collector: {endpoint: \"http://127.0.0.1:8800\", secret: collector-token}",
    &[&ENDPOINT, &SECRET],
);

const ENDPOINT: Required<Url> =
    Field::required("endpoint", Url, "Where the collector is, its path included.");

const SECRET: Optional<SecretName> = Field::optional(
    "secret",
    SecretName,
    "no token is sent",
    "The name of the secret that holds the collector's token, which is the name of its file for \
     Envoy.",
);

/// Reads how requests are copied for an experiment of that name.
pub(super) fn read(
    spot: &Spot<'_>,
    (name, scope): (Option<String>, Option<Scope>),
    reading: &Reading<'_>,
    chains: &Chains<'_>,
) -> Option<Shadow> {
    let Some(mut copies) = spot.object(&COPIES) else {
        chains.skip_unused_check();
        return None;
    };
    let rate = copies.read(&RATE);
    let chain = copies.read_with(&CHAIN, |spot| chains.find(Some(spot)));
    let tenant = copies.read(&TENANT);
    if reading.counted && tenant == Some(None) {
        let missing = "missing field `tenant`, since there are `credits`: name the account that \
                       copies are charged to, and buy it as much as they may cost";
        spot.problem(missing);
    }
    let max_in_flight = copies.read(&IN_FLIGHT);
    let max_body = copies.read(&MAX_BODY);
    let timeout_ms = copies.read(&TIMEOUT);
    let name: Option<Rc<str>> = name.map(Rc::from);
    let collector = copies.read_with(&COLLECTOR, |spot| collector(spot, name.as_deref()));
    copies.finish();
    let name = name?;
    Some(Shadow {
        draws_by: format!("shadow {name}"),
        name,
        tenant: tenant?.map(Rc::from),
        max_in_flight: usize::try_from(max_in_flight?).unwrap_or(usize::MAX),
        max_body: max_body?,
        timeout_ms: timeout_ms?,
        collector: collector?,
        rate: rate?,
        chain: chain?,
        scope: scope?,
    })
}

fn collector(spot: &Spot<'_>, name: Option<&str>) -> Option<Rc<Collector>> {
    let mut fields = spot.object(&COLLECTED)?;
    let (endpoint, secret) = (fields.read(&ENDPOINT), fields.read(&SECRET));
    fields.finish();
    let cluster = format!("-collector-{}", name.unwrap_or_default());
    Some(Rc::new(Collector { cluster, endpoint: endpoint?, secret: secret? }))
}

#[cfg(test)]
mod tests {
    use crate::policy::Policy;

    fn copied(rate: &str) -> (usize, String) {
        let policy = format!(
            r#"{{"version": "tradewind/v1", "identity": [{{"anonymous": {{"tenant": "public"}}}}],
                "providers": {{"p": {{"dialect": "openai", "endpoint": "http://p.test"}}}},
                "models": {{"m": {{"provider": "p", "name": "m", "context_window": 1000,
                    "max_output_tokens": 10}}}},
                "chains": {{"c": ["m"]}}, "routes": [{{"models": ["auto"], "chain": "c"}}],
                "experiments": [{{"name": "e", "shadow": {{"rate": "{rate}", "chain": "c"}}}}]}}"#
        );
        let policy = Policy::from_json(policy.as_bytes()).unwrap();
        let own = policy.shadows().first().unwrap();
        let chances = (0..100_000_u64).map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        (chances.filter(|chance| own.draws(*chance)).count(), own.share())
    }

    #[test]
    fn so_many_requests_are_copied_as_the_rate_says() {
        for (rate, least, most) in
            [("0%", 0, 0), ("0.01%", 1, 30), ("1%", 900, 1_100), ("12.5%", 12_200, 12_800)]
        {
            let (count, share) = copied(rate);
            assert!((least..=most).contains(&count), "{rate}: {count}");
            assert_eq!(share, rate.replace("12.5", "12.50"));
        }
        assert_eq!(copied("100%"), (100_000, "100%".to_owned()));
    }
}
