//! One stream of the module: events become callbacks, and what is done in them effects again.
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tradewind::exchange::{
    Call, CallId, Callback, Effect, Effects, Flow, HeaderMap, Purpose, RESUME_CLUSTER, Read as _,
    Reply, SHADOW_CLUSTER, StreamBuffer,
};

use super::host::{Called, Deed, Map};
use super::vm::Vm;
use super::worker::answers;
use crate::support::{Role, View};

/// A stream that asks to be woken has its plugin tick so often, in milliseconds.
pub(crate) const HURRY_MS: u32 = 50;

/// The level of a line that is good to know.
const INFO: u32 = 2;
const REQUEST: u32 = 0;
const RESPONSE: u32 = 1;

/// One stream of the module.
#[derive(Debug)]
pub(crate) struct Foreign {
    vm: Rc<RefCell<Vm>>,
    /// Its plugin's context.
    root: u32,
    context: u32,
    buffer: StreamBuffer,
    edge: bool,
    gone: bool,
    /// It is going to be woken.
    sleeps: bool,
}

impl Foreign {
    pub(crate) fn new(vm: Rc<RefCell<Vm>>, root: u32, buffer: StreamBuffer, edge: bool) -> Self {
        let context = vm.borrow_mut().context(root);
        Self { vm, root, context, buffer, edge, gone: false, sleeps: false }
    }

    /// The callback: whether the stream goes on (0), and what was done.
    fn enter(&self, vm: &mut Vm, event: Callback) -> (u32, Vec<Deed>) {
        let id = self.context;
        let wide = |size: usize| u32::try_from(size).unwrap();
        let mut piece = |name: &str, size: usize, end: bool| {
            vm.on::<_, u32>(id, name, (id, wide(size), u32::from(end)))
        };
        match event {
            Callback::RequestHeaders { end } => piece("proxy_on_request_headers", 1, end),
            Callback::RequestBody { size, end } => piece("proxy_on_request_body", size, end),
            Callback::ResponseHeaders { end } => piece("proxy_on_response_headers", 1, end),
            Callback::ResponseBody { size, end } => piece("proxy_on_response_body", size, end),
            Callback::RequestTrailers => vm.on(id, "proxy_on_request_trailers", (id, 1_u32)),
            Callback::ResponseTrailers => vm.on(id, "proxy_on_response_trailers", (id, 1_u32)),
            Callback::CallAnswered { id: call, status, size } => {
                let token = u32::try_from(call.number).unwrap();
                let parameters = (id, token, u32::from(status != 0), wide(size), 0_u32);
                let ((), deeds) = vm.on(id, "proxy_on_http_call_response", parameters);
                (0, deeds)
            }
            Callback::Woken => {
                let ((), deeds) = vm.on(self.root, "proxy_on_tick", self.root);
                let context = vm.store.data().current;
                assert_eq!(context, self.root, "the plugin has not come back to itself");
                (0, deeds)
            }
            Callback::AttemptEnded | Callback::StreamEnded => {
                let mut all = Vec::new();
                // Envoy logs what it has from the app, and nothing of an attempt.
                if self.edge {
                    all.extend(vm.on::<_, ()>(id, "proxy_on_log", id).1);
                }
                let (gone, deeds) = vm.on::<_, u32>(id, "proxy_on_done", id);
                assert_eq!(gone, 1, "a stream that is over waits for nothing");
                all.extend(deeds);
                vm.delete(id);
                (0, all)
            }
        }
    }
}

/// A stream that is given up where it is.
impl Drop for Foreign {
    fn drop(&mut self) {
        if !self.gone && !std::thread::panicking() {
            let mut vm = self.vm.borrow_mut();
            vm.on::<_, u32>(self.context, "proxy_on_done", self.context);
            vm.delete(self.context);
        }
    }
}

impl Role for Foreign {
    fn on(&mut self, event: Callback, view: &View<'_>) -> Effects {
        if self.gone {
            return Effects::default();
        }
        self.gone = matches!(event, Callback::AttemptEnded | Callback::StreamEnded);
        let mut vm = self.vm.borrow_mut();
        vm.sees(view);
        show(&mut vm, self.context, event, view);
        let (action, deeds) = self.enter(&mut vm, event);
        vm.shows(view);
        let resumed = |way| deeds.contains(&Deed::Resume(way));
        let goes_on = match event {
            Callback::CallAnswered { id, .. } if id.purpose == Purpose::Resume => resumed(RESPONSE),
            Callback::CallAnswered { .. } => resumed(REQUEST),
            Callback::Woken => resumed(RESPONSE),
            _ => {
                assert!(!resumed(REQUEST) && !resumed(RESPONSE), "{event:?} returns its answer");
                action == 0
            }
        };
        for deed in &deeds {
            match deed {
                Deed::TickPeriod(HURRY_MS) => drop(vm.hurried.insert(self.root)),
                Deed::TickPeriod(_) => drop(vm.hurried.remove(&self.root)),
                _ => {}
            }
        }
        // Its own sleep cannot be told from another's: to be woken for nothing does nothing.
        self.sleeps = vm.hurried.contains(&self.root) && !self.gone;
        let flow = if goes_on { Flow::Continue } else { Flow::Pause };
        let mut list = effects(deeds, self.buffer);
        list.extend(self.sleeps.then_some(Effect::WakeIn(HURRY_MS.into())));
        Effects { list, flow }
    }
}

