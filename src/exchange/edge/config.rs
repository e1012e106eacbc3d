//! The edge role's configuration: the whole policy.
use std::rc::Rc;

use super::super::contract::problem;
use super::super::store::Store;
use super::super::{Ledger, Memory, Seats, StreamBuffer, Tabs};
use super::repeats::Repeats;
use crate::json::{At, Value, Writer};
use crate::policy::{Cache, CreditPolicy, Fallback, Policy, Problem, digest};
use crate::resilience::{Calm, Secret};

/// What the edge role needs.
#[derive(Debug)]
pub struct Config {
    pub(in super::super) policy: Policy,
    /// What Envoy buffers of a stream.
    pub(super) buffer: StreamBuffer,
    /// The policy's digest.
    pub(in super::super) digest: String,
    ledger: Option<Rc<Ledger>>,
    /// The answers that are kept; `None` where none is.
    store: Option<Rc<Store>>,
    /// What names are made under that apps have a say in.
    pub(super) secret: Secret,
    /// When its worker has last seen all models well.
    pub(super) calm: Calm,
    /// The requests that it remembers.
    pub(super) repeats: Repeats,
    /// What its streams share with all others of the VM: memory, the seats of copies, and what is
    /// known of limits.
    pub(super) shared: (Seats, Memory, Tabs),
}

impl Config {
    /// The section of the policy about credits; `None` where nobody counts them.
    #[must_use]
    pub const fn credits(&self) -> Option<&CreditPolicy> {
        self.policy.credits()
    }

    /// Whether anything is sent beside the requests, when the plugin ticks.
    pub(in super::super) fn sends(&self) -> bool {
        self.credits().is_some() || !self.policy.shadows().is_empty()
    }

    /// The answers that are kept, and by what rules.
    pub(super) fn cache(&self) -> Option<(&Cache, &Rc<Store>)> {
        self.policy.cache().map(Rc::as_ref).zip(self.store.as_ref())
    }

    /// Whether an answer that is too old stands in before the models of another chain.
    pub(super) fn prefers_stale(&self) -> bool {
        let mut order = self.policy.fallback().iter();
        let is_one = |own: &&Fallback| matches!(own, Fallback::StaleCache | Fallback::Chain(_));
        order.find(is_one) == Some(&Fallback::StaleCache)
    }

    /// The name that was asked for, where something may have to stand in for an answer.
    pub(super) fn asked(&self, name: &str) -> String {
        if self.policy.fallback().is_empty() { String::new() } else { name.to_owned() }
    }

    /// Who counts credits, and by what rules.
    pub(in super::super) fn counted(&self) -> Option<(&CreditPolicy, &Rc<Ledger>)> {
        self.credits().zip(self.ledger.as_ref())
    }

    /// Writes the plugin's configuration for a policy, which is given as canonical JSON.
    #[must_use]
    pub fn write(policy: &str, buffer: StreamBuffer) -> Vec<u8> {
        let mut json = Writer::new();
        json.object(|json| {
            json.key("role").string("edge");
            json.key("policy").raw(policy);
            json.key("limits").object(|json| buffer.write(json));
        });
        json.finish()
    }

    pub(in super::super) fn read(
        root: Value<'_>,
        shared: (Seats, Memory, Tabs),
    ) -> Result<Self, Vec<Problem>> {
        let Some(policy) = root.given("policy") else {
            let missing = "missing: expected the policy".to_owned();
            return Err(vec![problem(&At::Root.key("policy"), 0, missing)]);
        };
        let digest = digest(policy.raw().as_bytes());
        Policy::from_json(policy.raw().as_bytes()).map(|policy| {
            let ledger = policy.credits().map(Ledger::of);
            let store = policy.cache().map(|cache| Rc::new(Store::of(cache)));
            let (buffer, secret) = (StreamBuffer::read(root), Secret::default());
            let (calm, repeats) = (Calm::default(), Repeats::default());
            Self { policy, store, buffer, digest, ledger, secret, calm, repeats, shared }
        })
    }
}
