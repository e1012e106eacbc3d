//! A plugin's configuration: which role it plays, and everything that role needs.
use std::rc::Rc;

use super::contract::problem;
use super::edge::{self, Edge};
use super::provider::{self, Attempt};
use super::{
    Callback, Connections, Effects, Envoy, Flow, Host, Loaded, Memory, Retries, Seats, Tabs, metric,
};
use crate::json::{At, Document, Limits};
use crate::policy::{CreditPolicy, Problem};

/// A configured plugin.
#[derive(Debug, Clone)]
pub enum Plugin {
    /// In front: with the whole policy.
    Edge(Rc<edge::Config>),
    /// In the cluster of one provider.
    Provider(Rc<provider::Config>),
    /// Before what the hop reads of its connections: of these, and not of streams.
    Hop,
}

impl Plugin {
    /// Reads a plugin's configuration: `{"role": "edge", "policy": {…}, "limits": {…}}` or
    /// `{"role": "provider", "provider": {…}, "limits": {…}}`, as [`edge::Config::write`] and
    /// [`provider::Config::write`] make them, or `{"role": "hop"}`.
    /// `memory`, `connections` with `retries`, and `seats` with `tabs` are what its streams share
    /// with all others of the VM.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn configure(
        configuration: &[u8],
        memory: &Memory,
        (connections, retries): (&Connections, &Retries),
        (seats, tabs): (&Seats, &Tabs),
    ) -> Result<Self, Vec<Problem>> {
        let document = Document::parse(configuration, Limits::default())
            .map_err(|syntax| vec![problem(&At::Root, syntax.line, syntax.to_string())])?;
        let root = document.root();
        match root.str_of("role").as_deref() {
            Some("edge") => edge::Config::read(root, (seats.clone(), memory.clone(), tabs.clone()))
                .map(|config| Self::Edge(Rc::new(config))),
            Some("provider") => provider::Config::read(root, memory, (connections, retries))
                .map(|config| Self::Provider(Rc::new(config))),
            Some("hop") => Ok(Self::Hop),
            _ => {
                let expected = "expected `edge`, `provider` or `hop`";
                Err(vec![problem(&At::Root.key("role"), 0, expected.to_owned())])
            }
        }
    }

    /// Who counts credits; `None` when nobody does, and for other roles than the edge's, which
    /// spend none.
    #[must_use]
    pub fn credits(&self) -> Option<&CreditPolicy> {
        match self {
            Self::Edge(config) => config.credits(),
            Self::Provider(_) | Self::Hop => None,
        }
    }

    /// Whether anything is sent beside the requests, when it ticks.
    #[must_use]
    pub fn sends(&self) -> bool {
        match self {
            Self::Edge(config) => config.sends(),
            Self::Provider(_) | Self::Hop => false,
        }
    }

    /// What it counts, as far as that is known before it does.
    #[must_use]
    pub fn metrics(&self) -> Vec<(metric::Kind, String)> {
        match self {
            Self::Edge(config) => metric::declared(Some(&config.policy)),
            Self::Provider(_) => metric::declared(None),
            Self::Hop => Vec::new(),
        }
    }

    /// It begins to serve, in a VM with that memory of what has been loaded before.
    #[must_use]
    pub fn begin(&self, loaded: &Loaded, host: &dyn Host) -> Effects {
        let list = match self {
            Self::Edge(config) => loaded.begin(config, host),
            Self::Provider(_) | Self::Hop => Vec::new(),
        };
        Effects { list, flow: Flow::Continue }
    }

    /// A new stream; `None` for the hop's, which has none.
    #[must_use]
    pub fn stream(&self) -> Option<Stream> {
        match self {
            Self::Edge(config) => Some(Stream::edge(config)),
            Self::Provider(config) => Some(Stream::Provider(Attempt::new(Rc::clone(config)))),
            Self::Hop => None,
        }
    }
}

/// One stream of a plugin.
#[derive(Debug)]
pub enum Stream {
    /// An app's request.
    Edge(Box<Edge>),
    /// One attempt of it.
    Provider(Attempt),
}

impl Stream {
    /// A new one of the edge role's.
    #[must_use]
    pub fn edge(config: &Rc<edge::Config>) -> Self {
        Self::Edge(Box::new(Edge::new(Rc::clone(config))))
    }

    /// One callback.
    pub fn on(&mut self, event: Callback, envoy: &dyn Envoy) -> Effects {
        match self {
            Self::Edge(edge) => edge.on(event, envoy),
            Self::Provider(attempt) => attempt.on(event, envoy),
        }
    }
}
