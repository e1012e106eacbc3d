//! Step `amend`: what changes in the body for a provider of the app's own format.
use std::borrow::Cow;

use super::{Decision, Leg, Request, Step};
use crate::dialect::{Change, Edit, Fault, FaultKind, Target};
use crate::policy::Unsupported;

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
    let common = (request.inbound.edits)(request.document, request.ask);
    // What all models take alike changes in the same places for all of them, and stands here once.
    let mut changes: Vec<Change> = Vec::with_capacity(1);
    let left = decision.pass_over(request, NAME, |leg| {
        if !request.is_spoken_by(&leg.model) {
            return None;
        }
        let change = change(request, leg, &common);
        if change.edits.len() > EDITS_MAX {
            return Some(Cow::Owned(format!(
                "more than {EDITS_MAX} places of the body would have to change, one for each \
                 thought of another model: send fewer of them back"
            )));
        }
        let known = changes.iter().position(|own| *own == change);
        leg.change = known.unwrap_or(changes.len());
        if known.is_none() {
            changes.push(change);
        }
        None
    });
    decision.outline.changes = changes;
    left.map_err(|message| Fault::new(FaultKind::InvalidRequest, message))
}

fn change(request: &Request<'_>, leg: &Leg, common: &[Edit]) -> Change {
    let model = &leg.model;
    let target = Target { model: &model.provider_model, max_output_tokens: leg.max_output_tokens };
    let drops = model.unsupported == Unsupported::Drop;
    request.inbound.change((request.document, request.ask), &target, drops, common)
}
