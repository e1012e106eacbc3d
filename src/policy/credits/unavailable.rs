//! What becomes of requests while the ledger does not answer, or refuses this proxy.
use super::super::field::{
    Defaulted, Field, Holds, Is, Nested, Object, Optional, Rule, Word, Words,
};
use super::allowance::{self, ALLOWANCE, Allowance};

/// `on_unavailable`: what becomes of requests while the ledger does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnavailable {
    /// They run, and are charged when the ledger answers again.
    Allow,
    /// They are refused with an error of the app's dialect.
    Deny,
    /// They run as long as what a tenant has not yet been charged for stays within an allowance.
    Grace(Allowance),
}

/// `on_token_refused`: what becomes of requests while the ledger refuses this proxy's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTokenRefused {
    /// They run, and are charged when the token is right.
    Allow,
    /// They are refused with an error of the app's dialect.
    Deny,
}

/// The words of `on_unavailable`; the amount of grace is in `grace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chosen {
    Allow,
    Deny,
    Grace,
}

pub(super) const ON_UNAVAILABLE: Optional<Words<Chosen>> = Field::optional(
    "on_unavailable",
    CHOICES,
    "`grace` where there is a `grace`, `deny` where there is none",
    "What becomes of requests while the ledger does not answer.",
);

const CHOICES: Words<Chosen> = Words {
    what: "value",
    of: &[
        Word::new("allow", Chosen::Allow, "They run, and are charged when it answers again."),
        Word::new("deny", Chosen::Deny, "They are refused."),
        Word::new(
            "grace",
            Chosen::Grace,
            "They run, as long as what a tenant has not yet been charged for stays within `grace`.",
        ),
    ],
};

pub(super) const GRACE: Optional<Nested> = Field::optional(
    "grace",
    Nested(&ALLOWANCE),
    "no grace",
    "What a tenant who has bought credits may run up while the ledger does not answer.",
);

/// A grace that is chosen has bounds.
pub(super) const NEEDS_GRACE: Rule = Rule {
    when: Holds { key: ON_UNAVAILABLE.key(), is: Is::Word("grace") },
    then: Holds { key: GRACE.key(), is: Is::Given },
};

/// One that is given is meant.
pub(super) const MEANS_GRACE: Rule = Rule {
    when: Holds { key: GRACE.key(), is: Is::Given },
    then: Holds { key: ON_UNAVAILABLE.key(), is: Is::AbsentOr("grace") },
};

pub(super) const ON_TOKEN_REFUSED: Defaulted<Words<OnTokenRefused>> = Field::defaulted(
    "on_token_refused",
    Words {
        what: "value",
        of: &[
            Word::new(
                "allow",
                OnTokenRefused::Allow,
                "They run, and are charged when the token is right.",
            ),
            Word::new("deny", OnTokenRefused::Deny, "They are refused."),
        ],
    },
    OnTokenRefused::Deny,
    "What becomes of requests while the ledger refuses this proxy's token.",
);

/// Reads `on_unavailable` and `grace`, which belong together.
pub(super) fn read(fields: &mut Object<'_>) -> Option<OnUnavailable> {
    let chosen = fields.read(&ON_UNAVAILABLE);
    let grace = fields.spot(&GRACE).map(|spot| (allowance::grace(&spot), spot));
    let Some(chosen) = chosen? else {
        // A policy with `grace` and without `on_unavailable` wants the grace.
        return match grace {
            Some((grace, _)) => grace.map(OnUnavailable::Grace),
            None => Some(OnUnavailable::Deny),
        };
    };
    match (chosen, grace) {
        (Chosen::Grace, Some((grace, _))) => grace.map(OnUnavailable::Grace),
        (Chosen::Grace, None) => {
            let spot = fields.place(&ON_UNAVAILABLE);
            spot.problem("needs `grace: {credits: \"5\", seconds: 60}` beside it");
            None
        }
        (other, Some((_, spot))) => {
            let other = CHOICES.word(other);
            spot.problem(format!("means nothing with `on_unavailable: {other}`: remove it"));
            None
        }
        (Chosen::Allow, None) => Some(OnUnavailable::Allow),
        (Chosen::Deny, None) => Some(OnUnavailable::Deny),
    }
}
