//! What is known of a stream: its callbacks and its plugin's tick share it.
use proxy_wasm::hostcalls;
use proxy_wasm::types::Action;

use super::host::{self, Done, Host};
use super::outbox;
use crate::exchange::{CallId, Callback, Effects, Plugin, Reply, Stream};

/// A stream.
#[derive(Debug)]
pub(super) struct Live {
    /// None for a plugin whose configuration was refused, or that has no streams. Envoy sends it no
    /// traffic; if it did, a request that nobody rebuilt must not go on with the app's key in it.
    stream: Option<Stream>,
    /// The last callback of the response held back what it brought.
    response_held: bool,
    /// It has been let go of by itself, outside of a callback that brings something.
    resumed: bool,
    /// How often it asked to be woken.
    asked: u32,
    /// Its open calls, by Envoy's tokens.
    calls: Vec<(u32, CallId)>,
}

impl Live {
    pub(super) fn new(plugin: Option<&Plugin>) -> Self {
        let stream = plugin.and_then(Plugin::stream);
        Self { stream, response_held: false, resumed: false, asked: 0, calls: Vec::new() }
    }

    /// Notes whether the last callback of the response held back what it brought.
    pub(super) const fn hold_response(&mut self, held: bool) {
        self.response_held = held;
    }

    pub(super) const fn response_held(&self) -> bool {
        self.response_held
    }

    pub(super) const fn asked(&self) -> u32 {
        self.asked
    }

    /// It asks to be woken once more.
    pub(super) const fn asks(&mut self) -> u32 {
        self.asked = self.asked.wrapping_add(1);
        self.asked
    }

    /// Lets go of what is held of the response.
    pub(super) fn let_go(&mut self) {
        self.response_held = false;
        self.resumed = true;
        if let Err(status) = hostcalls::resume_http_response() {
            log::error!("Envoy refused to let a response go on ({status:?})");
        }
    }

    /// Lets its request go on.
    pub(super) fn let_request_go(&mut self) {
        self.resumed = true;
        if let Err(status) = hostcalls::resume_http_request() {
            log::error!("Envoy refused to let a request go on ({status:?})");
        }
    }

    pub(super) fn on(&mut self, event: Callback) -> Done {
        let resumed = self.resumed;
        let Some(stream) = &mut self.stream else { return perform(unconfigured(event), resumed) };
        let mut done = perform(stream.on(event, &Host::of(resumed)), resumed);
        self.calls.append(&mut done.called);
        // At most one try for each way to serve a request; the bound is only a net.
        for _ in 0..CALLS_MAX {
            let Some(id) = done.uncalled.pop() else { break };
            let answered = Callback::CallAnswered { id, status: 0, size: 0 };
            let mut next = perform(stream.on(answered, &Host::of(resumed)), resumed);
            self.calls.append(&mut next.called);
            done.uncalled.append(&mut next.uncalled);
            done.replied |= next.replied;
            done.wakes = host::soonest(done.wakes, next.wakes);
            // What waited for the call goes on; whom it did not concern goes on as it was.
            if next.action == Action::Continue {
                done.action = Action::Continue;
            }
        }
        done
    }

    /// The call that is answered.
    pub(super) fn answered(&mut self, token: u32) -> Option<CallId> {
        let at = self.calls.iter().position(|(own, _)| *own == token)?;
        Some(self.calls.swap_remove(at).1)
    }
}

/// Calls that could not be made are answered with status 0, up to so many of one callback.
const CALLS_MAX: usize = 4;

fn unconfigured(event: Callback) -> Effects {
    match event {
        Callback::RequestHeaders { .. } => {
            let body = b"the tradewind filter is not configured\n".to_vec();
            Effects::reply(Reply { status: 503, headers: Vec::new(), body })
        }
        _ => Effects::go_on(),
    }
}

/// Does what a callback answered.
fn perform(effects: Effects, resumed: bool) -> Done {
    let mut done = host::perform(effects, resumed);
    core::mem::take(&mut done.queued).into_iter().for_each(outbox::queue);
    core::mem::take(&mut done.posted).into_iter().for_each(outbox::post);
    if core::mem::take(&mut done.sends_now) {
        outbox::send_now();
    }
    done
}
