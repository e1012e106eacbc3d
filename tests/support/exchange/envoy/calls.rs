//! The host calls that a request costs, by what they are about.
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use tradewind::exchange::{Effect, HeaderMap};

/// Host calls, and how often each was made. Two worlds that differ in nothing else are the same.
#[derive(Debug, Default)]
pub(crate) struct HostCalls {
    made: RefCell<BTreeMap<String, u64>>,
    /// This callback has read the clock, and the shell asks for the time once.
    timed: Cell<bool>,
}

impl PartialEq for HostCalls {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for HostCalls {}

impl HostCalls {
    /// One more.
    pub(crate) fn count(&self, call: impl Into<String>) {
        let mut own = self.made.borrow_mut();
        let count = own.entry(call.into()).or_default();
        *count = count.saturating_add(1);
    }

    /// A callback begins.
    pub(crate) fn begin(&self) {
        self.timed.set(false);
    }

    /// The clock is read.
    pub(crate) fn clock(&self) {
        if !self.timed.replace(true) {
            self.count("get clock");
        }
    }

    /// The one that an effect is; counters are told once a second, and the rest is no call.
    pub(crate) fn effect(&self, effect: &Effect) {
        let map = |map: &HeaderMap| format!("{map:?}").to_lowercase();
        match effect {
            Effect::SetHeaders(own, _) => self.count(format!("set {} headers", map(own))),
            Effect::SetHeader(own, name, _) => {
                self.count(format!("set {} header {name}", map(own)));
            }
            Effect::RemoveHeader(own, name) => {
                self.count(format!("remove {} header {name}", map(own)));
            }
            Effect::RequestBody(_) => self.count("set request body"),
            Effect::ResponseBody(_) => self.count("set response body"),
            Effect::State(key, _) => self.count(format!("set {key}")),
            Effect::Reply(_) => self.count("reply"),
            Effect::Close => self.count("reset"),
            Effect::Call(_) => self.count("call"),
            Effect::Gauge(name, _) | Effect::Measure(name, _) => self.count(name),
            Effect::Log(_) | Effect::Note(_) => self.count("log"),
            Effect::Wake
            | Effect::WakeIn(_)
            | Effect::Count(_)
            | Effect::Queue(_)
            | Effect::Post(_)
            | Effect::SendNow => {}
        }
    }

    /// All of them, and from now on none.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "native tests use it"))]
    pub(crate) fn take(&self) -> BTreeMap<String, u64> {
        self.made.take()
    }
}
