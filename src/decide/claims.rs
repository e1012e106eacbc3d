//! What a request takes of its limits, as far as that is decided.
use std::rc::Rc;

use super::size::Need;
use crate::credit::Credits;
use crate::policy::{GlobalLimits, Rate, RateBy, Session};

/// What a request takes of its limits.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// Whose limits they are, each with all of its rules.
    pub subjects: Vec<Claim>,
    /// The tokens that it counts with until it is known what it has used.
    pub tokens: Tokens,
    /// What it may use; nothing where none of the rules counts tokens.
    pub need: Need,
}

/// Tokens of a request that has not run yet; all 0 where no rule counts any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Its input, estimated.
    pub input: u64,
    /// The most that its answers may have.
    pub output: u64,
    /// What its answers count with where nobody knows how long such ones are: at most `output`.
    pub unknown: u64,
}

/// A subject of limits, and the rules that are for the request.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The subject's name among all, which no other has.
    pub subject: String,
    /// What kind of subject it is.
    pub by: RateBy,
    /// Whom an app is told that the limit is of.
    pub shown: String,
    /// The rules, in the order of the policy.
    pub rules: Vec<Rc<Rate>>,
    /// The caps of a session that has some, and what the request is estimated to cost.
    pub caps: Option<(Rc<Session>, Credits)>,
}

/// What a request is called by, where several proxies count it together.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    /// The name of each kind of subject. One that the request does not have is left out, and so it
    /// is not asked about.
    pub names: Vec<(RateBy, String)>,
    /// Whether what it has used is told at its end.
    pub counts_tokens: bool,
    /// What it may use; nothing where no tokens are counted.
    pub need: Need,
}

impl Shared {
    /// What is told of a request, by these names.
    pub(super) fn of(global: &GlobalLimits, name: impl Fn(RateBy) -> Option<String>) -> Self {
        let names = global.subjects().into_iter().filter_map(|by| Some((by, name(by)?)));
        let (names, counts_tokens) = (names.collect(), global.counts_tokens());
        Self { names, counts_tokens, ..Self::default() }
    }

    /// What the service is asked by: its descriptors for this request, as text.
    pub(super) fn asks<'s>(
        &'s self,
        global: Option<&'s GlobalLimits>,
    ) -> impl Iterator<Item = String> + 's {
        global.into_iter().flat_map(|own| &own.descriptors).filter_map(|own| {
            let named = |by: &RateBy| self.names.iter().find(|(known, _)| known == by);
            let mut text = format!("`counts={}`", own.counts.word());
            for by in &own.by {
                let (by, name) = named(by)?;
                text.push_str(&format!(", `{}={name}`", by.word()));
            }
            Some(text)
        })
    }
}
