//! One stream's callbacks.
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::host::{Host, perform};
use crate::exchange::{Effects, Event, Plugin, Reply, Stream};

/// One stream.
#[derive(Debug)]
pub(super) struct Http {
    /// None for a plugin whose configuration was refused. Envoy sends it no traffic; if it did, a
    /// request that nobody rebuilt must not go on with the app's key in it.
    stream: Option<Stream>,
}

impl Http {
    pub(super) fn new(plugin: Option<&Plugin>) -> Self {
        Self { stream: plugin.map(Plugin::stream) }
    }

    fn on(&mut self, event: Event) -> Action {
        match &mut self.stream {
            Some(stream) => perform(stream.on(event, &Host)),
            None => perform(unconfigured(event)),
        }
    }
}

fn unconfigured(event: Event) -> Effects {
    match event {
        Event::RequestHeaders { .. } => {
            let body = b"the tradewind filter is not configured\n".to_vec();
            Effects::reply(Reply { status: 503, headers: Vec::new(), body })
        }
        _ => Effects::go_on(),
    }
}

impl Context for Http {}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _count: usize, end: bool) -> Action {
        self.on(Event::RequestHeaders { end })
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.on(Event::RequestBody { size, end })
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.on(Event::RequestTrailers)
    }

    fn on_http_response_headers(&mut self, _count: usize, end: bool) -> Action {
        self.on(Event::ResponseHeaders { end })
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        self.on(Event::ResponseBody { size, end })
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        self.on(Event::ResponseTrailers)
    }
}
