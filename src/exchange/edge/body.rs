//! The body of a request for a model: read once, and decided by.
use core::cell::OnceCell;

use super::super::Host;
use super::{Config, Head};
use crate::decide::{Decision, Request, Trace, World, decide};
use crate::dialect::{Ask, Fault, FaultKind, Inbound};
use crate::json::Document;

/// What a body asks, and how that is served; or what the app is told, and what of it
/// had been decided.
pub(super) fn read_and_decide<'d>(
    config: &Config,
    (head, inbound): (&Head, &'static Inbound),
    document: &'d Document<'d>,
    bytes: usize,
    host: &dyn Host,
) -> Result<(Ask<'d>, Decision), (Fault, Option<Trace>)> {
    let ask = inbound.ask(document).map_err(|fault| (fault, None))?;
    let request = Request {
        policy: &config.policy,
        tenant: &head.tenant,
        operation: head.endpoint.operation,
        inbound,
        document,
        ask: &ask,
        bytes,
        world: World::of(host),
        estimate: OnceCell::new(),
    };
    match decide(&request) {
        Ok(decision) => Ok((ask, decision)),
        Err(refusal) => Err((refusal.fault, Some(refusal.trace))),
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
