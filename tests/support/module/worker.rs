//! A worker whose roles are the module in two VMs, as Envoy runs them: what it does to Envoy is
//! read back as the effects that it came from.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tradewind::exchange::{CallId, Effect, OutboxItem, Parcel, StreamBuffer};

use super::host::{Deed, Map};
use super::role::{Foreign, effects};
use super::vm::Vm;
use crate::support::{Gateway, Keeper, Place, Role, View};

/// The two VMs of a worker, and the plugins in them.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) edge: Rc<RefCell<Vm>>,
    pub(crate) providers: Rc<RefCell<Vm>>,
    /// Root contexts, by provider; the edge's by no name.
    pub(crate) roots: RefCell<BTreeMap<Option<String>, u32>>,
    buffer: StreamBuffer,
}

/// So long before the VM of the providers the other begins, in milliseconds.
const APART_MS: u64 = 3_600_000;

impl Worker {
    /// Starts the VMs of a gateway, and has its roles run there.
    pub(crate) fn start(gateway: &mut Gateway) -> Rc<Self> {
        Self::start_with(Vm::new(), gateway)
    }

    /// The same with a VM for the edge role.
    pub(crate) fn start_with(edge: Vm, gateway: &mut Gateway) -> Rc<Self> {
        let worker = Rc::new(Self {
            edge: Rc::new(RefCell::new(edge)),
            providers: Rc::new(RefCell::new(Vm::new())),
            roots: RefCell::default(),
            buffer: gateway.buffer,
        });
        // VMs do not begin at once: what one counts from its own start means nothing to another.
        worker.edge.borrow_mut().store.data_mut().now_ms -= APART_MS;
        worker.configure(gateway);
        worker.edge.borrow_mut().store.data_mut().now_ms += APART_MS;
        worker
    }

    /// Another policy: its plugins come before those of the last one go.
    pub(crate) fn configure(self: &Rc<Self>, gateway: &mut Gateway) {
        let mut roots = BTreeMap::new();
        for (provider, configuration) in &gateway.configurations {
            let (root, taken) = self.vm(provider.as_deref()).borrow_mut().plugin(configuration);
            assert!(taken, "the configuration of {provider:?} is refused");
            // What a plugin says as it begins is no request's.
            self.vm(provider.as_deref()).borrow_mut().take_deeds();
            roots.insert(provider.clone(), root);
        }
        for (provider, root) in self.roots.replace(roots) {
            let mut vm = self.vm(provider.as_deref()).borrow_mut();
            let (gone, _) = vm.on::<_, u32>(root, "proxy_on_done", root);
            assert_eq!(gone, 1, "others have come: there is nothing to wait for");
            vm.delete(root);
        }
        gateway.place = Some(Rc::clone(self) as Rc<dyn Place>);
    }

    /// The VM of a plugin.
    pub(crate) fn vm(&self, provider: Option<&str>) -> &RefCell<Vm> {
        if provider.is_none() { &self.edge } else { &self.providers }
    }

    /// The root context of a plugin.
    pub(crate) fn root(&self, provider: Option<&str>) -> u32 {
        *self.roots.borrow().get(&provider.map(str::to_owned)).unwrap()
    }

    /// A plugin's time passes.
    pub(crate) fn tick(&self, provider: Option<&str>) -> Vec<Deed> {
        let root = self.root(provider);
        self.vm(provider).borrow_mut().on::<_, ()>(root, "proxy_on_tick", root).1
    }

    /// A ledger answers what a plugin called.
    pub(crate) fn answer(&self, token: u32, (status, body): (u16, &[u8])) -> Vec<Deed> {
        let (root, mut vm) = (self.root(None), self.edge.borrow_mut());
        answers(&mut vm, root, (status, body));
        let size = u32::try_from(body.len()).unwrap();
        let headers = u32::from(status != 0);
        let parameters = (root, token, headers, size, 0_u32);
        vm.on::<_, ()>(root, "proxy_on_http_call_response", parameters).1
    }

    /// A second passes: counts that have waited are told. What is called meanwhile comes next.
    pub(crate) fn flush(&self) -> (BTreeMap<String, u64>, Vec<Deed>) {
        let (mut counted, mut rest) = (BTreeMap::<String, u64>::new(), Vec::new());
        let providers: Vec<Option<String>> = self.roots.borrow().keys().cloned().collect();
        for provider in providers.iter().flat_map(|provider| std::iter::repeat_n(provider, 10)) {
            for deed in self.tick(provider.as_deref()) {
                match deed {
                    Deed::Count(name, count) => {
                        let all = counted.entry(name).or_default();
                        *all = all.checked_add_signed(count).unwrap();
                    }
                    other => rest.push(other),
                }
            }
        }
        (counted, rest)
    }
}

/// What there is of an answer to a call while it is told of; status 0 stands for none.
pub(crate) fn answers(vm: &mut Vm, id: u32, (status, body): (u16, &[u8])) {
    let context = vm.at(id);
    context.buffers.insert(4, body.to_vec());
    let status = (":status".to_owned(), status.to_string().into_bytes());
    let map: Map = if status.1 == b"0" { Map::new() } else { vec![status] };
    context.maps.insert(6, map);
}

impl Place for Worker {
    fn role(&self, plugin: Option<&str>) -> Option<Box<dyn Role>> {
        let root = *self.roots.borrow().get(&plugin.map(str::to_owned))?;
        let vm = Rc::clone(if plugin.is_none() { &self.edge } else { &self.providers });
        Some(Box::new(Foreign::new(vm, root, self.buffer, plugin.is_none())))
    }

    fn keeper(self: Rc<Self>) -> Box<dyn Keeper> {
        Box::new(Kept { worker: self })
    }
}

/// What the edge's VM keeps for later.
#[derive(Debug)]
struct Kept {
    worker: Rc<Worker>,
}

impl Keeper for Kept {
    fn queue(&mut self, _: OutboxItem) -> Vec<Effect> {
        panic!("the module queues its items itself");
    }

    fn post(&mut self, _: Parcel) -> Vec<Effect> {
        panic!("the module posts its parcels itself");
    }

    fn send_now(&mut self) -> Vec<Effect> {
        panic!("the module hurries itself");
    }

    fn tick(&mut self, view: &View<'_>) -> Vec<Effect> {
        self.worker.edge.borrow_mut().sees(view);
        let deeds = self.worker.tick(None);
        self.worker.edge.borrow_mut().shows(view);
        effects(deeds, self.worker.buffer)
    }

    fn answered(&mut self, call: CallId, answer: (u16, &[u8]), view: &View<'_>) -> Vec<Effect> {
        self.worker.edge.borrow_mut().sees(view);
        let deeds = self.worker.answer(u32::try_from(call.number).unwrap(), answer);
        self.worker.edge.borrow_mut().shows(view);
        effects(deeds, self.worker.buffer)
    }

    fn counted(&mut self) -> BTreeMap<String, u64> {
        self.worker.flush().0
    }
}
