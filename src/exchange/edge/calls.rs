//! Who takes the answer to a call that a request has made: found by what the call was for.
use super::super::{CallId, Effects, Envoy, Purpose};
use super::{Edge, ledger_answer};

/// Takes the answer to the call of that number: what follows for the request. The status is 0 where
/// there could be no call, the size is the body's, in bytes.
type Follow = fn(&mut Edge, u64, (u16, usize), &dyn Envoy) -> Effects;

/// Who takes the answers to calls of a purpose. A new purpose is a row here, and a file beside.
const fn follow(purpose: Purpose) -> Option<Follow> {
    match purpose {
        Purpose::Hold => Some(ledger_answer::answered),
        // The worker's outboxes make these calls, or the provider role, and no request does.
        Purpose::Settlements
        | Purpose::Renewals
        | Purpose::Copy
        | Purpose::Record
        | Purpose::Resume => None,
    }
}

/// A call has been answered.
pub(super) fn answered(
    edge: &mut Edge,
    id: CallId,
    answer: (u16, usize),
    envoy: &dyn Envoy,
) -> Effects {
    match follow(id.purpose) {
        Some(follow) => follow(edge, id.number, answer, envoy),
        None => Effects::wait(),
    }
}
