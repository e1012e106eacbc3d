//! The host calls we use. An error of one costs its own effect and a log line, never the VM.
use std::time::UNIX_EPOCH;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, MapType, Status};

use super::metrics;
use crate::exchange::{Effect, Effects, Envoy, Flow, HeaderMap, Reply};

/// Envoy, as far as it can be read while a callback runs.
#[derive(Debug)]
pub(super) struct Host;

impl Envoy for Host {
    fn headers(&self, map: HeaderMap) -> Vec<(String, Vec<u8>)> {
        hostcalls::get_map_bytes(kind(map)).unwrap_or_default()
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        hostcalls::get_map_value_bytes(kind(map), name).ok().flatten()
    }

    fn request_body(&self, start: usize, size: usize) -> Vec<u8> {
        buffer(BufferType::HttpRequestBody, start, size)
    }

    fn response_body(&self, start: usize, size: usize) -> Vec<u8> {
        buffer(BufferType::HttpResponseBody, start, size)
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        hostcalls::get_property(path.to_vec()).ok().flatten()
    }

    fn now(&self) -> u64 {
        let now = hostcalls::get_current_time().unwrap_or(UNIX_EPOCH);
        now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

fn buffer(kind: BufferType, start: usize, size: usize) -> Vec<u8> {
    if size == 0 {
        return Vec::new();
    }
    hostcalls::get_buffer(kind, start, size).ok().flatten().unwrap_or_default()
}

const fn kind(map: HeaderMap) -> MapType {
    match map {
        HeaderMap::Request => MapType::HttpRequestHeaders,
        HeaderMap::Response => MapType::HttpResponseHeaders,
    }
}

/// Does what a callback answered.
pub(super) fn perform(effects: Effects) -> Action {
    for effect in effects.list {
        let what = name(&effect);
        if let Err(status) = one(effect) {
            log::error!("Envoy refused to {what} ({status:?})");
        }
    }
    match effects.flow {
        Flow::Continue => Action::Continue,
        Flow::Pause => Action::Pause,
    }
}

fn one(effect: Effect) -> Result<(), Status> {
    match effect {
        Effect::SetHeaders(map, headers) => {
            let pairs = headers.iter().map(|(name, value)| (name.as_ref(), value.as_slice()));
            hostcalls::set_map_bytes(kind(map), pairs.collect())
        }
        Effect::SetHeader(map, name, value) => {
            hostcalls::set_map_value(kind(map), &name, Some(&value))
        }
        Effect::RemoveHeader(map, name) => hostcalls::remove_map_value(kind(map), &name),
        Effect::RequestBody(body) => {
            hostcalls::set_buffer(BufferType::HttpRequestBody, 0, usize::MAX, &body)
        }
        Effect::ResponseBody(body) => {
            hostcalls::set_buffer(BufferType::HttpResponseBody, 0, usize::MAX, &body)
        }
        Effect::State(key, value) => hostcalls::set_property(vec![key], Some(&value)),
        Effect::Reply(Reply { status, headers, body }) => {
            let headers = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            hostcalls::send_http_response(u32::from(status), headers, Some(&body))
        }
        Effect::Count(name) => {
            metrics::count(&name);
            Ok(())
        }
        Effect::Log(line) => {
            log::error!("{line}");
            Ok(())
        }
    }
}

const fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::SetHeaders(..) => "set a header map",
        Effect::SetHeader(..) => "set a header",
        Effect::RemoveHeader(..) => "remove a header",
        Effect::RequestBody(_) => "replace the request's body",
        Effect::ResponseBody(_) => "replace the response's body",
        Effect::State(..) => "write filter state",
        Effect::Reply(_) => "reply",
        Effect::Count(_) => "count",
        Effect::Log(_) => "log",
    }
}
