//! `experiments[].unit`: what keeps its arm.
use super::super::document::Content;
use super::super::field::{
    Field, Kind, Label, Nested, Read, Required, Section, Shape, Spot, Word, Words,
};
use super::super::request_headers;

/// What keeps its arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: each request is drawn for itself.
    Request,
    /// A user of a tenant.
    User,
    /// A key of a tenant.
    Key,
    /// A tenant.
    Tenant,
    /// A conversation, known by its first messages.
    Conversation,
    /// Whatever a request header says that the policy lists.
    Header(String),
}

/// A word, without what it may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    Request,
    User,
    Key,
    Tenant,
    Conversation,
}

const PLAIN: Words<Plain> = Words {
    what: "unit",
    of: &[
        Word::new("request", Plain::Request, "Each request is drawn for itself."),
        Word::new("user", Plain::User, "The user of the caller's key."),
        Word::new("key", Plain::Key, "The caller's key, by its name in `identity`."),
        Word::new("tenant", Plain::Tenant, "Who pays."),
        Word::new(
            "conversation",
            Plain::Conversation,
            "The conversation, known by its instructions and the first message of the user's.",
        ),
    ],
};

/// A word, or `{header: NAME}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnitKind;

const HEADER: Required<Label> = Field::required(
    "header",
    Label("the name of a request header"),
    "One of the policy's `request_headers`: who says the same there is the same unit.",
);

const BY_HEADER: Section = Section::new(
    "an object with a `header`",
    "The unit is what a request header says.",
    "experiments:
  - name: try
    unit: {header: x-session}
    arms: [{name: control, weight: 90}, {name: other, weight: 10, chain: budget}]",
    &[&HEADER],
);

impl Kind for UnitKind {
    fn shape(&self) -> Shape {
        Shape::Either(vec![PLAIN.shape(), Nested(&BY_HEADER).shape()])
    }
}

impl UnitKind {
    /// Reads a unit; a header is one of those that the policy lists.
    pub(super) fn read(spot: &Spot<'_>, headers: &[String]) -> Option<Unit> {
        let Content::Object(_) = &spot.node.content else {
            return PLAIN.read(spot).map(|word| match word {
                Plain::Request => Unit::Request,
                Plain::User => Unit::User,
                Plain::Key => Unit::Key,
                Plain::Tenant => Unit::Tenant,
                Plain::Conversation => Unit::Conversation,
            });
        };
        let mut fields = spot.object(&BY_HEADER)?;
        let name = fields.read(&HEADER);
        let place = fields.place(&HEADER);
        fields.finish();
        request_headers::listed(&name?, &place, headers).map(Unit::Header)
    }
}
