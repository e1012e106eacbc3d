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
    /// Tokens of its input, estimated.
    pub input: u64,
    /// The most tokens that its answers may have.
    pub output: u64,
    /// What each model that it may be sent to may use of it; none where no tokens are counted.
    pub bounds: Vec<(Rc<Model>, Bounds)>,
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
    /// The caps of a session that has some, and what the request's input is estimated to cost.
    pub caps: Option<(Rc<Session>, Credits)>,
}
