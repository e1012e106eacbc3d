//! Step `thread`: a conversation that its provider keeps goes to that provider, or is sent whole.
//!
//! Whoever keeps a conversation knows it by the id of its last message, and answers whoever says
//! that id with the provider's key. That key is the gateway's own: among several tenants an id
//! would be all that keeps one from the words of another, so none of them goes on with a thread.
//! And one that has begun cannot go on with another provider's model, so a chain of several
//! providers begins none. Apps are told so by a code; with that they send all of the conversation,
//! now and later.
use std::borrow::Cow;

use super::{Decision, Entry, Leg, Request, Step, Verdict};
use crate::dialect::{Fault, FaultKind, Thread};

const NAME: &str = "thread";

pub(super) const STEP: Step = Step { name: NAME, run };

/// What tells an app to go on without.
const UNSUPPORTED: &str = r#"{"error_code":"thread_unsupported_request"}"#;

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let Some(thread) = request.ask.thread else { return Ok(()) };
    if thread == Thread::Continue && !request.policy.has_one_tenant() {
        return Err(refusal("several tenants share what the provider keeps"));
    }
    let quote = &mut decision.quote;
    let keeper = quote.primary.legs.first().map(|leg| leg.model.provider.name.clone());
    let keeps = |leg: &Leg| {
        Some(&leg.model.provider.name) == keeper.as_ref() && request.is_spoken_by(&leg.model)
    };
    if !quote.primary.legs.iter().all(keeps) {
        return Err(refusal(
            "not every model behind this name is that of one provider that keeps it",
        ));
    }
    if let Some(near) = quote.near_limit.take_if(|near| !near.legs.iter().all(keeps)) {
        decision.trace.add(Entry {
            step: NAME,
            chain: Some(near.chain.clone()),
            verdict: Verdict::Skipped,
            subject: near.chain,
            reason: Cow::Borrowed("another provider keeps the conversation"),
        });
    }
    Ok(())
}

fn refusal(why: &str) -> Fault {
    let message = format!("`thread`: {why}: send the whole conversation, without `thread`");
    let param = Some("thread".to_owned());
    let details = Some(UNSUPPORTED.into());
    Fault { param, details, ..Fault::new(FaultKind::InvalidRequest, message) }
}
