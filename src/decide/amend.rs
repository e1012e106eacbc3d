//! Step `amend`: what changes in the body for a provider of the app's own dialect.
use super::{Decision, Request, Step};
use crate::dialect::Fault;

pub(super) const STEP: Step = Step { name: "amend", run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    if decision.quote.candidates().any(|candidate| candidate.speaks(request.client)) {
        decision.outline.edits = (request.client.inbound.edits)(request.document, request.ask);
    }
    Ok(())
}
