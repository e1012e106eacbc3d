//! One model of a chain, and what it is sent.
use std::rc::Rc;

use super::{Bounds, Request, Shortened};
use crate::dialect::CacheMarks;
use crate::policy::{Model, Policy};

/// One model to try.
#[derive(Debug, Clone)]
pub struct Leg {
    /// The model, as the policy describes it.
    pub model: Rc<Model>,
    /// The same at the accounts of its provider that may be asked; empty where that has none, and
    /// from the step `account` on, where each has a leg of its own.
    pub accounts: Vec<Rc<Model>>,
    /// Most tokens of one answer: what the model and the policy allow; from the step `fit` on no
    /// more than the app asks for and the context window has left.
    pub max_output_tokens: u64,
    /// Whether the provider is told that bound whatever the app's own body says: somebody pays for
    /// it, or the app asks for more.
    pub states_bound: bool,
    /// The most that the model may use; `None` where nobody counts credits.
    pub bounds: Option<Bounds>,
    /// Which of [`Outline::changes`] makes the app's body one for this model; that of a provider of
    /// another format is written anew, whatever stands here.
    pub change: usize,
    /// The request without its oldest turns, where the model has no room for all of it.
    pub shortened: Option<Rc<Shortened>>,
    /// What of the request is marked for its provider's cache; `None` where nothing is.
    pub marks: Option<CacheMarks>,
    /// Whether it is another chain's, and asked where all of the chain's own have failed.
    pub is_spare: bool,
    /// Whether it is another chain's, and asked first since it has answered before.
    pub is_foreign: bool,
    /// Whether its breaker has it left alone, and it is asked where all others have failed.
    pub is_last_resort: bool,
}

impl Leg {
    /// A model of which nothing more is known than what it and the policy allow.
    pub(super) fn of(model: &Rc<Model>, policy: &Policy) -> Self {
        let most = policy.limits().max_output_tokens.unwrap_or(u64::MAX);
        let max_output_tokens = model.max_output_tokens.min(most);
        Self {
            model: Rc::clone(model),
            accounts: model.accounts.clone(),
            max_output_tokens,
            states_bound: false,
            bounds: None,
            change: 0,
            shortened: None,
            marks: None,
            is_spare: false,
            is_foreign: false,
            is_last_resort: false,
        }
    }

    /// Whether it is a model of another chain, for whatever reason it is asked: what it answers is
    /// none of its chain's answers.
    #[must_use]
    pub const fn is_guest(&self) -> bool {
        self.is_spare || self.is_foreign
    }

    /// The model as it is asked: itself, or it at each account.
    pub(super) fn asked(&self) -> &[Rc<Model>] {
        if self.accounts.is_empty() { core::slice::from_ref(&self.model) } else { &self.accounts }
    }

    /// Tokens of what the model is sent, estimated.
    pub(super) fn input_tokens(&self, request: &Request<'_>) -> u64 {
        let shortened = self.shortened.as_ref().map(|own| own.input_tokens);
        shortened.unwrap_or_else(|| request.input_tokens())
    }
}
