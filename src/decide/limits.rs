//! Step `limits`: the policy's bounds on one request.
use super::{Decision, Request, Step};
use crate::dialect::Fault;

pub(super) const STEP: Step = Step { name: "limits", run };

fn run(request: &Request<'_>, _: &mut Decision) -> Result<(), Fault> {
    let (ask, limits) = (request.ask, request.policy.limits());
    if ask.messages > limits.max_messages {
        let (sent, most) = (ask.messages, limits.max_messages);
        let expected = format!("{sent} messages are more than the {most} this gateway takes");
        return Err(Fault::field("messages", expected));
    }
    match (&ask.max_tokens, limits.max_output_tokens) {
        (Some(asked), Some(most)) if asked.value > most => {
            let expected =
                format!("{} is more than the {most} tokens this gateway allows", asked.value);
            Err(Fault::field(asked.field, expected))
        }
        _ => Ok(()),
    }
}
