//! `limits.global`: limits that several proxies share, which a rate limit service counts for them.
use std::rc::Rc;

use super::endpoint::{Endpoint, Url};
use super::field::{
    Defaulted, Duration, Field, Label, List, Nested, Object, Optional, Read as _, Required,
    Section, Spot, Word, Words,
};
use super::rate::{RateBy, SUBJECTS};

/// Most descriptors of a policy: each is a counter that the service writes for every request.
const MOST: usize = 8;

/// `limits.global`: the service, and what it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalLimits {
    /// Where the service is. Its path is empty.
    pub endpoint: Endpoint,
    /// Which of the service's sets of limits counts.
    pub domain: String,
    /// How long the service may take, in milliseconds, from 1 to 10,000.
    pub timeout_ms: u64,
    /// What becomes of requests while it does not answer.
    pub on_unavailable: OnUncounted,
    /// What it is asked: one to eight.
    pub descriptors: Vec<Descriptor>,
}

/// `on_unavailable`: what becomes of requests while the service does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUncounted {
    /// They run, and are not counted.
    Allow,
    /// They are refused with an error of the app's dialect.
    Deny,
}

/// `descriptors[]`: whose requests count together, and what is counted of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// What they have in common, in the order in which the service is told.
    pub by: Vec<RateBy>,
    /// What is counted.
    pub counts: Counts,
}

/// `counts`: what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Requests.
    Requests,
    /// Tokens, of input and output.
    Tokens,
}

impl GlobalLimits {
    /// Every kind of subject that the service is told of, each once.
    #[must_use]
    pub fn subjects(&self) -> Vec<RateBy> {
        let mut subjects = Vec::new();
        for by in self.descriptors.iter().flat_map(|own| &own.by) {
            if !subjects.contains(by) {
                subjects.push(*by);
            }
        }
        subjects
    }

    /// What all of its descriptors count; `None` where they differ.
    #[must_use]
    pub fn counts(&self) -> Option<Counts> {
        let first = self.descriptors.first()?.counts;
        self.descriptors.iter().all(|own| own.counts == first).then_some(first)
    }

    /// Whether one of them counts tokens.
    #[must_use]
    pub fn counts_tokens(&self) -> bool {
        self.descriptors.iter().any(|own| own.counts == Counts::Tokens)
    }
}

impl Counts {
    /// The word of a policy for it, which the service is told.
    #[must_use]
    pub fn word(self) -> &'static str {
        COUNTED.word(self)
    }
}

pub(super) const GLOBAL: Optional<Nested> = Field::optional(
    "global",
    Nested(&SECTION),
    "each proxy counts for itself",
    "Limits that several proxies share.",
);

const SECTION: Section = Section::new(
    "an object with an `endpoint` and `descriptors`",
    "Limits that several proxies share: Envoy asks a service that speaks its rate limit protocol \
     (`envoy.service.ratelimit.v3`, by gRPC) about each request that is about to go to a model. \
     How much may be is that service's to say; the policy says what it is asked by. It is asked \
     last, when the gateway's own limits have let the request through and its credits are held: \
     what it refuses gets all of that back. The app is told by 429 in its API's words, with \
     `retry-after`, and never by something that stands in for an answer. What is left is said by \
     the headers of its API where all descriptors count the same. A request that the gateway \
     answers itself (kept answers, counting tokens, the list of models) and the copies of \
     experiments ask for nothing.

Each descriptor begins with `counts`, which is `requests` or `tokens`, and goes on with what `by` \
     lists: `counts=requests, tenant=acme, model=auto`. All of these the gateway knows itself, and \
     no header says them.",
    "limits:
  global:
    endpoint: \"http://ratelimit:8081\"
    domain: tradewind
    on_unavailable: deny
    descriptors:
      - {by: [tenant]}
      - {by: [tenant, user]}
      - {by: [tenant], counts: tokens}",
    &[&ENDPOINT, &DOMAIN, &TIMEOUT, &ON_UNAVAILABLE, &DESCRIPTORS],
);

const ENDPOINT: Required<Url> = Field::required(
    "endpoint",
    Url,
    "Where the service is: `https://` for TLS. It has no path, and is spoken to by HTTP/2.",
);

const DOMAIN: Defaulted<Label> = Field::defaulted(
    "domain",
    Label("the name of a domain"),
    "tradewind",
    "Which of the service's sets of limits counts.",
);

const TIMEOUT: Defaulted<Duration> = Field::defaulted(
    "timeout",
    Duration { least: 1, most: 10_000 },
    100,
    "How long the service may take to answer. Every request waits for it.",
);

