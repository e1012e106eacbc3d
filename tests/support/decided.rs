//! What is decided for a chat request of an app by a policy that the test brings along.
use std::cell::OnceCell;

use tradewind::decide::{Decision, Refusal, Request, World, decide};
use tradewind::dialect::{Operation, client};
use tradewind::json::{Document, Limits};
use tradewind::policy::{Policy, Tenant, TextFacts};
use tradewind::port::Host;

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
        world: World::of(host),
        estimate: OnceCell::new(),
        assembled: None,
        copied: None,
        texts: TextFacts::default(),
    })
}
