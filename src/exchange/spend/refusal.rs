//! What an app is told when its request may not run for want of credits.
use crate::credit::wire::HoldReply;
use crate::credit::{Credits, Outcome};
use crate::dialect::{Fault, FaultKind};

pub(super) fn refused(
    tenant: &str,
    needed: Credits,
    available: Credits,
    standing: &HoldReply,
) -> Fault {
    let message = match standing.outcome {
        Outcome::BudgetExceeded => format!(
            "a budget of `{tenant}` for the day or the month is used up: this request may cost up \
             to {needed} credits; wait for the next one, ask for a shorter answer (`max_tokens`), \
             or have the budget raised"
        ),
        _ => format!(
            "`{tenant}` has {available} credits left and this request may cost up to {needed}: \
             buy credits, or ask for a shorter answer (`max_tokens`)"
        ),
    };
    Fault::new(FaultKind::Billing, message)
}

pub(super) fn unknown(tenant: &str) -> Fault {
    let message = format!("`{tenant}` has no credits here: buy some first");
    Fault::new(FaultKind::Billing, message)
}

pub(super) fn unavailable() -> Fault {
    let message = "the credit service does not answer, and nothing runs without it: try again";
    Fault::new(FaultKind::Overloaded, message)
}

pub(super) fn token_refused() -> Fault {
    let message = "the credit service refuses this gateway, and nothing runs without it: its \
                   operator must act";
    Fault::new(FaultKind::Overloaded, message)
}
