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
        match map {
            HeaderMap::Request => self.world.request.clone(),
            HeaderMap::Response => self.world.response.clone(),
            HeaderMap::ResponseTrailers => self.world.trailers.clone(),
        }
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        self.headers(map).into_iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    fn request_body(&self, start: usize, size: usize) -> Vec<u8> {
        part(self.request, start, size)
    }

    fn response_body(&self, start: usize, size: usize) -> Vec<u8> {
        part(self.response, start, size)
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
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
        part(self.call, 0, size)
    }
}

impl Clock for View<'_> {
    fn now_ms(&self) -> u64 {
        self.world.common.now_ms()
    }

    fn unix_seconds(&self) -> u64 {
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
        let shared = self.world.common.shared.borrow();
        shared.get(key).map_or((Vec::new(), None), |(value, cas)| (value.clone(), Some(*cas)))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], unchanged: Option<u32>) -> bool {
        let mut shared = self.world.common.shared.borrow_mut();
        let before = shared.get(key).map(|(_, cas)| *cas);
        if before != unchanged {
            return false;
        }
        let cas = before.unwrap_or(0).wrapping_add(1);
        shared.insert(key.to_owned(), (value.to_vec(), cas));
        true
    }
}

/// Envoy gives what there is, though more be asked for.
fn part(body: &[u8], start: usize, size: usize) -> Vec<u8> {
    let from = body.get(start..).unwrap_or_default();
    from.get(..size).unwrap_or(from).to_vec()
}
