//! `limits`: bounds on one request, on what is asked for in a time, and on one session; and what
//! proxies count together.
use std::rc::Rc;

use super::class::Classes;
use super::field::{Bytes, Defaulted, Field, Nested, Object, Optional, Section, Whole};
use super::global::{self, GlobalLimits};
use super::predicate::Reading;
use super::rate::{self, Rate, RateBy};
use super::session::{self, Session};

/// `limits`: bounds on what apps may ask for.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Bounds on one request.
    pub request: RequestLimits,
    /// How much may be asked for in a time, or run at once.
    pub rates: Vec<Rc<Rate>>,
    /// How much one session may be.
    pub session: Option<Rc<Session>>,
    /// What several proxies count together; `None` where each counts for itself.
    pub global: Option<Rc<GlobalLimits>>,
}

/// `limits.request`: bounds on one request.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// The largest body of a request, in bytes.
    pub max_body_bytes: u64,
    /// The most messages that a request may have.
    pub max_messages: u64,
    /// Most output tokens of an answer; `None` for the model's own bound alone.
    pub max_output_tokens: Option<u64>,
}

pub(super) const LIMITS: Section = Section::new(
    "an object with `request`, `rate`, `session` and `global`",
    "Bounds on what an app may ask for: a request beyond one of them is refused before any model \
     is asked, but for `max_output_tokens`, which shortens the answer.",
    "limits:\n  request: {max_body_bytes: 4MiB, max_messages: 1000, max_output_tokens: 16384}",
    &[&REQUEST, &rate::RATE, &session::SESSION, &global::GLOBAL],
);

const REQUEST: Optional<Nested> = Field::optional(
    "request",
    Nested(&LIMITS_REQUEST),
    "the defaults of its fields",
    "Bounds on one request.",
);

const LIMITS_REQUEST: Section = Section::new(
    "an object of limits",
    "Bounds on one request.",
    "limits:\n  request: {max_body_bytes: 512KiB}",
    &[&MAX_BODY_BYTES, &MAX_MESSAGES, &MAX_OUTPUT_TOKENS],
);

const MAX_BODY_BYTES: Defaulted<Bytes> = Field::defaulted(
    "max_body_bytes",
    Bytes { least: 1, most: 64 << 20 },
    4 << 20,
    "The largest body of a request. Envoy holds it whole, so it costs memory. A larger one is \
     refused with 413.",
);

const MAX_MESSAGES: Defaulted<Whole> = Field::defaulted(
    "max_messages",
    Whole { of: "messages", least: 1, most: 100_000 },
    1000,
    "The most messages of one request. More are refused with 400.",
);

const MAX_OUTPUT_TOKENS: Optional<Whole> = Field::optional(
    "max_output_tokens",
    Whole { of: "tokens", least: 1, most: 100_000_000 },
    "the model's own bound",
    "The most output tokens that a request may ask for: one that asks for more is served with \
     this bound, or with its model's own where that is lower. One that says nothing is bound by it \
     where credits are counted, and where its provider must be told a bound.",
);

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: MAX_BODY_BYTES.default(),
            max_messages: MAX_MESSAGES.default(),
            max_output_tokens: None,
        }
    }
}

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(
    mut fields: Object<'_>,
    reading: &Reading<'_>,
    classes: &Classes<'_>,
) -> Option<Limits> {
    let request = fields.section(&REQUEST);
    let rates = rate::read(&mut fields, reading, classes);
    let by_session = |rates: &Vec<Rc<Rate>>| rates.iter().any(|own| own.by == RateBy::Session);
    let global = global::read(&mut fields);
    let shares = |global: &Option<Rc<GlobalLimits>>| {
        global.as_ref().is_some_and(|own| own.subjects().contains(&RateBy::Session))
    };
    let shared = global.as_ref().is_none_or(shares);
    let has_rules = rates.as_ref().is_none_or(by_session) || shared;
    let session = session::read(&mut fields, reading, has_rules);
    if has_rules && rates.is_some() && matches!(session, Some(None)) {
        let ruled = rates.as_ref().is_some_and(by_session);
        let place = if ruled { fields.place(&rate::RATE) } else { fields.place(&global::GLOBAL) };
        if ruled || global.is_some() {
            place.problem("`by: session` needs `limits.session`, which says what one is");
        }
    }
    fields.finish();
    let request = read_request(request?)?;
    Some(Limits { request, rates: rates?, session: session?, global: global? })
}

fn read_request(mut fields: Object<'_>) -> Option<RequestLimits> {
    let max_body_bytes = fields.read(&MAX_BODY_BYTES);
    let max_messages = fields.read(&MAX_MESSAGES);
    let max_output_tokens = fields.read(&MAX_OUTPUT_TOKENS);
    fields.finish();
    Some(RequestLimits {
        max_body_bytes: max_body_bytes?,
        max_messages: max_messages?,
        max_output_tokens: max_output_tokens?,
    })
}
