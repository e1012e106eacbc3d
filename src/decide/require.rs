//! Step `require`: models without the tags that the caller requires leave every chain. No failure
//! brings them back: what is left of a chain is all that is ever tried.
use std::borrow::Cow;

use super::{Decision, Request, Step};
use crate::dialect::{Fault, FaultKind};
use crate::policy::tag;

const NAME: &str = "require";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let required = &request.tenant.require;
    if required.iter().next().is_none() {
        return Ok(());
    }
    let left = decision.pass_over(request, NAME, |leg| {
        let (name, value) = required.missing_in(&leg.model.tags)?;
        let missing = tag(name, value);
        Some(Cow::Owned(format!("it has no tag `{missing}`, which this caller requires")))
    });
    left.map_err(|message| Fault::new(FaultKind::Permission, message))
}
