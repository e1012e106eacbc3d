//! A policy's plugins: the edge role, and the provider role of every model.
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::envoy::View;
use tradewind::exchange::{
    Connections, Effect, Effects, Event, Memory, Note, Outboxes, Plugin, Stream, StreamBuffer,
    vocabulary,
};
use tradewind::json::Writer;
use tradewind::policy::{Model, Policy, RequestLimits, Unsupported};

/// Longest silence of a provider, in milliseconds.
pub(crate) const IDLE_TIMEOUT_MS: u64 = 60_000;

/// Every plugin of one policy.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) edge: Plugin,
    /// By model.
    pub(crate) providers: BTreeMap<String, Plugin>,
    /// What Envoy buffers of a stream.
    pub(crate) buffer: StreamBuffer,
    /// What the streams of its providers may hold.
    pub(crate) memory: Memory,
    /// Those to its providers that have served.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "the module's tests use it"))]
    pub(crate) connections: Connections,
    /// The configurations of its plugins: the edge's by no name, the others' by their models.
    #[cfg_attr(
        target_family = "wasm",
        expect(dead_code, reason = "the module runs natively only")
    )]
    pub(crate) configurations: BTreeMap<Option<String>, Vec<u8>>,
    /// Where its roles run, if not here.
    pub(crate) place: Option<Rc<dyn Place>>,
}

/// What answers callbacks: a stream of ours, or the module in a VM.
pub(crate) trait Role: fmt::Debug {
    /// One callback.
    fn on(&mut self, event: Event, view: &View<'_>) -> Effects;
}

impl Role for Stream {
    fn on(&mut self, event: Event, view: &View<'_>) -> Effects {
        Self::on(self, event, view)
    }
}

/// Where roles run: in a VM, as the module.
pub(crate) trait Place: fmt::Debug {
    /// A new stream of a plugin: the edge's by no name, the others' by their models.
    fn role(&self, plugin: Option<&str>) -> Option<Box<dyn Role>>;

    /// What outlives its requests.
    fn keeper(self: Rc<Self>) -> Box<dyn Keeper>;
}

/// What outlives the requests of a worker: the outboxes, or the module's in a VM.
pub(crate) trait Keeper: fmt::Debug {
    /// Takes a note over.
    fn keep(&mut self, note: Note) -> Vec<Effect>;
    /// Sends at once what waits.
    fn send_now(&mut self) -> Vec<Effect>;
    /// Time passes.
    fn tick(&mut self, view: &View<'_>) -> Vec<Effect>;
    /// A ledger has answered.
    fn answered(&mut self, call: u64, answer: (u16, &[u8]), view: &View<'_>) -> Vec<Effect>;
    /// What was counted and has not been told.
    fn counted(&mut self) -> BTreeMap<String, u64>;
}

impl Keeper for Outboxes {
    fn keep(&mut self, note: Note) -> Vec<Effect> {
        Self::keep(self, note)
    }

    fn send_now(&mut self) -> Vec<Effect> {
        Self::send_now(self)
    }

    fn tick(&mut self, view: &View<'_>) -> Vec<Effect> {
        Self::tick(self, view)
    }

    fn answered(&mut self, call: u64, answer: (u16, &[u8]), view: &View<'_>) -> Vec<Effect> {
        Self::answered(self, call, answer, view)
    }

    fn counted(&mut self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}

impl Gateway {
    /// Configures the plugins as `tradewind render` does.
    pub(crate) fn new(policy: &str) -> Result<Self, String> {
        Self::with_buffer(policy, StreamBuffer::rendered)
    }

    /// The same with another buffer of each stream.
    pub(crate) fn with_buffer(
        policy: &str,
        buffer: impl Fn(&RequestLimits) -> StreamBuffer,
    ) -> Result<Self, String> {
        let checked = Policy::from_json(policy.as_bytes(), vocabulary())
            .map_err(|problems| format!("{problems:?}"))?;
        let buffer = buffer(checked.limits());
        let mut edge = Writer::new();
        edge.object(|json| {
            json.key("role").string("edge");
            json.key("policy").raw(policy);
            json.key("limits").object(|json| buffer.write(json));
        });
        let (memory, connections) = (Memory::default(), Connections::default());
        let limits = checked.limits();
        let mut configurations = BTreeMap::from([(None, edge.finish())]);
        for model in checked.models() {
            let own = provider(model, limits, buffer).finish();
            configurations.insert(Some(model.name.clone()), own);
        }
        let (mut edge, mut providers) = (None, BTreeMap::new());
        for (model, configuration) in &configurations {
            let plugin = Plugin::configure(configuration, &memory, &connections)
                .map_err(|problems| format!("{problems:?}"))?;
            match model {
                None => edge = Some(plugin),
                Some(model) => drop(providers.insert(model.clone(), plugin)),
            }
        }
        let edge = edge.ok_or("there is no edge role")?;
        Ok(Self { edge, providers, buffer, memory, connections, configurations, place: None })
    }

    /// A new stream of the edge role.
    pub(crate) fn edge_role(&self) -> Box<dyn Role> {
        let elsewhere = self.place.as_ref().and_then(|place| place.role(None));
        elsewhere.unwrap_or_else(|| Box::new(self.edge.stream()))
    }

    /// What outlives the requests of a worker.
    pub(crate) fn keeper(&self) -> Box<dyn Keeper> {
        let elsewhere = self.place.as_ref().map(|place| Rc::clone(place).keeper());
        elsewhere.unwrap_or_else(|| Box::new(Outboxes::default()))
    }

    /// A new attempt of a model; none where it has no cluster.
    pub(crate) fn provider_role(&self, model: &str) -> Option<Box<dyn Role>> {
        let plugin = self.providers.get(model)?;
        let elsewhere = self.place.as_ref().and_then(|place| place.role(Some(model)));
        Some(elsewhere.unwrap_or_else(|| Box::new(plugin.stream())))
    }
}

fn provider(model: &Model, limits: &RequestLimits, buffer: StreamBuffer) -> Writer {
    let endpoint = &model.provider.endpoint;
    let mut json = Writer::new();
    json.object(|json| {
        json.key("role").string("provider");
        json.key("model").object(|json| {
            json.key("name").string(&model.name);
            json.key("provider_model").string(&model.provider_model);
            json.key("dialect").string(&model.provider.dialect);
            json.key("authority").string(&endpoint.authority());
            json.key("prefix").string(&endpoint.prefix);
            json.key("tls").boolean(endpoint.tls);
            json.key("context_window").number(model.context_window);
            json.key("max_output_tokens").number(model.max_output_tokens);
            let drops = model.unsupported == Unsupported::Drop;
            json.key("unsupported").string(if drops { "drop" } else { "skip" });
        });
        json.key("limits").object(|json| {
            json.key("idle_timeout_ms").number(IDLE_TIMEOUT_MS);
            match limits.max_output_tokens {
                Some(tokens) => json.key("max_output_tokens").number(tokens),
                None => json.key("max_output_tokens").null(),
            }
            buffer.write(json);
        });
    });
    json
}
