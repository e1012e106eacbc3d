//! Step `shadow`: whether a copy of the request goes to another chain as well. The request itself
//! is served as if there were none.
use super::known::Known;
use super::{Decision, Request, Step};
use crate::dialect::Fault;
use crate::policy::Shadow;

pub(super) const STEP: Step = Step { name: "shadow", run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    // With what was added to it, the app's own request is copied or not, as was drawn before.
    if let Some(own) = request.assembled {
        decision.shadow = own.shadow;
        return Ok(());
    }
    let drawn = |own: &Shadow| own.draws(request.world.chance(&own.draws_by));
    decision.shadow = first(request, decision, drawn);
    Ok(())
}

/// The place of the first experiment that may copy the request, and does by what is `drawn`.
fn first(
    request: &Request<'_>,
    decision: &Decision,
    drawn: impl Fn(&Shadow) -> bool,
) -> Option<usize> {
    if request.policy.shadows().is_empty() || !may_be_copied(request) {
        return None;
    }
    let known = Known { request, asked: &decision.asked };
    let mut shadows = request.policy.shadows().iter();
    shadows.position(|own| drawn(own) && own.takes(&known, decision.class))
}

/// Whether the request is one that can be asked twice: an app's own, and none that changes a
/// conversation that its provider keeps.
fn may_be_copied(request: &Request<'_>) -> bool {
    !request.is_our_own() && request.ask.thread.is_none() && request.ask.stored.is_empty()
}

/// The first experiment that may copy a request which has been decided on, whatever is drawn.
#[must_use]
pub fn may_copy<'r>(request: &Request<'r>, decision: &Decision) -> Option<&'r Shadow> {
    let first = first(request, decision, |own| own.rate > 0)?;
    request.policy.shadows().get(first)
}
