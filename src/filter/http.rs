//! One stream's callbacks.
use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::host::{Done, call_status};
use super::live::Live;
use super::wake::{self, Pace};
use crate::exchange::{Callback, Plugin};

/// One stream, and whom Envoy knows it as.
#[derive(Debug)]
pub(super) struct Http {
    context: u32,
    pace: Rc<Pace>,
    live: Rc<RefCell<Live>>,
}

impl Http {
    pub(super) fn new(context: u32, plugin: Option<&Plugin>, pace: &Rc<Pace>) -> Self {
        let live = Rc::new(RefCell::new(Live::new(plugin)));
        Self { context, pace: Rc::clone(pace), live }
    }

    fn on(&mut self, event: Callback) -> Action {
        self.perform(event).action
    }

    /// A callback of the response.
    fn response(&mut self, event: Callback) -> Action {
        let action = self.on(event);
        self.live.borrow_mut().hold_response(action == Action::Pause);
        action
    }

    fn perform(&mut self, event: Callback) -> Done {
        let done = self.live.borrow_mut().on(event);
        if let Some(ms) = done.wakes {
            wake::ask(self.context, &self.live, ms, &self.pace);
        }
        done
    }
}

impl Context for Http {
    fn on_done(&mut self) -> bool {
        self.on(Callback::AttemptEnded);
        true
    }

    fn on_http_call_response(&mut self, token: u32, headers: usize, size: usize, _: usize) {
        let Some(id) = self.live.borrow_mut().answered(token) else { return };
        let held = self.live.borrow().response_held();
        let done = self.perform(Callback::CallAnswered { id, status: call_status(headers), size });
        if done.action == Action::Continue && !done.replied {
            // It was paused for this alone.
            let mut live = self.live.borrow_mut();
            if held { live.let_go() } else { live.let_request_go() }
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
