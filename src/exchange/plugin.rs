//! A plugin's configuration: which role it plays, and everything that role needs.
use std::rc::Rc;

use super::contract::problem;
use super::edge::{self, Edge};
use super::provider::{self, Attempt};
use super::{
    Callback, Connections, Effects, Envoy, Flow, Host, Loaded, Memory, Retries, Seats, metric,
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
}

impl Plugin {
    /// Reads a plugin's configuration: `{"role": "edge", "policy": {…}, "limits": {…}}` or
    /// `{"role": "provider", "provider": {…}, "limits": {…}}`, as [`edge::Config::write`] and
    /// [`provider::Config::write`] make them.
    /// `memory`, `connections` with `retries`, and `seats` are what its streams share with all
    /// others of the VM.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn configure(
        configuration: &[u8],
        memory: &Memory,
        (connections, retries): (&Connections, &Retries),
        seats: &Seats,
    ) -> Result<Self, Vec<Problem>> {
        let document = Document::parse(configuration, Limits::default())
            .map_err(|syntax| vec![problem(&At::Root, syntax.line, syntax.to_string())])?;
        let root = document.root();
        match root.str_of("role").as_deref() {
            Some("edge") => edge::Config::read(root, (seats.clone(), memory.clone()))
                .map(|config| Self::Edge(Rc::new(config))),
            Some("provider") => provider::Config::read(root, memory, (connections, retries))
                .map(|config| Self::Provider(Rc::new(config))),
            _ => {
                let expected = "expected `edge` or `provider`";
                Err(vec![problem(&At::Root.key("role"), 0, expected.to_owned())])
            }
        }
    }

    /// Who counts credits; `None` when nobody does, and for the provider role, which spends none.
    #[must_use]
    pub fn credits(&self) -> Option<&CreditPolicy> {
        match self {
            Self::Edge(config) => config.credits(),
            Self::Provider(_) => None,
        }
    }

    /// Whether anything is sent beside the requests, when it ticks.
    #[must_use]
    pub fn sends(&self) -> bool {
        match self {
            Self::Edge(config) => config.sends(),
            Self::Provider(_) => false,
        }
    }

    /// What it counts, as far as that is known before it does.
    #[must_use]
    pub fn metrics(&self) -> Vec<(metric::Kind, String)> {
        match self {
            Self::Edge(config) => metric::declared(Some(&config.policy)),
            Self::Provider(_) => metric::declared(None),
        }
    }

    /// It begins to serve, in a VM with that memory of what has been loaded before.
    #[must_use]
    pub fn begin(&self, loaded: &Loaded, host: &dyn Host) -> Effects {
        let list = match self {
            Self::Edge(config) => loaded.begin(config, host),
            Self::Provider(_) => Vec::new(),
        };
        Effects { list, flow: Flow::Continue }
    }

    /// A new stream.
    #[must_use]
    pub fn stream(&self) -> Stream {
        match self {
            Self::Edge(config) => Stream::Edge(Box::new(Edge::new(Rc::clone(config)))),
            Self::Provider(config) => Stream::Provider(Attempt::new(Rc::clone(config))),
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
    /// One callback.
    pub fn on(&mut self, event: Callback, envoy: &dyn Envoy) -> Effects {
        match self {
            Self::Edge(edge) => edge.on(event, envoy),
            Self::Provider(attempt) => attempt.on(event, envoy),
        }
    }
}
