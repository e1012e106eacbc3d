//! What a request takes of its limits, as far as that is decided.
use std::rc::Rc;

use super::Bounds;
use crate::credit::Credits;
use crate::policy::{Model, Rate, RateBy, Session};

/// What a request takes of its limits.
#[derive(Debug, Default)]
pub struct Claims {
    /// Whose limits they are, each with all of its rules.
    pub subjects: Vec<Claim>,
    /// The tokens that it counts with until it is known what it has used.
    pub tokens: Tokens,
    /// What each model that it may be sent to may use of it; none where no tokens are counted.
    pub bounds: Vec<(Rc<Model>, Bounds)>,
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
#[derive(Debug)]
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
