//! Step `experiment`: the arm that the request is in, of each experiment that is for it.
use std::borrow::Cow;

use super::conversation::{conversation, of_tenant};
use super::known::Known;
use super::{Decision, Entry, Request, Step, Verdict};
use crate::dialect::Fault;
use crate::policy::{Draw, HOLDOUT, Unit};

const NAME: &str = "experiment";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    // With what was added to it, the app's own request keeps its arms.
    // A copy is in none.
    if request.assembled.is_some() || request.copied.is_some() {
        return Ok(());
    }
    let Decision { asked, class, arm, trace, .. } = decision;
    let known = Known { request, asked };
    // Whoever decides first on the chain decides alone.
    let mut decided = asked.chain.is_some();
    for (index, experiment) in request.policy.experiments().iter().enumerate() {
        let changes_chain = experiment.changes_chain();
        if (decided && changes_chain) || !experiment.takes(&known, *class) {
            continue;
        }
        let Some(unit) = unit(request, &experiment.unit) else { continue };
        let name = match experiment.draw(&unit) {
            Draw::Out => continue,
            Draw::HeldOut => HOLDOUT,
            Draw::In(own) => {
                if changes_chain {
                    *arm = Some((index, own));
                }
                experiment.arms.get(own).map_or(HOLDOUT, |arm| &arm.name)
            }
        };
        decided |= changes_chain;
        trace.add(Entry {
            step: NAME,
            chain: None,
            verdict: Verdict::Assigned,
            subject: format!("{}={name}", experiment.name),
            reason: Cow::Borrowed(match experiment.unit {
                Unit::Request => "drawn for this request alone",
                Unit::User => "drawn by its user",
                Unit::Key => "drawn by its key",
                Unit::Tenant => "drawn by its tenant",
                Unit::Conversation => "drawn by its conversation",
                Unit::Header(_) => "drawn by a header of its own",
            }),
        });
        // A request alone needs no name beside its own.
        if experiment.unit != Unit::Request {
            trace.add(Entry {
                step: NAME,
                chain: None,
                verdict: Verdict::Unit,
                subject: format!("{}={}", experiment.name, experiment.told_unit(&unit)),
                reason: Cow::Borrowed("what keeps that arm, as the access log has it"),
            });
        }
    }
    Ok(())
}

/// What keeps its arm; `None` where the request has no such thing.
fn unit(request: &Request<'_>, unit: &Unit) -> Option<Vec<u8>> {
    let tenant = request.tenant;
    let of_tenant = |own: &[u8]| of_tenant(&tenant.tenant, own);
    match unit {
        Unit::Request => Some(request.world.chance(NAME).to_be_bytes().to_vec()),
        Unit::User => tenant.user.as_ref().map(|user| of_tenant(user.as_bytes())),
        Unit::Key => tenant.key.as_ref().map(|key| of_tenant(key.as_bytes())),
        Unit::Tenant => Some(tenant.tenant.as_bytes().to_vec()),
        Unit::Conversation => conversation(request).map(|own| of_tenant(&own.to_be_bytes())),
        Unit::Header(name) => request.header(name).map(|value| value.as_bytes().to_vec()),
    }
}
