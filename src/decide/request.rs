//! A request as the steps of a decision read it.
use core::cell::OnceCell;

use super::World;
use crate::dialect::{Ask, Inbound, Operation};
use crate::json::Document;
use crate::policy::{Model, Policy, Tenant};

/// A request that has been read, and the policy that decides on it.
#[derive(Debug)]
pub struct Request<'r> {
    /// The policy in force.
    pub policy: &'r Policy,
    /// Who pays, and for whom.
    pub tenant: &'r Tenant,
    /// What the app asks for.
    pub operation: Operation,
    /// How its requests are read.
    pub inbound: &'static Inbound,
    /// The body as JSON, which the edits of a body point into.
    pub document: &'r Document<'r>,
    /// The body in our words.
    pub ask: &'r Ask<'r>,
    /// Length of the body, in bytes.
    pub bytes: usize,
    /// What is known beside the request.
    pub world: World<'r>,
    /// [`Request::input_tokens`], once they have been asked for.
    pub estimate: OnceCell<u64>,
}

impl Request<'_> {
    /// Whether a model's provider takes the request in the app's own format.
    #[must_use]
    pub fn is_spoken_by(&self, model: &Model) -> bool {
        model.provider.dialect.speaks(self.operation, self.inbound.format)
    }

    /// Tokens of the input, estimated: counted when a step first asks.
    #[must_use]
    pub fn input_tokens(&self) -> u64 {
        *self.estimate.get_or_init(|| self.ask.estimate())
    }
}
