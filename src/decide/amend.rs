//! Step `amend`: what changes in the body for a provider of the app's own format.
use std::borrow::Cow;

use super::{Decision, Request, Step};
use crate::dialect::{Fault, FaultKind};

const NAME: &str = "amend";

pub(super) const STEP: Step = Step { name: NAME, run };

/// Most places of a body that change: a plan carries them all, and each attempt reads it. The model
/// is one of them, and so is each thought of another provider's model that an app sends back.
const EDITS_MAX: usize = 1024;

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let (operation, format) = (request.operation, request.inbound.format);
    if !decision.quote.candidates().any(|candidate| candidate.speaks(operation, format)) {
        return Ok(());
    }
    let edits = (request.inbound.edits)(request.document, request.ask);
    if edits.len() > EDITS_MAX {
        let reason = format!(
            "more than {EDITS_MAX} places of the body would have to change, one for each thought \
             of another model: send fewer of them back"
        );
        let left = decision.pass_over(request, NAME, |leg| {
            request.is_spoken_by(&leg.model).then(|| Cow::Owned(reason.clone()))
        });
        return left.map_err(|message| Fault::new(FaultKind::InvalidRequest, message));
    }
    decision.outline.edits = edits;
    Ok(())
}
