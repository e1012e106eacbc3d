//! `context`: what becomes of a conversation that a model has no room for.
use super::field::{Defaulted, Field, Nested, Optional, Section, Spot, Word, Words};

/// `context`: what becomes of a conversation that a model has no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// What becomes of it.
    pub overflow: Overflow,
}

/// `overflow`: what becomes of a conversation that a model has no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// `larger_model`: the model is passed over.
    LargerModel,
    /// `drop_oldest`: that model is sent the conversation without its oldest turns.
    DropOldest,
    /// `reject`: the request is refused.
    Reject,
}

impl Overflow {
    /// Its name in the policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LargerModel => "larger_model",
            Self::DropOldest => "drop_oldest",
            Self::Reject => "reject",
        }
    }
}

impl Default for Context {
    fn default() -> Self {
        Self { overflow: OVERFLOW.default() }
    }
}

/// What one route's requests have in the place of the policy's own.
pub(super) const OF_ROUTE: Optional<Nested> = Field::optional(
    "context",
    Nested(&CONTEXT),
    "the policy's `context`",
    "What becomes of a conversation of this route's that a model has no room for: in the place of \
     the policy's `context`.",
);

pub(super) const CONTEXT: Section = Section::new(
    "an object with `overflow`",
    "What becomes of a conversation that a model has no room for, as its tokens are estimated. It \
     is decided for each model of a chain.",
    "context: {overflow: drop_oldest}",
    &[&OVERFLOW],
);

const OVERFLOW: Defaulted<Words<Overflow>> = Field::defaulted(
    "overflow",
    Words {
        what: "value",
        of: &[
            Word::new(
                "larger_model",
                Overflow::LargerModel,
                "The model is passed over, and a larger one of its chain serves the request. So it \
                 is where it has room for a few words alone; where no model of the chain has more, \
                 it answers with these.",
            ),
            Word::new(
                "drop_oldest",
                Overflow::DropOldest,
                "The model is sent the conversation without its oldest turns: as few as will do. \
                 `x-tradewind-context` says how many messages went. Instructions and the \
                 examples of `prompt` stay, and so does what the user has said last; what is left \
                 begins with the user, and no call of a function goes whose result stays. Where \
                 that does not do either, the model is passed over.",
            ),
            Word::new(
                "reject",
                Overflow::Reject,
                "The request is refused with 400 where the first model of its chain has no room \
                 for it that could serve it otherwise. Of the models after that one those are \
                 passed over that have no room.",
            ),
        ],
    },
    Overflow::LargerModel,
    "What becomes of a conversation that does not fit a model's `context_window` together with the \
     answer that is asked for. An answer of which the app does not say how long it may be is to \
     have an eighth of the window, or the model's `max_output_tokens` where that is less. Where \
     no model of the chain is left the request is refused with 400, with the numbers.",
);

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(spot: &Spot<'_>) -> Option<Context> {
    let mut fields = spot.object(&CONTEXT)?;
    let overflow = fields.read(&OVERFLOW);
    fields.finish();
    Some(Context { overflow: overflow? })
}
