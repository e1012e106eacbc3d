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

pub(crate) fn decided_by(
    policy: &str,
    client: &str,
    body: &str,
    host: &dyn Host,
) -> Result<Decision, Box<Refusal>> {
    let policy = Policy::from_json(policy.as_bytes()).unwrap();
    let tenant = Tenant { tenant: "public".to_owned(), ..Tenant::default() };
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let client = client::named(client).unwrap();
    let operation = Operation::CHAT;
    let inbound = client.endpoint_for(operation.name).unwrap().inbound().unwrap();
    let ask = inbound.ask(&document).unwrap();
    let secret = Secret::default();
    let _ = secret.digest(&Before);
    decide(&Request {
        policy: &policy,
        tenant: &tenant,
        client: client.name,
        operation,
        inbound,
        headers: &[],
        document: &document,
        ask: &ask,
        bytes: body.len(),
        world: World::of(host).with_secret(&secret),
        estimate: OnceCell::new(),
        assembled: None,
        copied: None,
        resumed: None,
        texts: TextFacts::default(),
    })
}
