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

/// Most bytes that are put into a body: a plan carries them too, once for each model that is told
/// something else. Most edits are of a few words; instructions that a model does not take where
/// they stand are moved whole.
const PUT_BYTES_MAX: usize = 64 << 10;

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let (operation, format) = (request.operation, request.inbound.format);
    if !decision.quote.candidates().any(|candidate| candidate.speaks(operation, format)) {
        return Ok(());
    }
    let mut common = (request.inbound.edits)(request.document, request.ask);
    let mut unshared = Change::default();
    if !request.policy.has_one_tenant() {
        unshared = (request.inbound.unshared)(request.document);
        common.append(&mut unshared.edits);
        common.sort_by_key(|edit| edit.at.start);
    }
    // What all models take alike changes in the same places for all of them, and stands here once.
    let mut changes: Vec<Change> = Vec::with_capacity(1);
    let left = decision.pass_over(request, NAME, |leg| {
        if !request.is_spoken_by(&leg.model) {
            return None;
        }
        let mut change = change(request, leg, &common);
        change.left_out.extend(unshared.left_out.iter().cloned());
        if change.edits.len() > EDITS_MAX {
            return Some(Cow::Owned(format!(
                "more than {EDITS_MAX} places of the body would have to change, one for each \
                 thought of another model: send fewer of them back"
            )));
        }
        if change.edits.iter().map(|edit| edit.put.text_bytes()).fold(0, usize::saturating_add)
            > PUT_BYTES_MAX
        {
            return Some(Cow::Owned(format!(
                "more than {} KiB of the body would have to be moved for it, such as instructions \
                 among the messages: send them in `system`",
                PUT_BYTES_MAX >> 10
            )));
        }
        if !in_order(&change.edits) {
            return Some(Cow::Borrowed(
                "it would have to be told otherwise in places that overlap, such as instructions \
                 between another model's thoughts: send them in `system`",
            ));
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

/// Whether no two edits are of the same bytes.
fn in_order(edits: &[Edit]) -> bool {
    edits.iter().zip(edits.iter().skip(1)).all(|(one, next)| one.at.end <= next.at.start)
}

fn change(request: &Request<'_>, leg: &Leg, common: &[Edit]) -> Change {
    let model = &leg.model;
    let target = Target { model: &model.provider_model, max_output_tokens: leg.max_output_tokens };
    let drops = model.unsupported == Unsupported::Drop;
    request.inbound.change((request.document, request.ask), &target, drops, common)
}
