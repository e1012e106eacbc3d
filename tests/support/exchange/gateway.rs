//! A policy's plugins: the edge role, and the role of every provider.
#![expect(clippy::unwrap_used, reason = "helpers that fail fail their tests")]
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::envoy::View;
use tradewind::dialect::Operation;
use tradewind::exchange::{
    CallId, Callback, Change, Connections, Effect, Effects, Hearing, Leg, Memory, OutboxItem,
    Outboxes, Parcel, Plan, Plugin, Retries, Seats, Stream, StreamBuffer, Tabs, Turn, edge,
    provider,
};
use tradewind::policy::{Policy, RequestLimits, Unsupported};

/// Every plugin of one policy.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) policy: Policy,
    pub(crate) edge: Plugin,
    /// By provider.
    pub(crate) providers: BTreeMap<String, Plugin>,
    /// What Envoy buffers of a stream.
    pub(crate) buffer: StreamBuffer,
    /// What the streams of its providers may hold.
    pub(crate) memory: Memory,
    /// What its worker knows of limits alone.
    pub(crate) tabs: Tabs,
    /// Those to its providers that have served.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "the module's tests use it"))]
    pub(crate) connections: Connections,
    /// The configurations of its plugins: the edge's by no name, the others' by their providers.
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
    fn on(&mut self, event: Callback, view: &View<'_>) -> Effects;
}

impl Role for Stream {
    fn on(&mut self, event: Callback, view: &View<'_>) -> Effects {
        Self::on(self, event, view)
    }
}

/// Where roles run: in a VM, as the module.
pub(crate) trait Place: fmt::Debug {
    /// A new stream of a plugin: the edge's by no name, the others' by their providers.
    fn role(&self, plugin: Option<&str>) -> Option<Box<dyn Role>>;

    /// What outlives its requests.
    fn keeper(self: Rc<Self>) -> Box<dyn Keeper>;
}

/// What outlives the requests of a worker: the outboxes, or the module's in a VM.
pub(crate) trait Keeper: fmt::Debug {
    /// Queues an item for delivery.
    fn queue(&mut self, item: OutboxItem) -> Vec<Effect>;
    /// Takes in what is to be sent once.
    fn post(&mut self, parcel: Parcel) -> Vec<Effect>;
    /// Sends at once what waits.
    fn send_now(&mut self) -> Vec<Effect>;
    /// Time passes.
    fn tick(&mut self, view: &View<'_>) -> Vec<Effect>;
    /// A ledger has answered.
    fn answered(&mut self, call: CallId, answer: (u16, &[u8]), view: &View<'_>) -> Vec<Effect>;
    /// What was counted and has not been told.
    fn counted(&mut self) -> BTreeMap<String, u64>;
}

impl Keeper for Outboxes {
    fn queue(&mut self, item: OutboxItem) -> Vec<Effect> {
        Self::queue(self, item)
    }

    fn post(&mut self, parcel: Parcel) -> Vec<Effect> {
        Self::post(self, parcel)
    }

    fn send_now(&mut self) -> Vec<Effect> {
        Self::send_now(self)
    }

    fn tick(&mut self, view: &View<'_>) -> Vec<Effect> {
        Self::tick(self, view)
    }

    fn answered(&mut self, call: CallId, answer: (u16, &[u8]), view: &View<'_>) -> Vec<Effect> {
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
        let checked =
            Policy::from_json(policy.as_bytes()).map_err(|problems| format!("{problems:?}"))?;
        let buffer = buffer(checked.limits());
        let (memory, connections, seats) =
            (Memory::default(), Connections::default(), Seats::default());
        let (retries, tabs) = (Retries::default(), Tabs::default());
        let mut configurations = BTreeMap::from([(None, edge::Config::write(policy, buffer))]);
        for own in checked.providers() {
            // Where streams go through the hop, these are the roles in front of it.
            let hop = checked.resilience().finish_cut_streams;
            let configuration = provider::Config::write(own, &checked, hop, buffer);
            configurations.insert(Some(own.name.clone()), configuration);
        }
        let (mut edge, mut providers) = (None, BTreeMap::new());
        for (provider, configuration) in &configurations {
            let (paths, own) = ((&connections, &retries), (&seats, &tabs));
            let plugin = Plugin::configure(configuration, &memory, paths, own)
                .map_err(|problems| format!("{problems:?}"))?;
            match provider {
                None => edge = Some(plugin),
                Some(provider) => drop(providers.insert(provider.clone(), plugin)),
            }
        }
        let edge = edge.ok_or("there is no edge role")?;
        let (policy, place) = (checked, None);
        #[rustfmt::skip]
        let gateway = Self {
            policy, edge, providers, buffer, memory, tabs, connections, configurations, place,
        };
        Ok(gateway)
    }

    /// A new stream of the edge role.
    pub(crate) fn edge_role(&self) -> Box<dyn Role> {
        let elsewhere = self.place.as_ref().and_then(|place| place.role(None));
        elsewhere.unwrap_or_else(|| Box::new(self.edge.stream().unwrap()))
    }

    /// What outlives the requests of a worker.
    pub(crate) fn keeper(&self) -> Box<dyn Keeper> {
        let elsewhere = self.place.as_ref().map(|place| Rc::clone(place).keeper());
        elsewhere.unwrap_or_else(|| Box::new(Outboxes::default()))
    }

    /// A plan for these models: of a streamed chat completion that nobody counts credits for.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "native tests use it"))]
    pub(crate) fn plan(&self, models: &[&str]) -> Plan<'_> {
        let most = self.policy.limits().max_output_tokens.unwrap_or(u64::MAX);
        let leg = |model: &&str| {
            let model = self.policy.model(model)?;
            let unsupported = model.unsupported == Unsupported::Drop;
            Some(Leg {
                model: Cow::Borrowed(&model.name),
                provider: Cow::Borrowed(&model.provider.name),
                provider_model: Cow::Borrowed(&model.provider_model),
                max_output_tokens: model.max_output_tokens.min(most),
                drops: unsupported,
                is_paid: false,
                states_bound: false,
                change: 0,
                from: 0,
                examples: 0,
                left_out: 0,
                marks: None,
                first_token_ms: 0,
                is_last_resort: false,
                says: Vec::new(),
            })
        };
        Plan {
            turn: Turn::FIRST,
            request_id: "r".into(),
            client: "openai".into(),
            operation: Operation::CHAT.name.into(),
            stream: true,
            stream_usage: true,
            answer_model: None,
            legs: models.iter().filter_map(leg).collect(),
            first: None,
            changes: vec![Change::default()],
            forwarded: Vec::new(),
            counted: 0,
            meter: None,
            acceptance: None,
            hearing: Hearing::Nothing,
            keeps: 0,
            deadline_ms: 0,
            says: Vec::new(),
            resumes: None,
            is_rest: false,
        }
    }

    /// The provider of a model, which is also its cluster; none where there is no such model.
    pub(crate) fn cluster(&self, model: &str) -> Option<&str> {
        Some(&self.policy.asked().find(|own| own.name == model)?.provider.name)
    }

    /// A new attempt of a model; none where it has no cluster.
    pub(crate) fn provider_role(&self, model: &str) -> Option<Box<dyn Role>> {
        let cluster = self.cluster(model)?;
        let plugin = self.providers.get(cluster)?;
        let elsewhere = self.place.as_ref().and_then(|place| place.role(Some(cluster)));
        Some(elsewhere.unwrap_or_else(|| Box::new(plugin.stream().unwrap())))
    }
}