const ON_UNAVAILABLE: Defaulted<Words<OnUncounted>> = Field::defaulted(
    "on_unavailable",
    Words {
        what: "value",
        of: &[
            Word::new("allow", OnUncounted::Allow, "They run, and nobody counts them."),
            Word::new(
                "deny",
                OnUncounted::Deny,
                "They are refused with 503 and may be sent again.",
            ),
        ],
    },
    OnUncounted::Allow,
    "What becomes of requests while the service does not answer in time.",
);

const DESCRIPTORS: Required<List> = Field::required(
    "descriptors",
    List::of("descriptors", &Nested(&DESCRIPTOR)),
    "What the service is asked by, eight at most. It has to let all of them through.",
);

const DESCRIPTOR: Section = Section::new(
    "an object with `by`",
    "Whose requests count together, and what is counted of them.",
    "descriptors:
  - {by: [tenant, model]}
  - {by: [tenant, user], counts: tokens}",
    &[&BY, &COUNTS],
);

const BY: Required<List> = Field::required(
    "by",
    List::of("subjects", &SUBJECTS).unique(),
    "What the requests have in common, in the order in which the service is told. A request that \
     lacks one of them is not asked about by this descriptor. A user, a key or a session is its \
     tenant's own: `tenant` stands before it.",
);

const COUNTED: Words<Counts> = Words {
    what: "value",
    of: &[
        Word::new("requests", Counts::Requests, "Requests, each as one."),
        Word::new(
            "tokens",
            Counts::Tokens,
            "Tokens of input and output. The service is asked before a request runs, with nothing \
             taken, and told when it is over what all of its attempts have used.",
        ),
    ],
};

const COUNTS: Defaulted<Words<Counts>> =
    Field::defaulted("counts", COUNTED, Counts::Requests, "What is counted.");

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(outer: &mut Object<'_>) -> Option<Option<Rc<GlobalLimits>>> {
    let Some(spot) = outer.spot(&GLOBAL) else { return Some(None) };
    let mut fields = spot.object(&SECTION)?;
    let endpoint = fields.read(&ENDPOINT);
    if endpoint.as_ref().is_some_and(|own| !own.prefix.is_empty()) {
        let place = fields.place(&ENDPOINT);
        place.problem("the endpoint has a path; expected none: gRPC has its own");
    }
    let domain = fields.read(&DOMAIN);
    let timeout_ms = fields.read(&TIMEOUT);
    let on_unavailable = fields.read(&ON_UNAVAILABLE);
    let descriptors = fields.read_with(&DESCRIPTORS, descriptors);
    fields.finish();
    Some(Some(Rc::new(GlobalLimits {
        endpoint: endpoint?,
        domain: domain?,
        timeout_ms: timeout_ms?,
        on_unavailable: on_unavailable?,
        descriptors: descriptors?,
    })))
}

fn descriptors(spot: &Spot<'_>) -> Option<Vec<Descriptor>> {
    let items = DESCRIPTORS.kind.items(spot)?;
    if items.len() > MOST {
        spot.problem(format!("{} descriptors are more than {MOST}", items.len()));
    }
    let read: Vec<Option<Descriptor>> = items.iter().map(descriptor).collect();
    for (at, (own, item)) in read.iter().zip(&items).enumerate() {
        let same =
            read.iter().zip(&items).take(at).find(|(other, _)| own.is_some() && *other == own);
        if let Some((_, first)) = same {
            item.problem(format!(
                "says the same as the descriptor on line {}: remove one of them",
                first.line
            ));
        }
    }
    read.into_iter().collect()
}

fn descriptor(spot: &Spot<'_>) -> Option<Descriptor> {
    let mut fields = spot.object(&DESCRIPTOR)?;
    let by = fields.read_with(&BY, subjects);
    let counts = fields.read(&COUNTS);
    fields.finish();
    Some(Descriptor { by: by?, counts: counts? })
}

fn subjects(spot: &Spot<'_>) -> Option<Vec<RateBy>> {
    let mut found: Vec<RateBy> = Vec::new();
    let mut right = true;
    for item in BY.kind.items(spot)? {
        let Some(by) = SUBJECTS.read(&item) else {
            right = false;
            continue;
        };
        if found.contains(&by) {
            item.problem(format!("`{}` stands in this list before", by.word()));
        }
        let is_its_own = !matches!(by, RateBy::Tenant | RateBy::Model);
        if right && is_its_own && !found.contains(&RateBy::Tenant) {
            item.problem(format!(
                "tenants may have a {} of the same name: put `tenant` before it",
                by.word()
            ));
        }
        found.push(by);
    }
    right = right && !found.is_empty();
    right.then_some(found)
}
