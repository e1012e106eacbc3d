//! One connection to the hop: its request is read as one of HTTP/1.0 (`exchange/hop.rs`).
use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, StreamContext};
use proxy_wasm::types::{Action, BufferType};

use super::host::buffer;
use crate::exchange::hop::{LINE_MAX, Line};

/// One connection, which carries one request.
#[derive(Debug, Default)]
pub(super) struct Connection {
    /// Its first line has been read.
    read: bool,
}

impl Context for Connection {}

impl StreamContext for Connection {
    fn on_downstream_data(&mut self, size: usize, _end: bool) -> Action {
        if self.read {
            return Action::Continue;
        }
        match Line::read(&buffer(BufferType::DownstreamData, 0, size.min(LINE_MAX))) {
            Line::Begun => return Action::Pause,
            Line::Other => {}
            Line::Older(size, line) => {
                let written = hostcalls::set_buffer(BufferType::DownstreamData, 0, size, &line);
                if let Err(status) = written {
                    log::error!("Envoy refused to take a request's first line ({status:?})");
                }
            }
        }
        self.read = true;
        Action::Continue
    }
}
