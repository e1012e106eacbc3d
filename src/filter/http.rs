//! One stream's callbacks.
use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use proxy_wasm::hostcalls;

use super::host::{Done, Host, call_status, perform};
use super::wake::{self, Pace};
use crate::exchange::{Callback, Effects, Plugin, Reply, Stream};

/// One stream, and whom Envoy knows it as.
#[derive(Debug)]
pub(super) struct Http {
    context: u32,
    pace: Rc<Pace>,
    live: Rc<RefCell<Live>>,
}

/// What is known of a stream: its callbacks and its plugin's tick share it.
#[derive(Debug)]
pub(super) struct Live {
    /// None for a plugin whose configuration was refused. Envoy sends it no traffic; if it did, a
    /// request that nobody rebuilt must not go on with the app's key in it.
    stream: Option<Stream>,
    /// The last callback of the response held back what it brought.
    response_held: bool,
    /// How often it asked to be woken.
    asked: u32,
    /// Its open calls: Envoy's token and the stream's own number of each.
    calls: Vec<(u32, u64)>,
}

impl Http {
    pub(super) fn new(context: u32, plugin: Option<&Plugin>, pace: &Rc<Pace>) -> Self {
        let stream = plugin.map(Plugin::stream);
        let live = Live { stream, response_held: false, asked: 0, calls: Vec::new() };
        Self { context, pace: Rc::clone(pace), live: Rc::new(RefCell::new(live)) }
    }

    fn on(&mut self, event: Callback) -> Action {
        self.perform(event).action
    }

    /// A callback of the response.
    fn response(&mut self, event: Callback) -> Action {
        let action = self.on(event);
        self.live.borrow_mut().response_held = action == Action::Pause;
        action
    }

    fn perform(&mut self, event: Callback) -> Done {
        let done = self.live.borrow_mut().on(event);
        if done.wakes {
            wake::ask(self.context, &self.live, &self.pace);
        }
        done
    }
}

impl Live {
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
        if let Err(status) = hostcalls::resume_http_response() {
            log::error!("Envoy refused to let a response go on ({status:?})");
        }
    }

    pub(super) fn on(&mut self, event: Callback) -> Done {
        let Some(stream) = &mut self.stream else { return perform(unconfigured(event)) };
        let mut done = perform(stream.on(event, &Host));
        self.calls.append(&mut done.called);
        // At most one try for each way to serve a request; the bound is only a net.
        for _ in 0..CALLS_MAX {
            let Some(id) = done.uncalled.pop() else { break };
            let (rest, replied) = (done.uncalled, done.replied);
            done = perform(stream.on(Callback::CallAnswered { id, status: 0, size: 0 }, &Host));
            done.uncalled.extend(rest);
            done.replied |= replied;
            self.calls.append(&mut done.called);
        }
        done
    }

    /// The stream's own number of a call that is answered.
    fn answered(&mut self, token: u32) -> Option<u64> {
        let at = self.calls.iter().position(|(own, _)| *own == token)?;
        Some(self.calls.swap_remove(at).1)
    }
}

/// Most calls that one request makes.
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

impl Context for Http {
    fn on_done(&mut self) -> bool {
        self.on(Callback::AttemptEnded);
        true
    }

    fn on_http_call_response(&mut self, token: u32, _headers: usize, size: usize, _: usize) {
        let Some(id) = self.live.borrow_mut().answered(token) else { return };
        let done = self.perform(Callback::CallAnswered { id, status: call_status(), size });
        if done.action == Action::Continue && !done.replied {
            // It was paused for this alone.
            if let Err(status) = hostcalls::resume_http_request() {
                log::error!("Envoy refused to let a request go on ({status:?})");
            }
        }
    }
}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _count: usize, end: bool) -> Action {
        self.on(Callback::RequestHeaders { end })
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.on(Callback::RequestBody { size, end })
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.on(Callback::RequestTrailers)
    }

    fn on_http_response_headers(&mut self, _count: usize, end: bool) -> Action {
        self.response(Callback::ResponseHeaders { end })
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        self.response(Callback::ResponseBody { size, end })
    }

    fn on_log(&mut self) {
        self.on(Callback::StreamEnded);
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        self.response(Callback::ResponseTrailers)
    }
}
