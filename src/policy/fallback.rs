//! `resilience.fallback`: what an app is given where every model of its chain has failed.
use super::chain::{CHAINS, Chains};
use super::document::Content;
use super::field::{
    Field, Holds, Is, Kind, List, NameOf, Nested, Optional, Read, Rule, Section, Shape, Spot, Text,
    Word, Words,
};

/// What an app is given where every model of its chain has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fallback {
    /// `stale_cache`: an answer to the same request that is too old otherwise.
    StaleCache,
    /// `{chain: NAME}`: the models of another chain are asked.
    Chain(usize),
    /// `{reply: TEXT}`: this text.
    Reply(String),
    /// `error`: what the last model has failed with.
    Error,
}

/// Longest text of a reply, in bytes.
const TEXT_MAX: usize = 16 << 10;

pub(super) const FALLBACK: Optional<List> = Field::optional(
    "fallback",
    List::of("what an app is given", &FallbackKind),
    "`[error]`",
    "What an app is given where every model of its chain has failed before it had any of an \
     answer, in this order: the first that there is. Requests that are at fault themselves have \
     their error. `x-tradewind-degraded` says what stands in: `stale`, `chain` or `reply`.",
);

#[derive(Debug, Clone, Copy)]
struct FallbackKind;

const PLAIN: Words<Plain> = Words {
    what: "fallback",
    of: &[
        Word::new(
            "stale_cache",
            Plain::StaleCache,
            "The answer that the same request had before, where the `cache` has one that is not \
             older than its `ttl` and its `stale_for` together. It costs nothing.",
        ),
        Word::new("error", Plain::Error, "What the last model has failed with: nothing follows."),
    ],
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plain {
    StaleCache,
    Error,
}

const STAND_IN: Section = Section::new(
    "an object with a `chain` or a `reply`",
    "What stands in: models of another chain, or a text.",
    "resilience: {fallback: [{chain: budget}, {reply: \"Nobody is here to answer. Try again.\"}]}",
    &[&CHAIN, &REPLY],
)
.with(&[
    Rule {
        when: Holds { key: CHAIN.key(), is: Is::Given },
        then: Holds { key: REPLY.key(), is: Is::Absent },
    },
    Rule {
        when: Holds { key: CHAIN.key(), is: Is::Absent },
        then: Holds { key: REPLY.key(), is: Is::Given },
    },
]);

const CHAIN: Optional<NameOf> = Field::optional(
    "chain",
    NameOf(CHAINS.one),
    "a text stands in",
    "The chain whose models are asked after all of its own, as many as `resilience.attempts` \
     allows. What they may cost is held like the rest. None follow a cascade, and of a cascade \
     that follows nobody judges the answers.",
);

const REPLY: Optional<ReplyText> = Field::optional(
    "reply",
    ReplyText,
    "another chain stands in",
    "A text that is an answer in the app's own API, as it stands here, streamed where that is \
     asked for. No model has made it, and it costs nothing.",
);

/// A text of some length.
#[derive(Debug, Clone, Copy)]
struct ReplyText;

impl Kind for ReplyText {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a text",
            pattern: "^[\\s\\S]*\\S[\\s\\S]*$",
            longest: Some(TEXT_MAX),
            example: "Nobody is here to answer.",
            ..Text::default()
        })
    }
}

impl Read for ReplyText {
    type Value = String;

    fn read(&self, spot: &Spot<'_>) -> Option<String> {
        let text = spot.text("a text")?;
        if !text.is_empty() && text.trim().is_empty() {
            spot.problem("expected a text, found one of spaces alone");
            return None;
        }
        if (1..=TEXT_MAX).contains(&text.len()) {
            return Some(text.to_owned());
        }
        let length = text.len();
        spot.problem(format!("expected a text of 1 to {TEXT_MAX} bytes, found {length}"));
        None
    }
}

impl Kind for FallbackKind {
    fn shape(&self) -> Shape {
        Shape::Either(vec![PLAIN.shape(), Nested(&STAND_IN).shape()])
    }
}

/// Reads the list.
pub(super) fn read(list: Option<&Spot<'_>>, chains: &Chains<'_>) -> Vec<Fallback> {
    let Some(list) = list else { return Vec::new() };
    let items = FALLBACK.kind.items(list);
    if items.is_none() {
        chains.skip_unused_check();
    }
    let mut read: Vec<Fallback> = Vec::new();
    let mut ended = false;
    for item in items.unwrap_or_default() {
        let Some(own) = one(&item, chains) else { continue };
        if ended {
            item.problem("nothing is left for this one: what stands before it never fails");
        }
        let same =
            |other: &Fallback| core::mem::discriminant(other) == core::mem::discriminant(&own);
        if !ended && read.iter().any(same) {
            item.problem("one of this kind stands in this list before");
        }
        ended |= matches!(own, Fallback::Reply(_) | Fallback::Error);
        read.push(own);
    }
    read
}

fn one(spot: &Spot<'_>, chains: &Chains<'_>) -> Option<Fallback> {
    let Content::Object(_) = &spot.node.content else {
        return PLAIN.read(spot).map(|word| match word {
            Plain::StaleCache => Fallback::StaleCache,
            Plain::Error => Fallback::Error,
        });
    };
    let mut fields = spot.object(&STAND_IN)?;
    let named = fields.spot(&CHAIN);
    let reply = fields.read(&REPLY);
    fields.finish();
    let chain = named.as_ref().map(|spot| chains.find(Some(spot)));
    match (chain, reply?) {
        (Some(chain), None) => chain.map(Fallback::Chain),
        (None, Some(reply)) => Some(Fallback::Reply(reply)),
        _ => {
            spot.problem("expected a `chain` or a `reply`, and one of them");
            None
        }
    }
}
