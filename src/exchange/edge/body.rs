//! The body of a request: read once, and decided by.
use core::cell::OnceCell;

use super::super::Host;
use super::{Config, Head};
use crate::decide::{Decision, Request, Trace, World, decide};
use crate::dialect::{Ask, Fault, FaultKind};
use crate::json::{Document, Limits};

/// Reads a body, once.
pub(super) fn read(body: &[u8]) -> Result<Document<'_>, Fault> {
    let document = Document::parse(body, Limits::default()).map_err(|syntax| {
        Fault::new(FaultKind::InvalidRequest, format!("the body is not valid JSON: {syntax}"))
    })?;
    if !document.root().is_object() {
        let found = document.root().kind().name();
        let message = format!("the body must be a JSON object, found {found}");
        return Err(Fault::new(FaultKind::InvalidRequest, message));
    }
    Ok(document)
}

/// What a body asks, and how that is served; or what the app is told, and what of it
/// had been decided.
pub(super) fn read_and_decide<'d>(
    config: &Config,
    head: &Head,
    document: &'d Document<'d>,
    bytes: usize,
    host: &dyn Host,
) -> Result<(Ask<'d>, Decision), (Fault, Option<Trace>)> {
    let ask = head.client.inbound.ask(document).map_err(|fault| (fault, None))?;
    let request = Request {
        policy: &config.policy,
        tenant: &head.tenant,
        client: head.client,
        operation: head.operation,
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
