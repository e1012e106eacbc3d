//! `sticky`: requests that go to the model that has answered before.
use super::document::Content;
use super::field::{
    Boolean, Defaulted, Duration, Field, Kind, Label, List, NameOf, Nested, Optional, Read,
    Required, Section, Shape, Spot, Word, Words,
};
use super::predicate::Reading;
use super::request_headers;
use super::route;

/// `sticky`: requests that go to the model that has answered before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sticky {
    /// What is kept on its model.
    pub by: StickyBy,
    /// For how long after its last answer, in milliseconds.
    pub for_ms: u64,
    /// Whether it keeps its model where its class has another chain.
    pub across_classes: bool,
    /// Places of the routes that it is for; `None` for all.
    routes: Option<Vec<usize>>,
}

/// `by`: what is kept on its model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StickyBy {
    /// A conversation, known by its first messages.
    Conversation,
    /// A user of a tenant.
    User,
    /// A key of a tenant.
    Key,
    /// Whatever a request header says that the policy lists.
    Header(String),
}

impl Sticky {
    /// Whether it is for the route at that place.
    #[must_use]
    pub fn is_for(&self, route: usize) -> bool {
        self.routes.as_ref().is_none_or(|routes| routes.contains(&route))
    }
}

pub(super) const STICKY: Section = Section::new(
    "an object with `by`",
    "Requests that go to the model that has answered before, since its provider's cache holds what \
     they begin with. That model is tried first and the others of the chain after it, in their \
     order; after a fallback it is the one that answered. In a cascade the models before it are \
     left out, so that what the last model has answered goes on with that one, and is not judged. \
     All of this is within the chain that serves a request: that of its class, of its arm of an \
     experiment, or of the app's own choice. A model without what the caller requires or the \
     request needs is passed over as ever, and `credits.near_limit` serves whoever has little \
     left. A proxy remembers about 65,000 of them and then forgets whoever has been silent for \
     longest, whose next request is served like a first one. What one proxy remembers, another \
     does not know. With this section or without it, a request that answers calls of functions \
     goes to the model that made them, whatever its class and its arm are: a model of another \
     chain is tried before those of its own. It goes to another one only where that model fails or \
     is passed over, where the app has chosen a class or a chain, or where the proxy no longer \
     remembers: of calls, too, it remembers about 65,000.",
    "sticky: {by: conversation, for: 5m}",
    &[&BY, &FOR, &ROUTES, &ACROSS_CLASSES],
);

const BY: Required<ByKind> = Field::required(
    "by",
    ByKind,
    "What is kept on its model, each for its tenant and route alone. A request that has no such \
     thing is served as if there were no `sticky`.",
);

const FOR: Defaulted<Duration> = Field::defaulted(
    "for",
    Duration { least: 1_000, most: 86_400_000 },
    300_000,
    "For how long after its last answer: as long as a provider's cache holds what it has read.",
);

const ROUTES: Optional<List> = Field::optional(
    "routes",
    List::of("names of routes", &NameOf("route")).unique(),
    "all routes",
    "The routes that it is for, each by any of its names.",
);

const ACROSS_CLASSES: Defaulted<Boolean> = Field::defaulted(
    "across_classes",
    Boolean,
    false,
    "Whether it keeps its model where the class of a request has a chain without that model: it is \
     tried before that chain then. Otherwise a request follows its class, even where that costs \
     the cache.",
);

/// A word, or `{header: NAME}`.
#[derive(Debug, Clone, Copy)]
struct ByKind;

/// A word of [`StickyBy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plain {
    Conversation,
    User,
    Key,
}

const PLAIN: Words<Plain> = Words {
    what: "unit",
    of: &[
        Word::new(
            "conversation",
            Plain::Conversation,
            "The conversation, known by the instructions before it and the first message of the \
             user's: those that begin alike are one. Where instructions change on the way, such as \
             by the time of day in them, use a header.",
        ),
        Word::new("user", Plain::User, "The user of the caller's key."),
        Word::new("key", Plain::Key, "The caller's key, by its name in `identity`."),
    ],
};

const HEADER: Required<Label> = Field::required(
    "header",
    Label("the name of a request header"),
    "One of the policy's `request_headers`, such as an app's id of a session.",
);

const BY_HEADER: Section = Section::new(
    "an object with a `header`",
    "What is kept is what a request header says.",
    "sticky: {by: {header: x-session}}",
    &[&HEADER],
);

impl Kind for ByKind {
    fn shape(&self) -> Shape {
        Shape::Either(vec![PLAIN.shape(), Nested(&BY_HEADER).shape()])
    }
}

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(spot: &Spot<'_>, reading: &Reading<'_>) -> Option<Sticky> {
    let mut fields = spot.object(&STICKY)?;
    let by = fields.read_with(&BY, |spot| by(spot, reading.headers));
    let for_ms = fields.read(&FOR);
    let routes =
        fields.read_with(&ROUTES, |spot| route::places(&ROUTES.kind.items(spot)?, &reading.routes));
    let across_classes = fields.read(&ACROSS_CLASSES);
    fields.finish();
    Some(Sticky { by: by?, for_ms: for_ms?, across_classes: across_classes?, routes: routes? })
}

fn by(spot: &Spot<'_>, headers: &[String]) -> Option<StickyBy> {
    let Content::Object(_) = &spot.node.content else {
        return PLAIN.read(spot).map(|word| match word {
            Plain::Conversation => StickyBy::Conversation,
            Plain::User => StickyBy::User,
            Plain::Key => StickyBy::Key,
        });
    };
    let mut fields = spot.object(&BY_HEADER)?;
    let name = fields.read(&HEADER);
    let place = fields.place(&HEADER);
    fields.finish();
    request_headers::listed(&name?, &place, headers).map(StickyBy::Header)
}
