//! Step `limits`: the policy's bounds on one request. The most tokens of an answer is none of them:
//! that is a ceiling, found with the model's own ([`super::bound`]).
use super::{Decision, Request, Step};
use crate::dialect::Fault;

pub(super) const STEP: Step = Step { name: "limits", run };

fn run(request: &Request<'_>, _: &mut Decision) -> Result<(), Fault> {
    // The app's own messages are counted, not what is added to them.
    if request.assembled.is_some() {
        return Ok(());
    }
    let (ask, limits) = (request.ask, request.policy.limits());
    if ask.messages > limits.max_messages {
        let (sent, most) = (ask.messages, limits.max_messages);
        let expected = format!("{sent} messages are more than the {most} this gateway takes");
        return Err(Fault::field("messages", expected));
    }
    Ok(())
}
