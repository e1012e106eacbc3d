//! A policy's plugins outside of a proxy: what becomes of one request, from the code that runs in
//! Envoy, with the account, the hour and the weather that are given.
mod attempts;
mod caller;
mod guess;
mod host;
mod ledger;
mod request;
mod weather;

use std::collections::BTreeMap;
use std::rc::Rc;

pub use self::caller::{Caller, Entered};
pub use self::ledger::Account;
pub use self::request::Request;
pub use self::weather::{Failure, Weather};

use self::host::World;
use super::render::Checked;
use crate::decide::Candidate;
use crate::exchange::edge::{Considered, Unserved};
use crate::exchange::{
    Connections, Memory, Plugin, Retries, Seats, StreamBuffer, Tabs, edge, provider,
};
use crate::policy::{Policy, Problem};

/// Every plugin of a policy.
#[derive(Debug)]
pub struct Rehearsal {
    policy: Policy,
    edge: Rc<edge::Config>,
    /// By the names of the providers.
    providers: BTreeMap<String, Plugin>,
}

/// What a request meets.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// What its tenant has.
    pub account: Account,
    /// What the proxy knows of its caller, by the names of its properties.
    pub caller: serde_json::Value,
    /// Which models fail, and how.
    pub weather: Weather,
    /// The time on the clock on the wall, in seconds since 1970.
    pub unix_seconds: u64,
    /// What chance is made of: the same number, the same choices.
    pub seed: u64,
}

/// What becomes of a request.
#[derive(Debug)]
pub struct Course {
    /// Who was asked, in order.
    pub attempts: Vec<Attempted>,
    /// How it ended.
    pub ending: Ending,
    /// What the access log says of how the request was decided, as a JSON object.
    pub line: serde_json::Map<String, serde_json::Value>,
}

impl Course {
    /// Whether it is this chain that serves the request.
    #[must_use]
    pub fn chosen(&self, candidate: &Candidate) -> bool {
        self.line.get("chain").and_then(|chain| chain.as_str()) == Some(&candidate.chain)
    }
}

/// One try of one model.
#[derive(Debug)]
pub struct Attempted {
    pub model: String,
    pub provider: String,
    /// The URL that is called.
    pub url: String,
    /// The headers that are sent, without those that begin with `:`.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// How it fails; `None` for one that answers.
    pub failure: Option<Failure>,
    /// Whether its answer is held back until another's comes to the same.
    pub held_back: bool,
}

/// How a request ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The last of the models that were tried answers.
    Answered,
    /// The app is told this, with that status.
    Told { status: u16, body: Vec<u8> },
}

impl Rehearsal {
    /// Of a checked policy, for a caller of whose requests the policy knows whose they are.
    ///
    /// # Errors
    /// What the modules would say of their configurations.
    pub fn of(checked: Checked<'_>) -> Result<Self, Vec<Problem>> {
        let policy = Policy::from_json(checked.json.as_bytes())?;
        let buffer = StreamBuffer::rendered(policy.limits());
        let (memory, connections, seats) =
            (Memory::default(), Connections::default(), Seats::default());
        let retries = Retries::default();
        let shared = (&connections, &retries);
        let own = (&seats, &Tabs::default());
        let configure = |bytes: &[u8]| Plugin::configure(bytes, &memory, shared, own);
        let Plugin::Edge(edge) = configure(&edge::Config::write(checked.json, buffer))? else {
            let message = "the edge role has another role's configuration".to_owned();
            return Err(vec![Problem { path: String::new(), line: 0, message }]);
        };
        let mut providers = BTreeMap::new();
        for own in policy.providers() {
            let plugin = configure(&provider::Config::write(own, &policy, false, buffer))?;
            providers.insert(own.name.clone(), plugin);
        }
        Ok(Self { policy, edge, providers })
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is decided of a request before its tenant's account is asked.
    ///
    /// # Errors
    /// What the app is told, where no model serves the request.
    pub fn consider(&self, request: &Request, scene: &Scene) -> Result<Considered, Box<Unserved>> {
        let mut world = World::of(scene, &self.policy);
        world.request = request.headers();
        let view = world.view(&request.body);
        self.edge.consider(&world.request, &request.body, &view)
    }

    /// What becomes of a request.
    #[must_use]
    pub fn run(&self, request: &Request, scene: &Scene) -> Course {
        attempts::run(self, request, scene)
    }
}
