//! A request as the steps of a decision read it.
use core::cell::OnceCell;

use super::{Assembled, Resumed, World};
use crate::dialect::{Ask, Inbound, Operation};
use crate::json::Document;
use crate::policy::{Model, Policy, Tenant, TextFacts};

/// A request that has been read, and the policy that decides on it.
#[derive(Debug)]
pub struct Request<'r> {
    /// The policy in force.
    pub policy: &'r Policy,
    /// Who pays, and for whom.
    pub tenant: &'r Tenant,
    /// The name of the API that the app was written for.
    pub client: &'static str,
    /// What the app asks for.
    pub operation: Operation,
    /// How its requests are read.
    pub inbound: &'static Inbound,
    /// Request headers by which something is decided: those that the policy lists, and [`CLASS`]
    /// and [`CHAIN`].
    pub headers: &'r [(String, String)],
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
    /// What the gateway has made of the app's own request, which this one is then.
    pub assembled: Option<&'r Assembled>,
    /// The experiment that it is a copy for, by its place among those that copy; `None` for one of
    /// an app's own.
    pub copied: Option<usize>,
    /// The answer that it goes on with; `None` for one that begins.
    pub resumed: Option<&'r Resumed>,
    /// What questions have found in its texts.
    pub texts: TextFacts,
}

/// The request header by which an app chooses a class.
pub const CLASS: &str = "x-tradewind-class";

/// The request header by which an app chooses a chain.
pub const CHAIN: &str = "x-tradewind-chain";

impl Request<'_> {
    /// Whether a model's provider takes the request in the app's own format.
    #[must_use]
    pub fn is_spoken_by(&self, model: &Model) -> bool {
        model.provider.dialect.speaks(self.operation, self.inbound.format)
    }

    /// Whether the gateway has made it itself: its app has asked for another, and this one has what
    /// was decided of that.
    #[must_use]
    pub const fn is_our_own(&self) -> bool {
        self.copied.is_some() || self.resumed.is_some()
    }

    /// Whether the models of another chain may stand in where its own are gone. What a copy is
    /// worth is what its own chain is worth; a thread has its models, and so has an answer that
    /// goes on.
    #[must_use]
    pub fn may_have_spares(&self) -> bool {
        let may = !self.is_our_own() && self.ask.thread.is_none();
        may && self.policy.fallback_chain().is_some()
    }

    /// Most tokens of the answer, where the app sets a bound: of one that goes on, what is left.
    #[must_use]
    pub fn max_tokens(&self) -> Option<u64> {
        let said = self.resumed.map_or(0, |own| own.said);
        self.ask.max_tokens.map(|own| own.value.saturating_sub(said).max(1))
    }

    /// The value of one of its headers.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Tokens of the input, estimated: counted when a step first asks.
    #[must_use]
    pub fn input_tokens(&self) -> u64 {
        *self.estimate.get_or_init(|| self.ask.estimate())
    }
}
