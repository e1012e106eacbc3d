//! A plugin's life: configured once, then a context for every stream.
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext, StreamContext};
use proxy_wasm::types::ContextType;

use super::connection::Connection;
use super::host::{self, Host};
use super::http::Http;
use super::wake::{self, Pace};
use super::{metrics, outbox};
use crate::exchange::{Connections, Loaded, Memory, Plugin, Retries, Seats, Tabs};

thread_local! {
    /// What the streams of this VM may hold, whatever plugin they belong to.
    static MEMORY: Memory = Memory::default();
    /// The connections of this worker that have served, whatever model they served.
    static CONNECTIONS: Connections = Connections::default();
    /// The requests of this worker that are at a provider.
    static RETRIES: Retries = Retries::default();
    /// The policy that the edge's plugins of this VM serve by.
    static LOADED: Loaded = Loaded::default();
    /// The sampled requests of this worker, and their copies.
    static SEATS: Seats = Seats::default();
    /// What this worker knows of limits, whatever plugin asks.
    static TABS: Tabs = Tabs::default();
}

/// One configured plugin in one VM.
#[derive(Debug)]
pub(super) struct Root {
    /// Its own context.
    context: u32,
    plugin: Option<Plugin>,
    pace: Rc<Pace>,
    ticks: u32,
    /// Envoy waits for it to be done.
    leaving: bool,
}

impl Root {
    pub(super) fn new(context: u32) -> Self {
        Self { context, plugin: None, pace: Rc::default(), ticks: 0, leaving: false }
    }
}

/// How often settlements and copies are sent.
const PERIOD: Duration = Duration::from_millis(100);

/// Ticks between two metric flushes.
const TICKS_BETWEEN_FLUSHES: u32 = 10;

impl Root {
    /// Whether this plugin plays the edge role: no other leaves anything to be delivered later.
    const fn is_edge(&self) -> bool {
        matches!(self.plugin, Some(Plugin::Edge(_)))
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, size: usize, _: usize) {
        outbox::answered(token, headers, size);
    }

    /// A new configuration has taken its place, or the listener is gone.
    fn on_done(&mut self) -> bool {
        TABS.with(|tabs| tabs.tell(&Host::default()));
        self.leaving = self.is_edge() && !outbox::leaves();
        !self.leaving
    }
}

impl RootContext for Root {
    /// Answers whether the configuration holds. Envoy keeps the last one that did.
    fn on_configure(&mut self, _size: usize) -> bool {
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        let (memory, connections) =
            (MEMORY.with(Memory::clone), CONNECTIONS.with(Connections::clone));
        let (retries, seats) = (RETRIES.with(Retries::clone), SEATS.with(Seats::clone));
        let (paths, own) = ((&connections, &retries), (&seats, &TABS.with(Tabs::clone)));
        let plugin = Plugin::configure(&configuration, &memory, paths, own);
        match plugin {
            Ok(plugin) => {
                self.pace.set(if plugin.sends() { PERIOD } else { metrics::PERIOD });
                let joined = self.is_edge();
                self.plugin = Some(plugin);
                if let Some(plugin) = &self.plugin {
                    metrics::declare(plugin.metrics());
                    let effects = LOADED.with(|loaded| plugin.begin(loaded, &Host::default()));
                    host::perform(effects, false);
                }
                if self.is_edge() && !joined {
                    outbox::joined();
                }
                true
            }
            Err(problems) => {
                metrics::refused();
                log::error!(
                    "the policy is refused, and the last good one keeps serving where there is \
                     one; {} problem(s), as `tradewind check` lists them:",
                    problems.len()
                );
                for problem in problems {
                    log::error!("{problem}");
                }
                false
            }
        }
    }

    fn on_tick(&mut self) {
        wake::tick(self.context, &self.pace);
        self.ticks = self.ticks.wrapping_add(1);
        if self.is_edge() {
            // Whatever the policy says of credits now: an earlier one may have left something.
            outbox::tick();
            TABS.with(|tabs| tabs.tell(&Host::default()));
        }
        let sends = self.plugin.as_ref().is_some_and(Plugin::sends);
        if !sends || self.ticks.is_multiple_of(TICKS_BETWEEN_FLUSHES) {
            metrics::flush();
        }
        if self.leaving && outbox::is_empty() {
            self.leaving = false;
            if let Err(status) = hostcalls::done() {
                log::error!("Envoy refused to let a plugin go ({status:?})");
            }
        }
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http::new(context, self.plugin.as_ref(), &self.pace)))
    }

    fn create_stream_context(&self, _context: u32) -> Option<Box<dyn StreamContext>> {
        Some(Box::<Connection>::default())
    }

    fn get_type(&self) -> Option<ContextType> {
        match self.plugin {
            Some(Plugin::Hop) => Some(ContextType::StreamContext),
            _ => Some(ContextType::HttpContext),
        }
    }
}
