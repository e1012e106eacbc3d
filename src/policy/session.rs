//! `limits.session`: the end of a loop that nobody watches.
use std::rc::Rc;

use super::document::Content;
use super::field::{
    Amount, Defaulted, Duration, Field, Kind, Label, Nested, Object, Optional, Read, Required,
    Section, Shape, Spot, Whole, Word, Words,
};
use super::predicate::Reading;
use super::request_headers;
use crate::credit::Credits;

/// `limits.session`: what a session is, and how much it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What a session is.
    pub by: SessionBy,
    /// The most requests of one.
    pub requests: Option<u64>,
    /// The most credits that one may cost.
    pub credits: Option<Credits>,
    /// How long one lasts since its first request, in seconds.
    pub seconds: Option<u64>,
    /// For how long no request of it runs or comes until another one begins, in milliseconds.
    pub idle_ms: u64,
}

/// `by`: what a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionBy {
    /// A conversation, known by its first messages.
    Conversation,
    /// What the body says in `prompt_cache_key`.
    PromptCacheKey,
    /// Whatever a request header says that the policy lists.
    Header(String),
}

impl Session {
    /// Whether anything bounds a session.
    #[must_use]
    pub const fn caps(&self) -> bool {
        self.requests.is_some() || self.credits.is_some() || self.seconds.is_some()
    }
}

pub(super) const SESSION: Optional<Nested> = Field::optional(
    "session",
    Nested(&SECTION),
    "there are none",
    "How much one session may be: what ends an agent that loops.",
);

const SECTION: Section = Section::new(
    "an object with `by`",
    "What a session is, and how much one may be: an agent that calls a model over and over gets \
     to an end. Beyond a cap each request of the session is refused with 400 and the code \
     `session_limit`, and not with 429: SDKs send what was refused with 429 again by themselves, \
     and the loop would go on. The error says which cap it was, and how to go on: by another \
     session. A request that is refused by a limit, or for want of credits, does not count. Each \
     session is its tenant's own, and each proxy counts for itself, all of its workers together: \
     about 65,000 sessions, of which it forgets first whichever has been silent for longest.",
    "limits:
  session: {by: {header: x-session-id}, requests: 200, credits: \"5\", seconds: 7200}",
    &[&BY, &REQUESTS, &CREDITS, &SECONDS, &IDLE],
);

const BY: Required<ByKind> = Field::required(
    "by",
    ByKind,
    "What a session is. A request that has no such thing has no session, and no cap.",
);

const REQUESTS: Optional<Whole> = Field::optional(
    "requests",
    Whole { of: "requests", least: 1, most: 1_000_000_000 },
    "any number",
    "The most requests of a session.",
);

const CREDITS: Optional<Amount> = Field::optional(
    "credits",
    Amount::Positive,
    "any amount",
    "The most that a session may cost. A request counts with what its input is estimated to cost \
     and an answer of 1,000 tokens, or of as many as it asks for where these are fewer, and once \
     it is over with its true cost: the last ones may go beyond. Needs `credits`.",
);

const SECONDS: Optional<Whole> = Field::optional(
    "seconds",
    Whole { of: "seconds", least: 1, most: 604_800 },
    "any time",
    "How long a session lasts since its first request.",
);

const IDLE: Defaulted<Duration> = Field::defaulted(
    "idle",
    Duration { least: 60_000, most: 86_400_000 },
    3_600_000,
    "After so long in which no request of it runs or comes, one that its caps refuse among them, a \
     session begins anew.",
);

/// A word, or `{header: NAME}`.
#[derive(Debug, Clone, Copy)]
struct ByKind;

/// A word of [`SessionBy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plain {
    Conversation,
    PromptCacheKey,
}

const PLAIN: Words<Plain> = Words {
    what: "session",
    of: &[
        Word::new(
            "conversation",
            Plain::Conversation,
            "The conversation, known by the instructions before it and the first message of the \
             user's: those that begin alike are one. One that begins with no text, such as with \
             an image alone, has no session.",
        ),
        Word::new(
            "prompt_cache_key",
            Plain::PromptCacheKey,
            "What the body says in `prompt_cache_key`, as agents of OpenAI's API do.",
        ),
    ],
};

const HEADER: Required<Label> = Field::required(
    "header",
    Label("the name of a request header"),
    "One of the policy's `request_headers`, in which apps name their sessions.",
);

const BY_HEADER: Section = Section::new(
    "an object with a `header`",
    "A session is what a request header says.",
    "limits:
  session: {by: {header: x-session-id}, requests: 200}",
    &[&HEADER],
);

impl Kind for ByKind {
    fn shape(&self) -> Shape {
        Shape::Either(vec![PLAIN.shape(), Nested(&BY_HEADER).shape()])
    }
}

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(
    outer: &mut Object<'_>,
    reading: &Reading<'_>,
    has_rules: bool,
) -> Option<Option<Rc<Session>>> {
    let Some(spot) = outer.spot(&SESSION) else { return Some(None) };
    let mut fields = spot.object(&SECTION)?;
    let by = fields.read_with(&BY, |spot| by(spot, reading.headers));
    let requests = fields.read(&REQUESTS);
    let credits = fields.read(&CREDITS);
    let place = fields.place(&CREDITS);
    let seconds = fields.read(&SECONDS);
    let idle_ms = fields.read(&IDLE);
    fields.finish();
    let session = Session {
        by: by?,
        requests: requests?,
        credits: credits?,
        seconds: seconds?,
        idle_ms: idle_ms?,
    };
    if session.credits.is_some() && !reading.counted {
        place.problem("nobody counts credits: add `credits` to the policy, or leave this out");
    }
    if !session.caps() && !has_rules {
        spot.problem(
            "bounds nothing: expected `requests`, `credits` or `seconds`, or a rule of `rate` \
             with `by: session`",
        );
    }
    Some(Some(Rc::new(session)))
}

fn by(spot: &Spot<'_>, headers: &[String]) -> Option<SessionBy> {
    let Content::Object(_) = &spot.node.content else {
        return PLAIN.read(spot).map(|word| match word {
            Plain::Conversation => SessionBy::Conversation,
            Plain::PromptCacheKey => SessionBy::PromptCacheKey,
        });
    };
    let mut fields = spot.object(&BY_HEADER)?;
    let name = fields.read(&HEADER);
    let place = fields.place(&HEADER);
    fields.finish();
    request_headers::listed(&name?, &place, headers).map(SessionBy::Header)
}
