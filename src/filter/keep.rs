//! The worker's keeper: one for all plugins of a VM, so that a new policy finds what the last one
//! left to settle.
use std::cell::RefCell;

use super::host::{Host, call_status, perform};
use crate::exchange::CreditPolicy;
use crate::exchange::{Effect, Effects, Flow, Keeper, Note, Read as _};

thread_local! {
    static KEEPER: RefCell<Keeper> = RefCell::new(Keeper::default());
}

/// Takes a note over.
pub(super) fn keep(note: Note) {
    act(|keeper| keeper.keep(note));
}

/// Time has passed.
pub(super) fn tick(policy: &CreditPolicy) {
    let uncalled = act(|keeper| keeper.tick(policy, &Host));
    if uncalled {
        act(|keeper| keeper.answered(0, &[], &Host));
    }
}

/// The ledger has answered.
pub(super) fn answered(size: usize) {
    let (status, body) = (call_status(), Host.call_body(size));
    act(|keeper| keeper.answered(status, &body, &Host));
}

/// Has the keeper do something and performs what follows; whether a call could not be made.
fn act(what: impl FnOnce(&mut Keeper) -> Vec<Effect>) -> bool {
    // Performed after the borrow: an effect may be for the keeper itself.
    let list = KEEPER.with_borrow_mut(what);
    perform(Effects { list, flow: Flow::Continue }).uncalled
}
