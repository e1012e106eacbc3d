//! The body of a request for a model: read once, and decided by.
use core::cell::OnceCell;

use super::super::Host;
use super::super::line::Line;
use super::super::spend;
use super::{Config, Head};
use crate::decide::{self, Assembled, Decision, Request, Trace, World, decide};
use crate::dialect::{Ask, Fault, FaultKind, read_body};
use crate::json::Document;
use crate::policy::TextFacts;

/// What a body asks, and how that is served; or what the app is told, and what of it
/// had been decided.
pub(super) fn read_and_decide<'d>(
    config: &Config,
    (head, bytes, assembled): (&Head, usize, Option<&Assembled>),
    document: &'d Document<'d>,
    line: &mut Line,
    host: &dyn Host,
) -> Result<(Ask<'d>, Decision), (Fault, Option<Trace>)> {
    let ask = head.inbound.ask(document).map_err(|fault| (fault, None))?;
    line.asks(&ask.model, ask.stream);
    let account = || spend::standing(config.counted()?.1, &head.tenant.tenant, host);
    let world = World::of(host).with_account(&account);
    let own = Request { assembled, ..request(config, head, (document, &ask, bytes), world) };
    match decide(&own) {
        Ok(decision) => Ok((ask, decision)),
        Err(refusal) => Err((refusal.fault, Some(refusal.trace))),
    }
}

/// A request with what the gateway adds to it: a body that is read instead of the app's own; `None`
/// where it adds nothing.
pub(super) fn assembled(
    config: &Config,
    (head, body): (&Head, &[u8]),
    line: &mut Line,
    host: &dyn Host,
) -> Result<Option<Assembled>, (Fault, Option<Trace>)> {
    if config.policy.prompts().is_empty() {
        return Ok(None);
    }
    let document = read_body(body).map_err(|fault| (fault, None))?;
    let ask = head.inbound.ask(&document).map_err(|fault| (fault, None))?;
    let account = || spend::standing(config.counted()?.1, &head.tenant.tenant, host);
    let world = World::of(host).with_account(&account);
    let own = request(config, head, (&document, &ask, body.len()), world);
    let assembled = decide::assemble(&own).map_err(|refusal| {
        line.asks(&ask.model, ask.stream);
        (refusal.fault, Some(refusal.trace))
    })?;
    match assembled {
        Some(assembled) if !config.buffer.fits(assembled.body.len()) => {
            let most = config.buffer.bytes();
            let message = format!(
                "with what this gateway adds to it the body is larger than {most} bytes: send less"
            );
            Err((Fault::new(FaultKind::TooLarge, message), None))
        }
        assembled => Ok(assembled),
    }
}

/// How many tokens a body has that is read like one for a model.
pub(super) fn count(
    config: &Config,
    head: &Head,
    body: &[u8],
    host: &dyn Host,
) -> Result<u64, Fault> {
    let document = read_body(body)?;
    let ask = head.inbound.ask(&document)?;
    decide::count(&request(config, head, (&document, &ask, body.len()), World::of(host)))
}

/// A request as the steps of a decision read it.
pub(super) fn request<'r>(
    config: &'r Config,
    head: &'r Head,
    (document, ask, bytes): (&'r Document<'r>, &'r Ask<'r>, usize),
    world: World<'r>,
) -> Request<'r> {
    Request {
        policy: &config.policy,
        tenant: &head.tenant,
        client: head.client.name,
        operation: head.endpoint.operation,
        inbound: head.inbound,
        headers: &head.deciding,
        document,
        ask,
        bytes,
        world,
        estimate: OnceCell::new(),
        assembled: None,
        copied: head.copy_of.as_ref().map(|own| own.shadow),
        texts: TextFacts::default(),
    }
}

/// The refusal of a body of more bytes than the policy allows.
pub(super) fn too_large(limit: u64) -> Fault {
    let message = format!(
        "the body is larger than {limit} bytes, which is the most this gateway takes \
         (limits.request.max_body_bytes): send less"
    );
    Fault::new(FaultKind::TooLarge, message)
}
