//! Step `amend`: what changes in the body for a provider of the app's own format.
use std::borrow::Cow;

use super::{Decision, Leg, Request, Step};
use crate::dialect::{Ask, Change, Edit, Fault, FaultKind, Target, composed};
use crate::json::Document;
use crate::order;
use crate::policy::Unsupported;

const NAME: &str = "amend";

pub(super) const STEP: Step = Step { name: NAME, run };

/// Most places of a body that change: a plan carries them all, and each attempt reads it. The model
/// is one of them, and so is each thought of another provider's model that an app sends back. Those
/// grow in number with a conversation, so it is more than the largest window has room for: what
/// goes together is one place, and between two there is a call with its result, or words.
const EDITS_MAX: usize = 32 << 10;

/// Most bytes that are put into a body: a plan carries them too. Most edits are of a few words, but
/// instructions that a model does not take where they stand are moved whole, and there are more of
/// them the longer a conversation is: this is a million tokens of them, a whole window.
const PUT_BYTES_MAX: usize = 4 << 20;

/// Most bytes of a plan that all changes of one body are, one for each model that is told something
/// else. One with the most places and the most bytes is 6 MiB: the first of a chain always is
/// within, and models after it are passed over rather than that a plan outgrows its proxy.
const PLAN_BYTES_MAX: usize = 16 << 20;

/// What an edit is in a plan beside what it puts, and more than it is in memory.
const EDIT_BYTES: usize = 48;

const OVERLAPPING: &str = "it would have to be told otherwise in places that overlap, such as \
    instructions between another model's thoughts: send them in `system`";

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let (operation, format) = (request.operation, request.inbound.format);
    if !decision.quote.candidates().any(|candidate| candidate.speaks(operation, format)) {
        return Ok(());
    }
    let whole = (request.document, request.ask);
    let common = common(request, whole);
    // What all models take alike changes in the same places for all of them, and stands here once.
    let mut changes: Vec<Change> = Vec::with_capacity(1);
    let mut planned = 0_usize;
    let left = decision.pass_over(request, NAME, |leg| {
        if !request.is_spoken_by(&leg.model) {
            return None;
        }
        let change = change_for(request, whole, leg, &common);
        let Some(change) = change else { return Some(Cow::Borrowed(OVERLAPPING)) };
        if change.edits.len() > EDITS_MAX {
            return Some(Cow::Owned(format!(
                "more than {EDITS_MAX} places of the body would have to change, one for each \
                 thought of another model: send fewer of them back"
            )));
        }
        let put = change.edits.iter().map(|edit| edit.put.text_bytes());
        let put = put.fold(0, usize::saturating_add);
        if put > PUT_BYTES_MAX {
            return Some(Cow::Owned(format!(
                "more than {} MiB of the body would have to be moved for it, such as instructions \
                 among the messages: send them in `system`",
                PUT_BYTES_MAX >> 20
            )));
        }
        if !in_order(&change.edits) {
            return Some(Cow::Borrowed(OVERLAPPING));
        }
        let known = changes.iter().position(|own| *own == change);
        if known.is_none() {
            let own = change.edits.len().saturating_mul(EDIT_BYTES).saturating_add(put);
            let all = planned.saturating_add(own);
            if all > PLAN_BYTES_MAX {
                return Some(Cow::Borrowed(
                    "the models before it are told so much otherwise that a plan has no room left \
                     for what it would be told",
                ));
            }
            planned = all;
        }
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

/// What changes for every model.
fn common<'d>(request: &Request<'_>, (document, ask): (&'d Document<'d>, &Ask<'d>)) -> Change {
    let edits = (request.inbound.edits)(document, ask);
    let mut common = Change { edits, left_out: Vec::new() };
    if !request.policy.has_one_tenant() {
        let unshared = (request.inbound.unshared)(document);
        common.edits.extend(unshared.edits);
        order::sort_by_key(&mut common.edits, |edit| edit.at.start);
        common.left_out = unshared.left_out;
    }
    common
}

/// What changes for one model, marks for its provider's cache among it; `None` where it cannot be
/// told both that and what is left of the conversation.
fn change_for<'d>(
    request: &Request<'_>,
    whole: (&'d Document<'d>, &Ask<'d>),
    leg: &Leg,
    common: &Change,
) -> Option<Change> {
    let inbound = request.inbound;
    let Some(shortened) = &leg.shortened else {
        let change = change(request, whole, leg, common);
        return Some(Change { edits: inbound.marked(whole.0, change.edits, leg.marks), ..change });
    };
    shortened.read(request, |document, ask| {
        let common = self::common(request, (document, ask));
        let change = change(request, (document, ask), leg, &common);
        let marked = inbound.marked(document, change.edits, leg.marks);
        let edits = composed(&shortened.edits, &marked)?;
        Some(Change { edits, ..change })
    })
}

fn change<'d>(
    request: &Request<'_>,
    body: (&'d Document<'d>, &Ask<'d>),
    leg: &Leg,
    common: &Change,
) -> Change {
    let model = &leg.model;
    let target = Target { model: &model.provider_model, max_output_tokens: leg.max_output_tokens };
    let drops = model.unsupported == Unsupported::Drop;
    let is_priced = model.price.is_some();
    let told = (drops, is_priced);
    let mut change = request.inbound.change(body, &target, told, &common.edits);
    change.left_out.extend(common.left_out.iter().cloned());
    change
}
