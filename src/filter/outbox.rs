//! The worker's outboxes: one for all plugins of a VM, so that a new policy, or none, finds what
//! the last one left to settle.
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use proxy_wasm::types::Status;

use super::host::{self, Host};
use crate::exchange::{CallId, Effect, Effects, Flow, OutboxItem, Outboxes, Parcel, Read as _};

thread_local! {
    static OUTBOXES: RefCell<Outboxes> = RefCell::new(Outboxes::default());

    /// The outboxes' calls by Envoy's tokens.
    static CALLS: RefCell<HashMap<u32, CallId>> = RefCell::new(HashMap::new());

    /// Plugins of this VM that are configured and not yet done.
    static PLUGINS: Cell<usize> = const { Cell::new(0) };
}

/// Most calls that are remembered: those of a plugin that is gone are never answered.
const CALLS_MAX: usize = 1_000;

/// Queues an item for delivery.
pub(super) fn queue(item: OutboxItem) {
    act(|outboxes| outboxes.queue(item));
}

/// Takes in what is to be sent once.
pub(super) fn post(parcel: Parcel) {
    act(|outboxes| outboxes.post(parcel));
}

/// Time has passed.
pub(super) fn tick() {
    act(|outboxes| outboxes.tick(&Host::default()));
}

/// The worker may be about to end.
pub(super) fn send_now() {
    act(Outboxes::send_now);
}

/// A call is answered: with so many headers, none where the answer was too long for Envoy to hold.
pub(super) fn answered(token: u32, headers: usize, size: usize) {
    let Some(call) = CALLS.with_borrow_mut(|calls| calls.remove(&token)) else { return };
    let size = if call.purpose.reads_answer() { size } else { 0 };
    let (status, body) = (host::call_status(headers), Host::default().call_body(size));
    act(|outboxes| outboxes.answered(call, (status, &body), &Host::default()));
}

/// A plugin has been configured.
pub(super) fn joined() {
    PLUGINS.set(PLUGINS.get().saturating_add(1));
}

/// A plugin is to go. Whether it may: the last one of a VM stays until nothing is left to settle.
pub(super) fn leaves() -> bool {
    PLUGINS.set(PLUGINS.get().saturating_sub(1));
    if PLUGINS.get() > 0 {
        return true;
    }
    act(|outboxes| {
        outboxes.end_leases(&Host::default());
        outboxes.send_now()
    });
    is_empty()
}

/// Whether nothing is left to do.
pub(super) fn is_empty() -> bool {
    OUTBOXES.with_borrow(Outboxes::is_empty)
}

/// Has the outboxes do something and does what follows.
fn act(what: impl FnOnce(&mut Outboxes) -> Vec<Effect>) {
    let list = OUTBOXES.with_borrow_mut(what);
    let mut rest = Vec::new();
    for effect in list {
        let Effect::Call(call) = effect else {
            rest.push(effect);
            continue;
        };
        match host::dispatch(&call) {
            Ok(_) if !call.id.is_awaited() => {}
            Ok(token) => CALLS.with_borrow_mut(|calls| {
                if calls.len() >= CALLS_MAX {
                    calls.clear();
                }
                calls.insert(token, call.id);
            }),
            Err(status) => rest.extend(not_called(call.id, status)),
        }
    }
    // Outboxes queue nothing themselves.
    host::perform(Effects { list: rest, flow: Flow::Continue }, false);
}

/// A call could not be made. No other follows from that.
fn not_called(call: CallId, status: Status) -> Vec<Effect> {
    OUTBOXES.with_borrow_mut(|outboxes| match status {
        // It names a cluster that is not there.
        Status::BadArgument => outboxes.no_cluster(call, &Host::default()),
        _ => outboxes.answered(call, (0, &[]), &Host::default()),
    })
}
