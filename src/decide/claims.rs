//! What a request takes of its limits, as far as that is decided.
use std::rc::Rc;

use super::size::{Bounds, Size};
use crate::credit::Credits;
use crate::policy::{Rate, RateBy, Session};

/// What a request takes of its limits.
#[derive(Debug, Default)]
pub struct Claims {
    /// Whose limits they are, each with all of its rules.
    pub subjects: Vec<Claim>,
    /// The most that one of its attempts may use. All zero where none of the rules counts tokens.
    pub bounds: Bounds,
    /// How large the request is, but for its images. The same holds of it.
    pub size: Size,
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
