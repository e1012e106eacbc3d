//! What is decided for a chat request of an app by a policy that the test brings along.
use std::cell::OnceCell;

use tradewind::decide::{Decision, Refusal, Request, World, decide};
use tradewind::dialect::{Operation, client};
use tradewind::json::{Document, Limits};
use tradewind::policy::{Policy, Tenant, TextFacts};
use tradewind::port::{Clock, Host, Random, Shared};
use tradewind::resilience::Secret;

/// What a worker has asked before: for the proxy's secret, once for all of its requests.
struct Before;

impl Clock for Before {
    fn now_ms(&self) -> u64 {
        0
    }

    fn unix_seconds(&self) -> u64 {
        0
    }
}

impl Random for Before {
    fn unique(&self) -> u64 {
        0
    }
}

impl Shared for Before {
    fn shared_data(&self, _key: &str) -> (Vec<u8>, Option<u32>) {
        (Vec::new(), None)
    }

    fn set_shared_data(&self, _key: &str, _value: &[u8], _version: Option<u32>) -> bool {
        true
    }
}

/// A chat request of an app, and the policy that decides on it.
pub(crate) struct Asked<'a> {
    pub(crate) policy: &'a str,
    pub(crate) client: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) tenant: &'a Tenant,
    pub(crate) body: &'a str,
    /// The experiment that it is a copy for.
    pub(crate) copied: Option<usize>,
}

impl Asked<'_> {
    /// Does something with it in that world.
    pub(crate) fn then<T>(&self, world: World<'_>, then: impl FnOnce(&Request<'_>) -> T) -> T {
        let policy = Policy::from_json(self.policy.as_bytes()).unwrap();
        let document = Document::parse(self.body.as_bytes(), Limits::default()).unwrap();
        let client = client::named(self.client).unwrap();
        let operation = Operation::CHAT;
        let inbound = client.endpoint_for(operation.name).unwrap().inbound().unwrap();
        let ask = inbound.ask(&document).unwrap();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers: Vec<(String, String)> = self.headers.iter().map(own).collect();
        then(&Request {
            policy: &policy,
            tenant: self.tenant,
            client: client.name,
            operation,
            inbound,
            headers: &headers,
            document: &document,
            ask: &ask,
            bytes: self.body.len(),
            world,
            estimate: OnceCell::new(),
            assembled: None,
            copied: self.copied,
            resumed: None,
            texts: TextFacts::default(),
        })
    }
}

pub(crate) fn decided_by(
    policy: &str,
    client: &str,
    body: &str,
    host: &dyn Host,
) -> Result<Decision, Box<Refusal>> {
    let tenant = &Tenant { tenant: "public".to_owned(), ..Tenant::default() };
    let secret = Secret::default();
    let _ = secret.digest(&Before);
    let asked = Asked { policy, client, headers: &[], tenant, body, copied: None };
    asked.then(World::of(host).with_secret(&secret), decide)
}
