//! What a callback sees of an Envoy made of data.
use tradewind::exchange::{Clock, HeaderMap, Random, Read, Shared};

use super::{Headers, WALL_S, World};

/// A world as a callback sees it.
pub(crate) struct View<'w> {
    pub(crate) world: &'w World,
    pub(crate) request: &'w [u8],
    pub(crate) response: &'w [u8],
    pub(crate) call: &'w [u8],
}

impl Read for View<'_> {
    fn headers(&self, map: HeaderMap) -> Headers {
        self.world.calls.count(format!("get {map:?} headers").to_lowercase());
        self.own(map).clone()
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        self.world.calls.count(format!("get {map:?} header {name}").to_lowercase());
        self.own(map).iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    }

    fn request_body(&self, start: usize, size: usize) -> Vec<u8> {
        self.world.calls.count("get request body");
        part(self.request, start, size)
    }

    fn response_body(&self, start: usize, size: usize) -> Vec<u8> {
        self.world.calls.count("get response body");
        part(self.response, start, size)
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.world.calls.count(format!("get {}", path.join(".")));
        match path {
            ["response", "code_details"] => Some(self.world.details.clone().into_bytes()),
            ["upstream", "local_address"] => {
                self.world.connected.map(|address| address.as_bytes().to_vec())
            }
            ["upstream", "transport_failure_reason"] => {
                self.world.failure.map(|failure| failure.as_bytes().to_vec())
            }
            ["xds", "cluster_name"] => Some(self.world.cluster.clone().into_bytes()),
            ["xds", "filter_chain_name"] => Some(self.world.listener?.as_bytes().to_vec()),
            [key] => self.world.state.get(*key).cloned(),
            _ => None,
        }
    }

    fn call_body(&self, size: usize) -> Vec<u8> {
        self.world.calls.count("get call body");
        part(self.call, 0, size)
    }
}

impl View<'_> {
    fn own(&self, map: HeaderMap) -> &Headers {
        match map {
            HeaderMap::Request => &self.world.request,
            HeaderMap::Response => &self.world.response,
            HeaderMap::ResponseTrailers => &self.world.trailers,
        }
    }
}

impl Clock for View<'_> {
    fn now_ms(&self) -> u64 {
        self.world.calls.clock();
        self.world.common.now_ms()
    }

    fn unix_seconds(&self) -> u64 {
        self.world.calls.count("get wall clock");
        WALL_S
    }
}

impl Random for View<'_> {
    fn unique(&self) -> u64 {
        let last = &self.world.common.unique;
        last.set(last.get().wrapping_add(1));
        last.get()
    }
}

impl Shared for View<'_> {
    fn shared_data(&self, key: &str) -> (Vec<u8>, Option<u32>) {
        self.world.calls.count(format!("get shared {}", kind(key)));
        let shared = self.world.common.shared.borrow();
        shared.get(key).map_or((Vec::new(), None), |(value, cas)| (value.clone(), Some(*cas)))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], unchanged: Option<u32>) -> bool {
        self.world.calls.count(format!("set shared {}", kind(key)));
        let mut shared = self.world.common.shared.borrow_mut();
        let before = shared.get(key).map(|(_, cas)| *cas);
        if before != unchanged {
            return false;
        }
        let cas = before.unwrap_or(0).wrapping_add(1);
        shared.insert(key.to_owned(), (value.to_vec(), cas));
        true
    }

    fn put_shared_data(&self, key: &str, value: &[u8]) -> bool {
        self.world.calls.count(format!("set shared {}", kind(key)));
        let mut shared = self.world.common.shared.borrow_mut();
        let (own, cas) = shared.entry(key.to_owned()).or_default();
        (*own, *cas) = (value.to_vec(), cas.wrapping_add(1));
        true
    }
}

/// The key of shared data without the place that stands at its end.
fn kind(key: &str) -> &str {
    key.rsplit_once('.').map_or(key, |(kind, _)| kind)
}

/// Envoy gives what there is, though more be asked for.
fn part(body: &[u8], start: usize, size: usize) -> Vec<u8> {
    let from = body.get(start..).unwrap_or_default();
    from.get(..size).unwrap_or(from).to_vec()
}
