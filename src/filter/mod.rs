//! The shell around [`crate::exchange`]: callbacks become events, effects become host calls.
//! It decides nothing.
mod connection;
mod host;
mod http;
mod live;
mod metrics;
mod outbox;
mod root;
mod wake;

use proxy_wasm::traits::RootContext;
use proxy_wasm::types::LogLevel;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|id| -> Box<dyn RootContext> { Box::new(root::Root::new(id)) });
}}
