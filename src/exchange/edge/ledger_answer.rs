//! A request whose ledger has been asked for a hold, and answers.
use std::rc::Rc;

use super::super::duty::Duty;
use super::super::spend::Next;
use super::super::{Effect, Effects, Envoy};
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
    let (body, mut effects) = (envoy.call_body(size), Vec::new());
    let records = Records::at(envoy, envoy.now_ms());
    let next = pending.answered(policy, (status, &body), records, &mut effects);
    if let Some(own) = edge.is_late(envoy).filter(|_| !matches!(next, Next::Deny(_))) {
        // It comes too late for the app: what it grants is given back when the stream is over, and
        // the ledger is asked for nothing else.
        effects.retain(|effect| !matches!(effect, Effect::Call(_)));
        if let Next::Proceed { reservation, .. } = next {
            edge.duties.owe(Duty::Settle(reservation));
        }
        let mut late = edge.too_late(own, envoy);
        late.list.splice(0..0, effects);
        return late;
    }
    let State::AwaitingLedger { head, draft } = core::mem::replace(&mut edge.state, State::Replied)
    else {
        return Effects::wait();
    };
    edge.next(head, *draft, (next, effects), None, envoy)
}