/// What Envoy holds for a stream when it calls.
fn show(vm: &mut Vm, id: u32, event: Callback, view: &View<'_>) {
    let context = vm.at(id);
    context.maps.insert(0, view.world.request.clone());
    context.maps.insert(2, view.world.response.clone());
    context.maps.insert(3, view.world.trailers.clone());
    for (kind, body) in [(0, view.request), (1, view.response)] {
        context.buffers.insert(kind, body.to_vec());
    }
    context.properties = properties(view);
    if let Callback::CallAnswered { status, .. } = event {
        answers(vm, id, (status, view.call));
    }
}

/// Every property, by its path with dots.
fn properties(view: &View<'_>) -> BTreeMap<String, Vec<u8>> {
    const PATHS: [&[&str]; 5] = [
        &["response", "code_details"],
        &["upstream", "local_address"],
        &["upstream", "transport_failure_reason"],
        &["xds", "cluster_name"],
        &["xds", "filter_chain_name"],
    ];
    let own = |path: &&[&str]| Some((path.join("."), view.property(path)?));
    let mut properties = view.world.state.clone();
    properties.extend(PATHS.iter().filter_map(own));
    properties
}

/// The effects that these deeds came from.
pub(crate) fn effects(deeds: Vec<Deed>, buffer: StreamBuffer) -> Vec<Effect> {
    deeds.into_iter().flat_map(|deed| effect(deed, buffer)).collect()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn effect(deed: Deed, buffer: StreamBuffer) -> Vec<Effect> {
    let map = |kind: u32| match kind {
        0 => HeaderMap::Request,
        2 => HeaderMap::Response,
        3 => HeaderMap::ResponseTrailers,
        other => panic!("no role writes the header map {other}"),
    };
    let one = match deed {
        Deed::SetMap(kind, headers) => {
            let headers =
                headers.into_iter().map(|(name, value)| (Cow::Owned(name), Cow::Owned(value)));
            Effect::SetHeaders(map(kind), headers.collect())
        }
        Deed::SetHeader(kind, name, value) => {
            Effect::SetHeader(map(kind), name.into(), text(value))
        }
        Deed::RemoveHeader(kind, name) => Effect::RemoveHeader(map(kind), name),
        Deed::SetBuffer(REQUEST, body) => Effect::RequestBody(buffer.hold(body).unwrap()),
        Deed::SetBuffer(_, body) => Effect::ResponseBody(buffer.hold(body).unwrap()),
        Deed::SetProperty(key, value) => Effect::State(key.into(), value),
        Deed::Reply(status, headers, body) => {
            let leak = |name: String| &*Box::leak(name.into_boxed_str());
            let headers = headers.into_iter().map(|(name, value)| (leak(name), text(value)));
            let status = u16::try_from(status).unwrap();
            Effect::Reply(Reply { status, headers: headers.collect(), body })
        }
        Deed::Call(called) => Effect::Call(call(called)),
        Deed::Count(name, count) => {
            let times = usize::try_from(count).unwrap();
            return (0..times).map(|_| Effect::Count(name.clone())).collect();
        }
        Deed::Record(name, value) => Effect::Gauge(name, value),
        Deed::Measure(name, value) => Effect::Measure(name, value),
        Deed::Log(INFO, line) => Effect::Note(line),
        Deed::Log(_, line) => Effect::Log(line),
        Deed::Close(RESPONSE) => Effect::Close,
        Deed::Resume(_) | Deed::TickPeriod(_) => return Vec::new(),
        other @ (Deed::Close(_) | Deed::Done) => panic!("nobody may {other:?}"),
    };
    vec![one]
}

/// A call as the core asks for it: everything else of it is always the same.
fn call(called: Called) -> Call {
    let Called { cluster, headers, body, timeout_ms, token } = called;
    let header = |headers: &Map, name: &str| {
        let found = headers.iter().find(|(own, _)| own == name);
        text(found.unwrap().1.clone())
    };
    assert_eq!(header(&headers, ":method"), "POST");
    assert_eq!(header(&headers, "content-type"), "application/json");
    let (path, authority) = (header(&headers, ":path"), header(&headers, ":authority"));
    let timeout_ms = u64::from(timeout_ms);
    let purpose = match path.rsplit('/').next() {
        Some("holds") => Purpose::Hold,
        Some("renewals") => Purpose::Renewals,
        _ if cluster == SHADOW_CLUSTER => Purpose::Copy,
        _ if cluster == RESUME_CLUSTER => Purpose::Resume,
        _ if cluster.starts_with("-collector") => Purpose::Record,
        _ => Purpose::Settlements,
    };
    let more = headers.get(4..).unwrap_or_default().iter();
    let headers: Vec<_> = more.map(|(name, value)| (name.clone(), text(value.clone()))).collect();
    let inward = [Purpose::Copy, Purpose::Resume].contains(&purpose);
    assert!(headers.is_empty() || inward, "{headers:?}");
    let id = CallId { purpose, number: u64::from(token) };
    Call { id, cluster, authority, path, headers, body, timeout_ms }
}
