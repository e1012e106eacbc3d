//! Step `chain`: the chain that serves the request, and the cheaper one beside it.
use std::borrow::Cow;

use super::{Candidate, Decision, Entry, Leg, Request, Step, Verdict};
use crate::dialect::Fault;
use crate::policy::{ChainView, Policy};

const NAME: &str = "chain";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let policy = request.policy;
    if let Some(shadow) = request.copied.and_then(|own| policy.shadows().get(own)) {
        decision.quote.primary = candidate(policy, policy.shadow_chain(shadow));
        decision.trace.add(Entry {
            step: NAME,
            chain: Some(decision.quote.primary.chain.clone()),
            verdict: Verdict::Chosen,
            subject: decision.quote.primary.chain.clone(),
            reason: Cow::Borrowed("the chain that copies go to"),
        });
        return Ok(());
    }
    if let Some(resumed) = request.resumed {
        let models = resumed.models.iter().filter_map(|name| policy.model(name));
        let legs = models.map(|model| Leg::of(model, policy)).collect();
        decision.quote.primary = Candidate::new(&resumed.chain, legs, None);
        decision.trace.add(Entry {
            step: NAME,
            chain: Some(resumed.chain.clone()),
            verdict: Verdict::Chosen,
            subject: resumed.chain.clone(),
            reason: Cow::Borrowed("the chain of the answer that goes on"),
        });
        return Ok(());
    }
    let Some(route) = policy.routes().get(decision.asked.route) else { return Ok(()) };
    let chosen = decision.asked.chain.as_deref();
    let chosen = chosen.and_then(|name| policy.chosen_chain(route, name));
    let arms = decision.arm.and_then(|(experiment, arm)| policy.arm_chain(experiment, arm));
    let (chain, reason) = match (chosen, arms) {
        (Some(chain), _) => (chain, "the app has chosen it"),
        (None, Some(chain)) => (chain, "the chain of its arm of an experiment"),
        (None, None) => (
            policy.chain(route, decision.class),
            match decision.class.filter(|_| policy.goes_by_class(route)) {
                Some(_) => "the chain of the model that was asked for, for this class",
                None => "the chain of the model that was asked for",
            },
        ),
    };
    let near = policy.credits().and_then(|credits| credits.near_limit.as_ref());
    let primary = candidate(policy, chain);
    let chosen = |chain: &str, reason: &'static str| Entry {
        step: NAME,
        chain: Some(chain.to_owned()),
        verdict: Verdict::Chosen,
        subject: chain.to_owned(),
        reason: Cow::Borrowed(reason),
    };
    decision.trace.add(chosen(&primary.chain, reason));
    let near_limit = near.map(|near| candidate(policy, policy.near_limit_chain(near)));
    let near_limit = near_limit.filter(|near| near.chain != primary.chain);
    if let Some(near) = &near_limit {
        decision.trace.add(chosen(&near.chain, "for tenants who have little left"));
    }
    decision.quote.primary = primary;
    decision.quote.near_limit = near_limit;
    Ok(())
}

fn candidate(policy: &Policy, chain: ChainView<'_>) -> Candidate {
    let legs = chain.models().map(|model| Leg::of(model, policy));
    Candidate::new(chain.name(), legs.collect(), chain.cascade().cloned())
}
