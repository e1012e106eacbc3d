//! A proxy of which there is nothing but what the roles ask it for.
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::Scene;
use crate::decide::open_breaker;
use crate::exchange::{Clock, Effect, HeaderMap, Random, Read, Reply, Shared};
use crate::policy::Policy;

/// A header map, in order.
pub(super) type Headers = Vec<(String, Vec<u8>)>;

/// What the proxy holds of one request.
#[derive(Debug)]
pub(super) struct World {
    pub(super) request: Headers,
    pub(super) response: Headers,
    pub(super) state: BTreeMap<String, Vec<u8>>,
    /// Why Envoy itself answers, where it does.
    pub(super) details: &'static str,
    /// The cluster of the last attempt.
    pub(super) cluster: String,
    /// Whether the attempt had a connection.
    pub(super) connected: bool,
    shared: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    /// What the proxy knows of the caller, by the names of its properties.
    caller: serde_json::Value,
    unix_seconds: u64,
    /// What has passed since the request came, in milliseconds.
    pub(super) passed_ms: u64,
    chance: Cell<u64>,
}

/// What one callback had done beside what the world keeps.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) request_body: Option<Vec<u8>>,
    pub(super) response_body: Option<Vec<u8>>,
    pub(super) reply: Option<Reply>,
    pub(super) calls: Vec<crate::exchange::Call>,
}

impl World {
    pub(super) fn of(scene: &Scene, policy: &Policy) -> Self {
        Self {
            request: Vec::new(),
            response: Vec::new(),
            state: BTreeMap::new(),
            details: "",
            cluster: String::new(),
            connected: true,
            shared: RefCell::default(),
            caller: scene.caller.clone(),
            unix_seconds: scene.unix_seconds,
            passed_ms: 0,
            chance: Cell::new(scene.seed),
        }
        .with_open(scene, policy)
    }

    /// The same with the breakers open that the scene has open.
    fn with_open(self, scene: &Scene, policy: &Policy) -> Self {
        let named = |name: &str| policy.asked().chain(policy.models()).find(|own| own.name == name);
        let open = scene.weather.open().filter_map(named);
        open.for_each(|model| open_breaker(policy, model, &self.view(&[])));
        self
    }

    /// The world as a callback sees it that has this body before it.
    pub(super) const fn view<'w>(&'w self, body: &'w [u8]) -> View<'w> {
        View { world: self, body }
    }

    /// Does what a callback asks for. What a proxy would count, log or send later is not done.
    pub(super) fn perform(&mut self, effects: Vec<Effect>) -> Done {
        let mut done = Done::default();
        for effect in effects {
            match effect {
                Effect::SetHeaders(map, headers) => {
                    let own = headers.into_iter();
                    let own = own.map(|(name, value)| (name.into_owned(), value.into_owned()));
                    *self.map(map) = own.collect();
                }
                Effect::SetHeader(map, name, value) => {
                    self.map(map).retain(|(own, _)| *own != name);
                    self.map(map).push((name.into_owned(), value.into_bytes()));
                }
                Effect::RemoveHeader(map, name) => self.map(map).retain(|(own, _)| *own != name),
                Effect::RequestBody(body) => done.request_body = Some(body.into_bytes()),
                Effect::ResponseBody(body) => done.response_body = Some(body.into_bytes()),
                Effect::State(key, value) => drop(self.state.insert(key.into_owned(), value)),
                Effect::Reply(reply) => done.reply = Some(reply),
                Effect::Call(call) => done.calls.push(call),
                Effect::Wake
                | Effect::WakeIn(_)
                | Effect::Close
                | Effect::Count(_)
                | Effect::Gauge(..)
                | Effect::Measure(..)
                | Effect::Queue(_)
                | Effect::Post(_)
                | Effect::SendNow
                | Effect::Log(_)
                | Effect::Note(_) => {}
            }
        }
        done
    }

    fn map(&mut self, map: HeaderMap) -> &mut Headers {
        match map {
            HeaderMap::Request => &mut self.request,
            HeaderMap::Response | HeaderMap::ResponseTrailers => &mut self.response,
        }
    }

    /// What the roles have left under a name.
    pub(super) fn text(&self, key: &str) -> String {
        let value = self.state.get(key).map(Vec::as_slice).unwrap_or_default();
        String::from_utf8_lossy(value).into_owned()
    }
}

/// What one callback sees.
#[derive(Debug)]
pub(super) struct View<'w> {
    world: &'w World,
    body: &'w [u8],
}

impl Read for View<'_> {
    fn headers(&self, map: HeaderMap) -> Headers {
        match map {
            HeaderMap::Request => self.world.request.clone(),
            HeaderMap::Response => self.world.response.clone(),
            HeaderMap::ResponseTrailers => Vec::new(),
        }
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        self.headers(map).into_iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    fn request_body(&self, start: usize, size: usize) -> Vec<u8> {
        part(self.body, start, size)
    }

    fn response_body(&self, start: usize, size: usize) -> Vec<u8> {
        part(self.body, start, size)
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        match path {
            ["response", "code_details"] => Some(self.world.details.as_bytes().to_vec()),
            ["upstream", "local_address"] => {
                self.world.connected.then(|| b"127.0.0.1:40000".to_vec())
            }
            ["xds", "cluster_name"] => Some(self.world.cluster.clone().into_bytes()),
            [key] => self.world.state.get(*key).cloned(),
            path => {
                path.iter().try_fold(&self.world.caller, |at, name| at.get(name)).and_then(told)
            }
        }
    }

    fn call_body(&self, size: usize) -> Vec<u8> {
        part(self.body, 0, size)
    }
}

impl Clock for View<'_> {
    fn now_ms(&self) -> u64 {
        self.world.unix_seconds.saturating_mul(1000).saturating_add(self.world.passed_ms)
    }

    fn unix_seconds(&self) -> u64 {
        self.world.unix_seconds.saturating_add(self.world.passed_ms / 1000)
    }
}

impl Random for View<'_> {
    /// The next number of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
    fn unique(&self) -> u64 {
        let next = self.world.chance.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.world.chance.set(next);
        let next = (next ^ (next >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let next = (next ^ (next >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        next ^ (next >> 31)
    }
}

impl Shared for View<'_> {
    fn shared_data(&self, key: &str) -> (Vec<u8>, Option<u32>) {
        let shared = self.world.shared.borrow();
        shared.get(key).map_or((Vec::new(), None), |(value, cas)| (value.clone(), Some(*cas)))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        let mut shared = self.world.shared.borrow_mut();
        let before = shared.get(key).map(|(_, cas)| *cas);
        if before != version {
            return false;
        }
        let cas = before.unwrap_or(0).wrapping_add(1);
        shared.insert(key.to_owned(), (value.to_vec(), cas));
        true
    }
}

/// A value as a proxy tells it; of lists and objects, which it tells in a form of its own, nothing.
fn told(value: &serde_json::Value) -> Option<Vec<u8>> {
    match value {
        serde_json::Value::String(text) => Some(text.clone().into_bytes()),
        serde_json::Value::Number(number) => Some(number.as_f64()?.to_le_bytes().to_vec()),
        serde_json::Value::Bool(is) => Some(vec![u8::from(*is)]),
        _ => None,
    }
}

/// A proxy gives what there is, though more be asked for.
fn part(body: &[u8], start: usize, size: usize) -> Vec<u8> {
    let from = body.get(start..).unwrap_or_default();
    from.get(..size).unwrap_or(from).to_vec()
}
