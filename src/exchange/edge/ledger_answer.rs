//! A request whose ledger has been asked for a hold, and answers.
use std::rc::Rc;

use super::super::{Effects, Envoy};
use super::{Edge, State};
use crate::resilience::Records;

/// Takes the ledger's answer. One to a call that nobody waits for any more changes nothing.
pub(super) fn answered(
    edge: &mut Edge,
    call: u64,
    (status, size): (u16, usize),
    envoy: &dyn Envoy,
) -> Effects {
    if !matches!(edge.state, State::AwaitingLedger { .. }) {
        return Effects::wait();
    }
    let config = Rc::clone(&edge.config);
    let Some((policy, _)) = config.counted() else { return Effects::wait() };
    let Some(pending) = edge.duties.take_pending(call) else { return Effects::wait() };
    let State::AwaitingLedger { head, draft } = core::mem::replace(&mut edge.state, State::Replied)
    else {
        return Effects::wait();
    };
    let (body, mut effects) = (envoy.call_body(size), Vec::new());
    let records = Records::at(envoy, envoy.now_ms());
    let next = pending.answered(policy, (status, &body), records, &mut effects);
    edge.next(head, *draft, next, effects, None, envoy)
}
