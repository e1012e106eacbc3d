//! Step `route`: the chain behind the name that the app asks for, and the cheaper one beside it.
use std::borrow::Cow;

use super::{Candidate, Decision, Entry, Leg, Request, Step, Verdict};
use crate::dialect::{Fault, FaultKind};
use crate::policy::{AnswerModel, ChainView, Policy, shown};

const NAME: &str = "route";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let (policy, asked) = (request.policy, &request.ask.model);
    let route = policy.route(asked).ok_or_else(|| unknown_model(policy, asked))?;
    let near = policy.credits().and_then(|credits| credits.near_limit.as_ref());
    let primary = candidate(policy, policy.chain(route));
    let chosen = |chain: &str, reason: &'static str| Entry {
        step: NAME,
        chain: Some(chain.to_owned()),
        verdict: Verdict::Chosen,
        subject: chain.to_owned(),
        reason: Cow::Borrowed(reason),
    };
    decision.trace.add(chosen(&primary.chain, "the chain of the model that was asked for"));
    let near_limit = near.map(|near| candidate(policy, policy.near_limit_chain(near)));
    let near_limit = near_limit.filter(|near| near.chain != primary.chain);
    if let Some(near) = &near_limit {
        decision.trace.add(chosen(&near.chain, "for tenants who have little left"));
    }
    decision.outline.answer_model =
        (route.answer_model == AnswerModel::Asked).then(|| asked.clone().into_owned());
    decision.quote.primary = primary;
    decision.quote.near_limit = near_limit;
    Ok(())
}

fn candidate(policy: &Policy, chain: ChainView<'_>) -> Candidate {
    let legs = chain.models().map(|model| Leg::of(model, policy));
    Candidate::new(chain.name(), legs.collect())
}

/// What an app is told that asks for a model of that name, where there is none.
#[must_use]
pub fn unknown_model(policy: &Policy, asked: &str) -> Fault {
    let nearest = policy.nearest(asked);
    let hint = match nearest.as_slice() {
        [] => "GET /v1/models lists what there is".to_owned(),
        names => format!("did you mean `{}`?", names.join("`, `")),
    };
    let message = format!("there is no model `{}` here: {hint}", shown(asked));
    let param = Some("model".to_owned());
    Fault { param, ..Fault::new(FaultKind::ModelNotFound, message) }
}
